//! What injectors add to a Pod whose labels and annotations ask for them, each where it puts its containers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::pod::PROBES;

/// A cluster in which Pods are injected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cluster {
    /// What meshes do where the Pod does not say it: inject native proxies, or classic ones.
    pub(crate) is_native: bool,
}

/// The Pod as it reaches the kubelet, and the names of what was added.
pub(crate) fn inject(object: &Value, cluster: Cluster) -> (Value, BTreeSet<String>) {
    let mut pod = object.clone();
    let before = names(&pod);
    // The order of webhooks is that of their configurations' names; here all but Vault's come first.
    istio(&mut pod, cluster);
    linkerd(&mut pod, cluster);
    kuma(&mut pod, cluster);
    consul(&mut pod);
    dapr(&mut pod);
    vault(&mut pod);
    let added = names(&pod).difference(&before).cloned().collect();
    (pod, added)
}

fn names(pod: &Value) -> BTreeSet<String> {
    let lists = ["initContainers", "containers"].into_iter().filter_map(|key| pod["spec"][key].as_array());
    lists.flatten().filter_map(|container| Some(container["name"].as_str()?.to_owned())).collect()
}

fn annotation<'a>(pod: &'a Value, key: &str) -> &'a str {
    pod["metadata"]["annotations"][key].as_str().unwrap_or_default()
}

fn label<'a>(pod: &'a Value, key: &str) -> &'a str {
    pod["metadata"]["labels"][key].as_str().unwrap_or_default()
}

fn has(pod: &Value, name: &str) -> bool {
    names(pod).contains(name)
}

/// Puts a container into a list; `None` appends it.
fn insert(pod: &mut Value, key: &str, place: Option<usize>, container: Value) {
    let list = &mut pod["spec"][key];
    if list.is_null() {
        *list = json!([]);
    }
    if let Some(list) = list.as_array_mut() {
        list.insert(place.unwrap_or(list.len()), container);
    }
}

fn native(mut container: Value) -> Value {
    container["restartPolicy"] = json!("Always");
    container
}

/// istio: `pkg/kube/inject/webhook.go` (`reorderPod`), `files/injection-template.yaml`, `app_probe.go`.
fn istio(pod: &mut Value, cluster: Cluster) {
    let asks = [label(pod, "sidecar.istio.io/inject"), annotation(pod, "sidecar.istio.io/inject")];
    let is_asked =
        asks.contains(&"true") || (!label(pod, "istio.io/rev").is_empty() && !asks.contains(&"false"));
    if !is_asked || has(pod, "istio-proxy") {
        return;
    }
    rewrite_probes(pod);
    let image = "docker.io/istio/proxyv2:1.27.0";
    let init = json!({"name": "istio-init", "image": image});
    let probe = json!({"httpGet": {"path": "/healthz/ready", "port": 15021}, "periodSeconds": 1, "failureThreshold": 600});
    let mut proxy =
        json!({"name": "istio-proxy", "image": image, "args": ["proxy", "sidecar"], "startupProbe": probe});
    let is_native = match annotation(pod, "sidecar.istio.io/nativeSidecar") {
        "" => cluster.is_native,
        said => said != "false",
    };
    if is_native {
        insert(pod, "initContainers", Some(0), init);
        insert(pod, "initContainers", Some(1), native(proxy));
        return;
    }
    insert(pod, "initContainers", None, init);
    // Held, it goes first and has a hook; else it goes last.
    let config = annotation(pod, "proxy.istio.io/config");
    let is_held = config.contains("holdApplicationUntilProxyStarts") && !config.contains("false");
    if is_held {
        proxy["lifecycle"] = json!({"postStart": {"exec": {"command": ["pilot-agent", "wait"]}}});
    }
    insert(pod, "containers", is_held.then_some(0), proxy);
}

/// The kubelet asks istio-proxy, which keeps what it was asked for in a variable (here in the field `rewritten`).
fn rewrite_probes(pod: &mut Value) {
    for key in ["initContainers", "containers"] {
        for container in pod["spec"][key].as_array_mut().into_iter().flatten() {
            for field in PROBES {
                let Some(probe) = container.get_mut(field).and_then(Value::as_object_mut) else { continue };
                for kind in ["httpGet", "tcpSocket", "grpc"] {
                    if let Some(request) = probe.shift_remove(kind) {
                        let rewritten = json!({kind: request});
                        let request =
                            json!({"path": "/app-health/rewritten", "port": 15020, "rewritten": rewritten});
                        probe.insert("httpGet".to_owned(), request);
                        break;
                    }
                }
            }
        }
    }
}

/// linkerd: `charts/patch/templates/patch.json`, `charts/partials/templates/_proxy.tpl`.
fn linkerd(pod: &mut Value, cluster: Cluster) {
    if !matches!(annotation(pod, "linkerd.io/inject"), "enabled" | "ingress") || has(pod, "linkerd-proxy") {
        return;
    }
    let awaits = annotation(pod, "config.linkerd.io/proxy-await") != "disabled";
    let init = json!({"name": "linkerd-init", "image": "cr.l5d.io/linkerd/proxy-init:v2.4.1"});
    let mut proxy = json!({"name": "linkerd-proxy", "image": "cr.l5d.io/linkerd/proxy:edge-26.5.2"});
    let keys = ["config.linkerd.io/", "config.beta.linkerd.io/", "config.alpha.linkerd.io/"];
    let said = keys.iter().map(|key| annotation(pod, &format!("{key}proxy-enable-native-sidecar")));
    let is_native =
        said.filter(|said| !said.is_empty()).map(|said| said != "false" && said != "disabled").next();
    if is_native.unwrap_or(cluster.is_native) {
        if awaits {
            proxy["startupProbe"] = json!({"httpGet": {"path": "/ready", "port": 4191}, "periodSeconds": 1, "failureThreshold": 120});
        }
        insert(pod, "initContainers", Some(0), init);
        insert(pod, "initContainers", Some(1), native(proxy));
        return;
    }
    if awaits {
        let command = ["/usr/lib/linkerd/linkerd-await", "--timeout=2m", "--port=4191"];
        proxy["lifecycle"] = json!({"postStart": {"exec": {"command": command}}});
    }
    insert(pod, "initContainers", None, init);
    insert(pod, "containers", awaits.then_some(0), proxy);
}

/// kuma: `pkg/plugins/runtime/k8s/webhooks/injector/injector.go`.
fn kuma(pod: &mut Value, cluster: Cluster) {
    if label(pod, "kuma.io/sidecar-injection") != "enabled" || has(pod, "kuma-sidecar") {
        return;
    }
    let is_first = cluster.is_native || annotation(pod, "kuma.io/init-first") == "true";
    let init = json!({"name": "kuma-init", "image": "kumahq/kuma-init:2.12.0"});
    insert(pod, "initContainers", is_first.then_some(0), init);
    let probe = json!({"httpGet": {"path": "/ready", "port": 9901}, "initialDelaySeconds": 1, "periodSeconds": 5, "failureThreshold": 12});
    let mut proxy =
        json!({"name": "kuma-sidecar", "image": "kumahq/kuma-dp:2.12.0", "readinessProbe": probe});
    if cluster.is_native {
        proxy["startupProbe"] = probe;
        insert(pod, "initContainers", Some(1), native(proxy));
    } else {
        insert(pod, "containers", Some(0), proxy);
    }
}

/// consul-k8s: `control-plane/connect-inject/webhook/mesh_webhook.go`, `consul_dataplane_sidecar.go`.
fn consul(pod: &mut Value) {
    if annotation(pod, "consul.hashicorp.com/connect-inject") != "true" || has(pod, "consul-dataplane") {
        return;
    }
    insert(
        pod,
        "initContainers",
        None,
        json!({"name": "consul-connect-inject-init", "image": "hashicorp/consul-k8s-control-plane:1.9.0"}),
    );
    let readiness = json!({"tcpSocket": {"port": 20000}, "initialDelaySeconds": 1});
    let mut proxy = json!({"name": "consul-dataplane", "image": "hashicorp/consul-dataplane:1.9.0", "readinessProbe": readiness});
    if annotation(pod, "consul.hashicorp.com/enable-consul-dataplane-as-sidecar") == "true" {
        let command = ["/usr/local/bin/consul-dataplane", "-check-proxy-health"];
        proxy["startupProbe"] = json!({"exec": {"command": command}, "initialDelaySeconds": 1, "periodSeconds": 1, "failureThreshold": 10});
        insert(pod, "initContainers", None, native(proxy));
    } else {
        insert(pod, "containers", None, proxy);
    }
}

/// dapr: `pkg/injector/patcher/sidecar_patcher.go`: appended to either list, without a gate.
fn dapr(pod: &mut Value) {
    if annotation(pod, "dapr.io/enabled") != "true" || has(pod, "daprd") {
        return;
    }
    let daprd = json!({"name": "daprd", "image": "ghcr.io/dapr/daprd:1.18.0"});
    if annotation(pod, "dapr.io/enable-native-sidecar") == "true" {
        insert(pod, "initContainers", None, native(daprd));
    } else {
        insert(pod, "containers", None, daprd);
    }
}

/// vault-k8s: `agent-inject/agent/agent.go` (`Patch`): the init container last unless told otherwise, a volume for all.
fn vault(pod: &mut Value) {
    if annotation(pod, "vault.hashicorp.com/agent-inject") != "true" || has(pod, "vault-agent") {
        return;
    }
    let mount = json!({"name": "vault-secrets", "mountPath": "/vault/secrets"});
    // Others could write there, too, but have no reason to.
    let to_read = json!({"name": "vault-secrets", "mountPath": "/vault/secrets", "readOnly": true});
    for key in ["initContainers", "containers"] {
        for container in pod["spec"][key].as_array_mut().into_iter().flatten() {
            let mounts = &mut container["volumeMounts"];
            if mounts.is_null() {
                *mounts = json!([]);
            }
            mounts.as_array_mut().into_iter().for_each(|mounts| mounts.push(to_read.clone()));
        }
    }
    insert(pod, "volumes", None, json!({"name": "vault-secrets", "emptyDir": {"medium": "Memory"}}));
    let agent = |name: &str| json!({"name": name, "image": "hashicorp/vault:1.20", "volumeMounts": [mount]});
    let is_first = annotation(pod, "vault.hashicorp.com/agent-init-first") == "true";
    insert(pod, "initContainers", is_first.then_some(0), agent("vault-agent-init"));
    if annotation(pod, "vault.hashicorp.com/agent-pre-populate-only") != "true" {
        insert(pod, "containers", None, agent("vault-agent"));
    }
}
