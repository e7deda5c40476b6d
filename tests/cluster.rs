//! The cluster of a case: what a host has answered to the questions about its nodes.

#[cfg(feature = "module")]
use policy_host::{HostCalls, host_calls};
use serde_json::Value;

use crate::library::{Cluster, Node, NodesUnavailable};

/// What `nodes.yaml` holds: the `items` of a list of Nodes, as `kubectl get nodes -o yaml` prints them; or `allowed: false`, where the
/// policy server may not list them; or a `failure`.
#[derive(Debug, Clone)]
pub struct RecordedCluster {
    items: Vec<Value>,
    is_allowed: bool,
    failure: Option<String>,
}

impl RecordedCluster {
    /// Reads it; nothing where there is none.
    #[must_use]
    pub fn read(nodes: &Value) -> Option<Self> {
        if nodes.as_object().is_none_or(serde_json::Map::is_empty) {
            return None;
        }
        Some(Self {
            items: nodes["items"].as_array().cloned().unwrap_or_default(),
            is_allowed: nodes["allowed"] != false,
            failure: nodes["failure"].as_str().map(str::to_owned),
        })
    }

    /// The same cluster, with its nodes from last to first.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self { items: self.items.iter().rev().cloned().collect(), ..self.clone() }
    }

    /// The same answers, for the compiled module.
    #[cfg(feature = "module")]
    #[must_use]
    pub fn host_calls(&self) -> HostCalls {
        host_calls::cluster(self.items.clone(), self.is_allowed, self.failure.clone())
    }
}

impl Cluster for RecordedCluster {
    fn nodes(&self, _: &str) -> Result<Vec<Node>, NodesUnavailable> {
        match (&self.failure, self.is_allowed) {
            (Some(failure), _) => Err(NodesUnavailable::of_failure(failure)),
            (None, false) => Err(NodesUnavailable::NotAllowed),
            (None, true) => Ok(self.items.iter().map(Node::from_value).collect()),
        }
    }
}
