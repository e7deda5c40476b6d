//! What the known Pods are put together from.

use serde_json::{Value, json};

/// A Pod, and what is known of it.
pub(super) struct Known {
    pub(super) what: &'static str,
    pub(super) pod: Value,
    /// Who may need whom, for the sidecars: what the application needs closes no circle.
    pub(super) needs: &'static [&'static str],
    /// Who never comes up where all of that is so, with classic proxies injected.
    pub(super) stuck: &'static [&'static str],
}

pub(super) fn native(name: &str, fields: Value) -> Value {
    let mut container = fields;
    container["name"] = json!(name);
    container["image"] =
        json!(if name == "spiffe-helper" { "ghcr.io/spiffe/spiffe-helper:0.8.0" } else { "i:1" });
    container["restartPolicy"] = json!("Always");
    container
}

pub(super) fn init(name: &str, fields: &Value) -> Value {
    let mut container = fields.clone();
    container["name"] = json!(name);
    container["image"] = json!("i:1");
    container
}

pub(super) fn exec(command: &[&str]) -> Value {
    json!({"exec": {"command": command}, "periodSeconds": 1, "failureThreshold": 60})
}

pub(super) fn shop(mut fields: Value) -> Value {
    fields["name"] = json!("shop");
    fields["image"] = json!("shop:1");
    fields
}

pub(super) fn pod(init: &[Value], apps: &[Value]) -> Value {
    let volumes = json!([{"name": "work", "emptyDir": {}}, {"name": "config", "configMap": {"name": "c"}}]);
    json!({"metadata": {}, "spec": {"initContainers": init, "containers": apps, "volumes": volumes}})
}
