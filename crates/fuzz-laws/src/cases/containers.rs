//! Containers: well-known sidecars, declared ones, applications, and what is wrong in odd ways.

use serde_json::{Value, json};

use super::probes::{lifecycle, probe};
use crate::draw::Draw;

/// Names and images, by which most are well-known sidecars.
const IDENTITIES: &[(&str, &str)] = &[
    ("shop", "shop:1"),
    ("worker", "worker:1"),
    ("migrate", "shop:1"),
    ("agent", "agent:1"),
    ("log-shipper", "shipper:1"),
    ("istio-proxy", "docker.io/istio/proxyv2:1.27.0"),
    ("istio-init", "docker.io/istio/proxyv2:1.27.0"),
    ("istio-proxy", "auto"),
    ("istio-validation", "docker.io/istio/proxyv2:1.27.0"),
    ("proxy", "registry.example.com:5000/rancher/mirrored-istio-proxyv2:1.20@sha256:00"),
    ("linkerd-proxy", "cr.l5d.io/linkerd/proxy:edge-24.11.8"),
    ("linkerd-init", "cr.l5d.io/linkerd/proxy-init:v2.4.1"),
    ("cloud-sql-proxy", "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.15.0"),
    ("cloudsql-proxy", "gcr.io/cloudsql-docker/gce-proxy:1.33.2"),
    ("alloydb-auth-proxy", "gcr.io/alloydb-connectors/alloydb-auth-proxy:1.10.0"),
    ("daprd", "daprio/daprd:1.15.0"),
    ("consul-dataplane", "hashicorp/consul-dataplane:1.5"),
    ("kuma-sidecar", "kumahq/kuma-dp:2.9.0"),
    ("dind", "docker:27-dind"),
    ("fluent-bit", "fluent/fluent-bit:3.1"),
    ("vault-agent", "hashicorp/vault:1.17"),
    ("vault-agent-init", "hashicorp/vault:1.17"),
    ("oauth2-proxy", "quay.io/oauth2-proxy/oauth2-proxy:v7.6.0"),
    ("kube-rbac-proxy", "quay.io/brancz/kube-rbac-proxy:v0.18"),
    ("otc-container", "otel/opentelemetry-collector-contrib:0.110.0"),
    ("git-sync", "registry.k8s.io/git-sync/git-sync:v4.2.0"),
    ("pgbouncer", "bitnami/pgbouncer:1"),
    ("gke-gcsfuse-sidecar", "gke.gcr.io/gcs-fuse-csi-driver-sidecar-mounter:v1.2"),
    ("spiffe-helper", "ghcr.io/spiffe/spiffe-helper:0.8.0"),
    ("queue-proxy", "gcr.io/knative-releases/queue:1"),
    ("wait", "quay.io/argoproj/argoexec:v3.5"),
    ("postgres-exporter", "quay.io/prometheuscommunity/postgres-exporter:v0.15"),
    ("agent-native", "agent:1"),
    ("shipper", "shipper:2"),
    ("wait-for-db", "busybox:1"),
    ("", ""),
    ("Über\u{202e}\n", "nginx"),
];

/// Commands and arguments.
const RUNS: &[&str] = &[
    r#"{"args":["--health-check","--http-address=0.0.0.0","--port","5432"]}"#,
    r#"{"args":["proxy","sidecar","--proxyLogLevel=warning"]}"#,
    r#"{"args":["agent","-config=/vault/config.hcl"]}"#,
    r#"{"args":["--app-port","8080","--dapr-public-port","3501"]}"#,
    r#"{"args":["-config","/work/helper.conf"]}"#,
    r#"{"args":["istio-iptables","-p","15001","-i","*","-b","*","-d","15090,15021,15020"]}"#,
    r#"{"args":["--port=$(PORT)"],"env":[{"name":"PORT","value":"9090"}]}"#,
    r#"{"command":["sh","/start.sh"]}"#,
    r#"{"command":["sleep","infinity"]}"#,
    r#"{"command":["tail","-F","/work/log"]}"#,
    r#"{"command":["sh","-c","until nc -z localhost 9090; do sleep 1; done; exec agent"]}"#,
    r#"{"command":["sh","-c","sleep 10 && exec shop"]}"#,
    r#"{"command":["sh","-c"],"args":["trap 'exit 0' TERM; ship & wait"]}"#,
    r#"{"command":["sh","-c","while ! test -f /work/done; do sleep 1; done"]}"#,
    r#"{"command":["shop"],"args":["--secrets=/vault/secrets/db.json"]}"#,
    r#"{"command":["sh","-c","until pg_isready -h postgres -p 5432; do sleep 2; done"]}"#,
    r#"{"command":["sh","-c","shop; curl -X POST http://localhost:15020/quitquitquit"]}"#,
    r#"{"command":[],"args":[]}"#,
    r#"{"command":[""]}"#,
    r#"{"env":[{"name":"CSQL_PROXY_HEALTH_CHECK","value":"true"},{"name":"PILOT_X"}],"envFrom":[{"configMapRef":{"name":"a"}}]}"#,
];

/// What else a container may have.
const FURTHER: &[&str] = &[
    r#"{"ports":[{"containerPort":8080}]}"#,
    r#"{"ports":[{"name":"admin","containerPort":9000,"hostPort":9000},{"name":"admin","containerPort":9001}]}"#,
    r#"{"ports":[{"name":"http","containerPort":9090,"protocol":"UDP"}]}"#,
    r#"{"volumeMounts":[{"name":"work","mountPath":"/work"}]}"#,
    r#"{"volumeMounts":[{"name":"config","mountPath":"/config","readOnly":true},{"name":"work","mountPath":"/work","subPath":"a"}]}"#,
    r#"{"volumeMounts":[{"name":"secrets","mountPath":"/vault/secrets"}]}"#,
    r#"{"resources":{"requests":{"cpu":"500m"},"limits":{"memory":"1Gi"}}}"#,
    r#"{"resources":{"requests":{"cpu":0.1,"memory":"1e3"},"limits":{"cpu":"x"}}}"#,
    r#"{"restartPolicy":"OnFailure","restartPolicyRules":[{"action":"Restart"}]}"#,
    r#"{"restartPolicy":"Never"}"#,
    r#"{"securityContext":{"runAsUser":1337,"capabilities":{"add":["NET_ADMIN"]}},"tty":true}"#,
    r#"{"terminationMessagePath":"/dev/null","imagePullPolicy":"Always","workingDir":"/work"}"#,
    r#"{"startupProbe":null,"lifecycle":null,"ports":null,"command":null}"#,
    r#"{"ports":"8080"}"#,
    r#"{"startupProbe":[]}"#,
    r#"{"restartPolicy":"always"}"#,
    r#"{"image":null}"#,
    r#"{"fromElsewhere":{"containers":[{"name":"x"}]}}"#,
];

/// Any container.
pub(super) fn container(draw: &mut Draw<'_>, is_init: bool) -> Value {
    let (name, image) = draw.one_of(IDENTITIES);
    let mut container = json!({"name": name, "image": image});
    if draw.once_in(2) == is_init {
        container["restartPolicy"] = json!("Always");
    }
    if draw.once_in(2) {
        add(&mut container, draw.json(RUNS));
    }
    for (field, times) in [("startupProbe", 3), ("readinessProbe", 3), ("livenessProbe", 5)] {
        if draw.once_in(times) {
            container[field] = probe(draw);
        }
    }
    if draw.once_in(3) {
        container["lifecycle"] = lifecycle(draw);
    }
    for _ in 0..draw.below(4) {
        add(&mut container, draw.json(FURTHER));
    }
    container
}

/// Adds fields to an object.
pub(super) fn add(object: &mut Value, fields: Value) {
    if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields) {
        object.extend(fields);
    }
}
