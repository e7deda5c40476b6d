//! Pod templates.

use kubelet::keep_first_of_each_name;
use serde_json::{Value, json};

use super::containers::{add, container};
use crate::draw::Draw;

/// Annotations, and labels, by which Pods ask for something.
const ANNOTATIONS: &[(&str, &str)] = &[
    ("sidecar-startup/sidecars", "worker, dind"),
    ("sidecar-startup/sidecars", "shop,nobody,,worker"),
    ("sidecar-startup/helpers", "agent"),
    ("sidecar-startup/helpers", "agent , log-shipper"),
    ("sidecar-startup/hold-application", "true"),
    ("sidecar-startup/hold-application", "false"),
    ("sidecar-startup/hold-application", "yes"),
    ("sidecar-startup/ignore.classic-sidecar", "moved later"),
    ("sidecar-startup/ignore.sidecar-without-startup-probe", ""),
    ("proxy.istio.io/config", "concurrency: 2\n"),
    ("proxy.istio.io/config", "holdApplicationUntilProxyStarts: true"),
    ("proxy.istio.io/config", "{\"holdApplicationUntilProxyStarts\": false}"),
    (
        "proxy.istio.io/config",
        "# why\nproxyMetadata: {A: b}\nholdApplicationUntilProxyStarts: false # not yet\n",
    ),
    (
        "proxy.istio.io/config",
        "proxyMetadata:\n  A: |\n    holdApplicationUntilProxyStarts: true\n\ttab: 1\r\n",
    ),
    ("proxy.istio.io/config", "&a [*a]"),
    ("proxy.istio.io/config", "holdApplicationUntilProxyStarts: yes\nholdApplicationUntilProxyStarts: no"),
    ("proxy.istio.io/config", "--- {}\n---\nb: 1"),
    ("proxy.istio.io/config", ""),
    ("sidecar.istio.io/inject", "true"),
    ("sidecar.istio.io/inject", "false"),
    ("sidecar.istio.io/nativeSidecar", "true"),
    ("sidecar.istio.io/nativeSidecar", "false"),
    ("sidecar.istio.io/status", "{}"),
    ("status.sidecar.istio.io/port", "0"),
    ("traffic.sidecar.istio.io/excludeInboundPorts", "8080,9090"),
    ("istio.io/rev", "1-27"),
    ("linkerd.io/inject", "enabled"),
    ("linkerd.io/inject", "disabled"),
    ("config.linkerd.io/proxy-await", "disabled"),
    ("config.linkerd.io/proxy-await", "enabled"),
    ("config.linkerd.io/proxy-enable-native-sidecar", "true"),
    ("config.beta.linkerd.io/proxy-enable-native-sidecar", "false"),
    ("config.linkerd.io/skip-inbound-ports", "8000-9000"),
    ("kuma.io/sidecar-injection", "enabled"),
    ("traffic.kuma.io/exclude-inbound-ports", "8080"),
    ("consul.hashicorp.com/connect-inject", "true"),
    ("consul.hashicorp.com/transparent-proxy-exclude-inbound-ports", "8080"),
    ("dapr.io/enabled", "true"),
    ("dapr.io/app-port", "8080"),
    ("dapr.io/enable-native-sidecar", "true"),
    ("vault.hashicorp.com/agent-inject", "true"),
    ("vault.hashicorp.com/agent-init-first", "true"),
    ("vault.hashicorp.com/agent-pre-populate-only", "true"),
    ("kubectl.kubernetes.io/default-container", "shop"),
    ("kubectl.kubernetes.io/last-applied-configuration", "{\"spec\":{\"containers\":[{\"name\":\"shop\"}]}}"),
    ("team", "payments"),
    ("app", "webapp"),
];

/// What else a Pod's spec may have.
const FURTHER: &[&str] = &[
    r#"{"restartPolicy":"Never"}"#,
    r#"{"restartPolicy":"OnFailure","activeDeadlineSeconds":30}"#,
    r#"{"restartPolicy":"Sometimes"}"#,
    r#"{"hostNetwork":true}"#,
    r#"{"os":{"name":"windows"}}"#,
    r#"{"nodeName":"node-1"}"#,
    r#"{"nodeSelector":{"disk":"ssd"}}"#,
    r#"{"nodeSelector":{"kubernetes.io/os":"windows","sidecars":"no"}}"#,
    r#"{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"disk","operator":"In","values":["ssd"]},{"key":"n","operator":"Gt","values":["5"]}]},{"matchFields":[{"key":"metadata.name","operator":"In","values":["node-2"]}]}]}}}}"#,
    r#"{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[]}}}}"#,
    r#"{"tolerations":[{"operator":"Exists"}]}"#,
    r#"{"tolerations":[{"key":"old","operator":"Equal","value":"","effect":"NoSchedule"},{"key":"node.kubernetes.io/unschedulable"}]}"#,
    r#"{"resources":{"requests":{"cpu":"1"}}}"#,
    r#"{"shareProcessNamespace":true,"terminationGracePeriodSeconds":0}"#,
    r#"{"imagePullSecrets":[{"name":"a"},{"name":"b"}],"serviceAccountName":"shop"}"#,
    r#"{"ephemeralContainers":[{"name":"debug","image":"busybox"}]}"#,
    r#"{"initContainers":null}"#,
    r#"{"containers":null}"#,
    r#"{"containers":{"name":"shop"}}"#,
    r#"{"volumes":[{"name":"work","persistentVolumeClaim":{"claimName":"a"}},{"name":"config","csi":{"driver":"gcsfuse.csi.storage.gke.io"}}]}"#,
    r#"{"volumes":null}"#,
    r#"{"schedulerName":"other","priority":1000000,"fromElsewhere":[1]}"#,
];

/// Any Pod template: its metadata and its spec.
pub(super) fn template(draw: &mut Draw<'_>) -> Value {
    let mut metadata = json!({"name": "shop"});
    for key in ["annotations", "labels"] {
        for _ in 0..draw.below(4) {
            let (name, value) = draw.one_of(ANNOTATIONS);
            metadata[key][name] = json!(value);
        }
    }
    if draw.once_in(16) {
        metadata[draw.one_of(&["annotations", "labels"])] =
            draw.json(&["null", r#"{"a":1}"#, "[]", r#"{"a":null}"#]);
    }
    let init: Vec<_> = (0..draw.below(4)).map(|_| container(draw, true)).collect();
    let mut apps: Vec<_> = (0..draw.below(4)).map(|_| container(draw, false)).collect();
    if !draw.once_in(8) {
        apps.push(json!({"name": "application", "image": "application:1"}));
    }
    let mut spec = json!({
        "initContainers": init,
        "containers": apps,
        "volumes": [
            {"name": "work", "emptyDir": {}},
            {"name": "config", "configMap": {"name": "config"}},
            {"name": "secrets", "emptyDir": {"medium": "Memory"}},
        ],
    });
    // Most Pods have each name once.
    if !draw.once_in(8) {
        keep_first_of_each_name(&mut spec);
    }
    for _ in 0..draw.below(3) {
        add(&mut spec, draw.json(FURTHER));
    }
    json!({"metadata": metadata, "spec": spec})
}
