//! The nodes of the cluster that the policy server runs in, through Kubewarden's host capability `kubernetes`.
//!
//! The calls are those of the SDK's `can_i` and `list_all_resources`. These functions themselves would read the answers into types of
//! `k8s-openapi`, which make the module 50 kB larger for three fields.

use kubewarden_policy_sdk::wapc_guest::host_call;
use serde_json::Value;
use sidecar_startup::model::cluster::{Cluster, Node, NodesUnavailable};

/// The cluster, as the host tells it.
pub(crate) struct HostCluster;

/// Asks for all nodes. Of a node's many fields only two are looked at, beside its metadata.
const LIST: &str = r#"{"api_version":"v1","kind":"Node","label_selector":null,"field_selector":null,"field_masks":["spec.taints","status.nodeInfo.kubeletVersion"]}"#;

impl Cluster for HostCluster {
    fn nodes(&self, user: &str) -> Result<Vec<Node>, NodesUnavailable> {
        let user = Value::from(user);
        // The host keeps a list up to date by a watch. Without the permission for both it waits, and this policy with it.
        for verb in ["list", "watch"] {
            let review = format!(
                r#"{{"subject_access_review":{{"groups":null,"resource_attributes":{{"group":"","name":null,"namespace":null,"resource":"nodes","subresource":null,"verb":"{verb}","version":null}},"user":{user}}},"disable_cache":false}}"#
            );
            if ask("can_i", &review)?.get("allowed") != Some(&Value::Bool(true)) {
                return Err(NodesUnavailable::NotAllowed);
            }
        }
        let list = ask("list_resources_all", LIST)?;
        let items = list.get("items").and_then(Value::as_array).ok_or(NodesUnavailable::NoAnswer)?;
        Ok(items.iter().map(Node::from_value).collect())
    }
}

fn ask(operation: &str, request: &str) -> Result<Value, NodesUnavailable> {
    let answer = host_call("kubewarden", "kubernetes", operation, request.as_bytes());
    let answer = answer.map_err(|failure| NodesUnavailable::of_failure(&failure.to_string()))?;
    serde_json::from_slice(&answer).map_err(|_| NodesUnavailable::NoAnswer)
}
