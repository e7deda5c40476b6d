//! The nodes of the cluster that the policy server runs in, through Kubewarden's host capability `kubernetes`.
//!
//! The calls are those of the SDK's `can_i` and `list_all_resources`, byte for byte. These functions themselves would read the
//! answers into types of `k8s-openapi`, which make the module 50 kB larger for three fields.

use kubewarden_policy_sdk::wapc_guest::host_call;
use serde_json::{Value, json};
use sidecar_startup::cluster::{Cluster, Node, Unseen};

/// The cluster, as the host tells it.
pub(crate) struct HostCluster;

impl Cluster for HostCluster {
    fn nodes(&self, user: &str) -> Result<Vec<Node>, Unseen> {
        // The host keeps a list up to date by a watch. Without the permission for both it waits, and this policy with it.
        for verb in ["list", "watch"] {
            let review = json!({
                "groups": null,
                "resource_attributes": {
                    "group": "", "name": null, "namespace": null, "resource": "nodes", "subresource": null, "verb": verb, "version": null,
                },
                "user": user,
            });
            let status = ask("can_i", &json!({"subject_access_review": review, "disable_cache": false}))?;
            if status.get("allowed") != Some(&Value::Bool(true)) {
                return Err(Unseen::NotAllowed);
            }
        }
        let request = json!({
            "api_version": "v1",
            "kind": "Node",
            "label_selector": null,
            "field_selector": null,
            // Of a node's many fields only one is looked at, beside its metadata.
            "field_masks": ["status.nodeInfo.kubeletVersion"],
        });
        let list = ask("list_resources_all", &request)?;
        let items = list.get("items").and_then(Value::as_array).ok_or(Unseen::NoAnswer)?;
        Ok(items.iter().map(Node::from_value).collect())
    }
}

/// What the host says of a failure may name parts of the cluster; it is not passed on.
fn ask(operation: &str, request: &Value) -> Result<Value, Unseen> {
    let answer = host_call("kubewarden", "kubernetes", operation, request.to_string().as_bytes());
    serde_json::from_slice(&answer.map_err(|_| Unseen::NoAnswer)?).map_err(|_| Unseen::NoAnswer)
}
