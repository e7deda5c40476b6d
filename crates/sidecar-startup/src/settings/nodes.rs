//! Which nodes support sidecar containers.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::text::{label_error, not_empty};

/// Which nodes support sidecar containers.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawNodes")]
pub struct Nodes {
    /// How the policy learns it.
    pub sidecar_support: SidecarSupport,
    /// Labels of nodes that support them.
    pub label: BTreeMap<String, String>,
    /// What to do about sidecars on nodes that do not.
    pub old_nodes: OldNodes,
    /// The user whose permission to list nodes is checked first; the policy server by default.
    pub user: String,
}

#[derive(Debug, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct RawNodes {
    sidecar_support: SidecarSupport,
    #[serde(deserialize_with = "labels")]
    label: BTreeMap<String, String>,
    old_nodes: Option<OldNodes>,
    #[serde(deserialize_with = "not_empty")]
    user: String,
}

/// Reads labels, and refuses those that no node can have: a Pod that has to require one would never run.
fn labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let labels = BTreeMap::<String, String>::deserialize(deserializer)?;
    match labels.iter().find_map(|(key, value)| label_error(key, value)) {
        Some(error) => Err(D::Error::custom(error)),
        None => Ok(labels),
    }
}

/// How the policy learns which nodes support sidecar containers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum SidecarSupport {
    /// It assumes that every node does.
    #[default]
    Assumed,
    /// By a node label, which Pods with sidecar containers must require.
    Labelled,
    /// From the kubelet versions of the cluster's nodes.
    Checked,
}

/// What to do about a sidecar that may land on a node without support for sidecar containers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum OldNodes {
    /// Deny sidecar containers there, and convert no classic sidecar to one.
    #[default]
    Deny,
    /// Leave classic sidecars where they are; they must hold the application.
    Hold,
    /// Let a repair split the sidecar into a native and a classic copy. The one that works on the node runs.
    Universal,
}

/// The policy server's user if installed from Kubewarden's Helm chart.
const POLICY_SERVER: &str = "system:serviceaccount:kubewarden:policy-server";

impl Default for RawNodes {
    fn default() -> Self {
        Self {
            sidecar_support: SidecarSupport::default(),
            label: BTreeMap::new(),
            old_nodes: None,
            user: POLICY_SERVER.to_owned(),
        }
    }
}

impl Nodes {
    /// Whether repairs split sidecars into a native and a classic copy.
    #[must_use]
    pub const fn makes_pairs(&self) -> bool {
        matches!(self.old_nodes, OldNodes::Universal)
    }
}

impl Default for Nodes {
    fn default() -> Self {
        let RawNodes { sidecar_support, label, old_nodes, user } = RawNodes::default();
        Self { sidecar_support, label, old_nodes: old_nodes.unwrap_or_default(), user }
    }
}

impl TryFrom<RawNodes> for Nodes {
    type Error = &'static str;

    fn try_from(nodes: RawNodes) -> Result<Self, Self::Error> {
        let RawNodes { sidecar_support, label, old_nodes, user } = nodes;
        match sidecar_support {
            SidecarSupport::Assumed if !label.is_empty() => {
                return Err("label requires sidecarSupport: Labelled or Checked");
            }
            SidecarSupport::Labelled if label.is_empty() => {
                return Err("sidecarSupport: Labelled requires label");
            }
            SidecarSupport::Assumed | SidecarSupport::Labelled if old_nodes.is_some() => {
                return Err("oldNodes requires sidecarSupport: Checked");
            }
            _ => {}
        }
        Ok(Self { sidecar_support, label, old_nodes: old_nodes.unwrap_or_default(), user })
    }
}
