//! Meshes that have been injected, and labels and annotations that ask for injection.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// A mesh whose containers are in the Pod already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mesh {
    kind: Option<Kind>,
    is_native: bool,
    /// A classic proxy is first, with a hook, or last without one.
    is_held: bool,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Istio,
    Linkerd,
}

pub(super) fn injected() -> impl Strategy<Value = Mesh> {
    let kinds = prop_oneof![7 => Just(None), 2 => Just(Some(Kind::Istio)), 1 => Just(Some(Kind::Linkerd))];
    (kinds, any::<bool>(), any::<bool>()).prop_map(|(kind, is_native, is_held)| Mesh {
        kind,
        is_native,
        is_held,
    })
}

impl Mesh {
    /// One of them, by its number; the first is none.
    pub(super) fn chosen(choose: &mut dyn FnMut(usize) -> usize) -> Self {
        let kind = [None, None, None, Some(Kind::Istio), Some(Kind::Linkerd)][choose(5)];
        Self { kind, is_native: choose(2) == 0, is_held: choose(2) == 0 }
    }

    pub(super) const fn is_there(self) -> bool {
        self.kind.is_some()
    }

    /// Adds its containers where its injector does.
    pub(super) fn add_to(self, spec: &mut Value) {
        let (init, mut proxy, hook) = match self.kind {
            None => return,
            Some(Kind::Istio) => istio(),
            Some(Kind::Linkerd) => linkerd(),
        };
        if self.is_native {
            proxy["restartPolicy"] = json!("Always");
            insert(spec, "initContainers", true, proxy);
            insert(spec, "initContainers", true, init);
            return;
        }
        insert(spec, "initContainers", false, init);
        // Linkerd gives its classic proxy no startupProbe (charts/partials/templates/_proxy.tpl).
        if let (Some(Kind::Linkerd), Some(fields)) = (self.kind, proxy.as_object_mut()) {
            fields.shift_remove("startupProbe");
        }
        if self.is_held {
            proxy["lifecycle"] = json!({"postStart": {"exec": {"command": hook}}});
        }
        insert(spec, "containers", self.is_held, proxy);
    }
}

fn istio() -> (Value, Value, Vec<&'static str>) {
    let image = "docker.io/istio/proxyv2:1.27.0";
    let args = ["istio-iptables", "-p", "15001", "-i", "*", "-b", "*", "-d", "15090,15021,15020"];
    let probe = json!({"httpGet": {"path": "/healthz/ready", "port": 15021}, "periodSeconds": 1, "failureThreshold": 600});
    (
        json!({"name": "istio-init", "image": image, "args": args}),
        json!({"name": "istio-proxy", "image": image, "args": ["proxy", "sidecar"], "startupProbe": probe}),
        vec!["pilot-agent", "wait"],
    )
}

fn linkerd() -> (Value, Value, Vec<&'static str>) {
    let probe =
        json!({"httpGet": {"path": "/ready", "port": 4191}, "periodSeconds": 1, "failureThreshold": 120});
    (
        json!({"name": "linkerd-init", "image": "cr.l5d.io/linkerd/proxy-init:v2.4.1"}),
        json!({"name": "linkerd-proxy", "image": "cr.l5d.io/linkerd/proxy:edge-26.5.2", "startupProbe": probe}),
        vec!["/usr/lib/linkerd/linkerd-await", "--timeout=2m", "--port=4191"],
    )
}

fn insert(spec: &mut Value, key: &str, is_first: bool, container: Value) {
    if let Some(list) = spec[key].as_array_mut() {
        list.insert(if is_first { 0 } else { list.len() }, container);
    }
}

/// Metadata that may ask for injection.
pub(super) fn metadata() -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(json!({})), 1 => select(asking())].prop_map(|mut metadata| {
        metadata["name"] = json!("shop");
        metadata
    })
}

/// Metadata that asks for injection, by the label or annotation of each injector.
pub(super) fn asking() -> Vec<Value> {
    let vault = json!({"vault.hashicorp.com/agent-inject": "true", "vault.hashicorp.com/role": "shop"});
    let with = |base: &Value, key: &str, value: &str| {
        let mut all = base.clone();
        all[key] = json!(value);
        json!({"annotations": all})
    };
    let inject = json!({"sidecar.istio.io/inject": "true"});
    let hold = json!({"proxy.istio.io/config": "holdApplicationUntilProxyStarts: true"});
    vec![
        json!({"labels": inject}),
        json!({"labels": inject, "annotations": {"sidecar.istio.io/nativeSidecar": "true"}}),
        json!({"labels": inject, "annotations": hold}),
        json!({"labels": {"istio.io/rev": "1-27"}}),
        json!({"annotations": {"linkerd.io/inject": "enabled"}}),
        json!({"annotations": {"linkerd.io/inject": "enabled", "config.linkerd.io/proxy-enable-native-sidecar": "true"}}),
        json!({"annotations": {"linkerd.io/inject": "enabled", "config.linkerd.io/proxy-await": "disabled"}}),
        json!({"labels": {"kuma.io/sidecar-injection": "enabled"}}),
        json!({"annotations": {"consul.hashicorp.com/connect-inject": "true"}}),
        json!({"annotations": {"dapr.io/enabled": "true", "dapr.io/app-id": "shop", "dapr.io/app-port": "8080"}}),
        json!({"annotations": {"dapr.io/enabled": "true", "dapr.io/enable-native-sidecar": "true"}}),
        json!({"annotations": vault}),
        json!({"annotations": vault}),
        with(&vault, "vault.hashicorp.com/agent-init-first", "true"),
        with(&vault, "vault.hashicorp.com/agent-pre-populate-only", "true"),
    ]
}
