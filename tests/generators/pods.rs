//! Pods of all sorts, put together at random from what is found in real ones.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use crate::case::Case;
use crate::cluster::RecordedCluster;

/// Containers with a name and an image, by which most are well-known sidecars.
fn identities() -> Vec<(&'static str, &'static str)> {
    vec![
        ("shop", "shop:1"),
        ("worker", "worker:1"),
        ("migrate", "shop:1"),
        ("istio-proxy", "docker.io/istio/proxyv2:1.27.0"),
        ("istio-init", "docker.io/istio/proxyv2:1.27.0"),
        ("linkerd-proxy", "cr.l5d.io/linkerd/proxy:edge-24.11.8"),
        ("cloud-sql-proxy", "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.15.0"),
        ("daprd", "daprio/daprd:1.15.0"),
        ("dind", "docker:27-dind"),
        ("fluent-bit", "fluent/fluent-bit:3.1"),
        ("vault-agent", "hashicorp/vault:1.17"),
        ("log-shipper", "shipper:1"),
        ("agent", "agent:1"),
    ]
}

/// Fields that a container may have besides.
fn pieces() -> Vec<(&'static str, Value)> {
    let probes = [
        json!({"httpGet": {"path": "/ready", "port": 8080}}),
        json!({"httpGet": {"path": "/healthz/ready", "port": 15021}}),
        json!({"httpGet": {"path": "/app-health/shop/readyz", "port": 15020}, "periodSeconds": 3}),
        json!({"tcpSocket": {"port": "admin"}, "initialDelaySeconds": 5}),
        json!({"exec": {"command": ["agent", "ready"]}, "timeoutSeconds": 3}),
        json!({"exec": {"command": ["true"]}}),
        json!({"exec": {"command": ["false"]}}),
    ];
    let hooks = [
        json!({"postStart": {"exec": {"command": ["pilot-agent", "wait"]}}}),
        json!({"postStart": {"exec": {"command": ["sh", "-c", "until nc -z localhost 8080; do sleep 1; done"]}}}),
        json!({"postStart": {"exec": {"command": ["true"]}}, "preStop": {"sleep": {"seconds": 5}}}),
        json!({"preStop": {"exec": {"command": ["sleep", "5"]}}}),
    ];
    let mut pieces = vec![
        ("ports", json!([{"containerPort": 8080}])),
        ("ports", json!([{"name": "admin", "containerPort": 9000, "hostPort": 9000}])),
        ("args", json!(["--health-check", "--http-address=0.0.0.0"])),
        ("args", json!(["proxy", "sidecar"])),
        ("command", json!(["sh", "/start.sh"])),
        ("volumeMounts", json!([{"name": "work", "mountPath": "/work"}])),
        ("volumeMounts", json!([{"name": "config", "mountPath": "/config", "readOnly": true}])),
        ("resources", json!({"requests": {"cpu": "500m"}, "limits": {"memory": "1Gi"}})),
        ("restartPolicy", json!("Always")),
        ("restartPolicy", json!("Always")),
        ("env", json!([{"name": "A", "value": "b"}])),
    ];
    for field in ["startupProbe", "readinessProbe", "livenessProbe"] {
        pieces.extend(probes.iter().map(|probe| (field, probe.clone())));
    }
    pieces.extend(hooks.map(|hook| ("lifecycle", hook)));
    pieces
}

fn container() -> impl Strategy<Value = Value> {
    (select(identities()), subsequence(pieces(), 0..6)).prop_map(|((name, image), pieces)| {
        let mut container = json!({"name": name, "image": image});
        if let Some(fields) = container.as_object_mut() {
            fields.extend(pieces.into_iter().map(|(key, value)| (key.to_owned(), value)));
        }
        container
    })
}

fn spec() -> impl Strategy<Value = Value> {
    let containers =
        (proptest::collection::vec(container(), 0..4), proptest::collection::vec(container(), 1..5));
    let rest = vec![
        ("restartPolicy", json!("Never")),
        ("restartPolicy", json!("OnFailure")),
        ("hostNetwork", json!(true)),
        ("os", json!({"name": "windows"})),
        ("nodeName", json!("node-1")),
        ("nodeSelector", json!({"disk": "ssd"})),
        ("resources", json!({"requests": {"cpu": "1"}})),
        ("shareProcessNamespace", json!(true)),
    ];
    (containers, subsequence(rest, 0..3)).prop_map(|((mut init, mut apps), rest)| {
        // A name stands in a Pod once, but for what a second apply makes.
        let mut seen = Vec::new();
        let mut is_new = |container: &Value| {
            let name = container["name"].clone();
            let is_new = !seen.contains(&name);
            seen.push(name);
            is_new
        };
        init.retain(&mut is_new);
        apps.retain(&mut is_new);
        apps.push(json!({"name": "application", "image": "application:1"}));
        let volumes =
            json!([{"name": "work", "emptyDir": {}}, {"name": "config", "configMap": {"name": "config"}}]);
        let mut spec = json!({"initContainers": init, "containers": apps, "volumes": volumes});
        if let Some(fields) = spec.as_object_mut() {
            fields.extend(rest.into_iter().map(|(key, value)| (key.to_owned(), value)));
        }
        spec
    })
}

fn settings() -> impl Strategy<Value = Value> {
    let probe =
        json!({"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1, "failureThreshold": 60});
    let parts = vec![
        ("defaultAction", json!("Warn")),
        ("rules", json!({"classic-sidecar": "Ignore"})),
        ("rules", json!({"classic-sidecar": "Warn", "sidecar-without-startup-probe": "Ignore"})),
        (
            "sidecars",
            json!([
                {"match": {"containerNames": ["log-shipper"]}, "waitCommand": ["shipper", "wait"], "position": "First"},
                {"match": {"containerNames": ["agent"]}, "startupProbe": probe, "startsBefore": ["migrate"]},
            ]),
        ),
        (
            "sidecars",
            json!([
                {
                    "match": {"containerNames": ["shipper"]},
                    "startupProbe": probe,
                    "position": "First",
                    "requiredIn": {"podSelector": {}},
                    "container": {
                        "name": "shipper",
                        "image": "shipper:1",
                        "command": ["sh", "/start.sh"],
                        "volumeMounts": [{"name": "work", "mountPath": "/work"}],
                    },
                },
            ]),
        ),
        ("gates", json!(["StartupProbe", "PostStart"])),
        (
            "waitFor",
            json!([{"name": "wait", "podSelector": {}, "container": {"image": "busybox:1", "command": ["wait"]}}]),
        ),
        ("nodes", json!({"sidecarSupport": "Labelled", "label": {"sidecars": "yes"}})),
        ("nodes", json!({"sidecarSupport": "Checked", "oldNodes": "Hold"})),
        ("nodes", json!({"sidecarSupport": "Checked", "oldNodes": "Universal"})),
        ("nodes", json!({"sidecarSupport": "Checked", "label": {"disk": "ssd"}})),
        ("mesh", json!({"istio": "Hold", "linkerd": "Hold"})),
        ("holdApplication", json!({"scope": "Annotated", "timeoutSeconds": 5})),
    ];
    subsequence(parts, 0..5).prop_map(|parts| {
        Value::Object(parts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    })
}

/// A request to create a Pod.
pub fn case() -> impl Strategy<Value = Case> {
    let annotations = vec![
        ("sidecar-startup/sidecars", "worker, dind"),
        ("sidecar-startup/hold-application", "true"),
        ("proxy.istio.io/config", "concurrency: 2\n"),
        ("linkerd.io/inject", "enabled"),
        ("config.linkerd.io/proxy-await", "disabled"),
        ("sidecar.istio.io/status", "{}"),
        ("sidecar.istio.io/inject", "true"),
        ("status.sidecar.istio.io/port", "0"),
    ];
    (spec(), settings(), subsequence(annotations, 0..3)).prop_map(|(spec, settings, annotations)| {
        let annotations: Map<_, _> =
            annotations.into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
        let metadata = json!({"name": "shop", "annotations": annotations});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
        let node = |name: &str, version: &str, labels: Value| {
            json!({"metadata": {"name": name, "labels": labels}, "status": {"nodeInfo": {"kubeletVersion": version}}})
        };
        let nodes = [node("node-1", "v1.27.3", json!({})), node("node-2", "v1.33.6", json!({"disk": "ssd"}))];
        let mut case = Case::with_settings(pod, settings);
        case.cluster = RecordedCluster::read(&json!({"items": nodes}));
        case
    })
}
