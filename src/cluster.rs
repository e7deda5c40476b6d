//! Lists the nodes of the policy server's cluster through Kubewarden's host capability `kubernetes`.
//!
//! The calls are those of the SDK's `can_i` and `list_all_resources`. The SDK's own functions deserialize the answers into `k8s-openapi`
//! types, which would add 50 kB to the module for three fields.

use serde_json::Value;
use sidecar_startup::model::cluster::{Cluster, Node, NodesUnavailable};
use wapc_guest::host_call;

/// The policy server's cluster.
pub(crate) struct HostCluster;

/// Requests all nodes, with only the fields that are needed.
const LIST: &str = concat!(
    r#"{"api_version":"v1","kind":"Node","label_selector":null,"field_selector":null,"#,
    r#""field_masks":["spec.taints","status.nodeInfo.kubeletVersion"]}"#
);

impl Cluster for HostCluster {
    fn nodes(&self, user: &str) -> Result<Vec<Node>, NodesUnavailable> {
        let user = Value::from(user);
        // The host lists and watches nodes. Without permission for both it would retry until this evaluation times out.
        for verb in ["list", "watch"] {
            let review = format!(
                concat!(
                    r#"{{"subject_access_review":{{"groups":null,"resource_attributes":{{"group":"","name":null,"#,
                    r#""namespace":null,"resource":"nodes","subresource":null,"verb":"{verb}","version":null}},"#,
                    r#""user":{user}}},"disable_cache":false}}"#
                ),
                verb = verb,
                user = user,
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
