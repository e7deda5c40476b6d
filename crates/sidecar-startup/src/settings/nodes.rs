//! Which nodes support sidecar containers.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::text::not_empty;

/// Which nodes support sidecar containers.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawNodes")]
pub struct Nodes {
    /// Who says so.
    pub sidecar_support: SidecarSupport,
    /// The labels of nodes that support them.
    pub label: BTreeMap<String, String>,
    /// What to do about a sidecar that may land on a node that does not.
    pub old_nodes: OldNodes,
    /// Whose permission to list nodes is asked for.
    pub user: String,
}

#[derive(Debug, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct RawNodes {
    sidecar_support: SidecarSupport,
    label: BTreeMap<String, String>,
    old_nodes: Option<OldNodes>,
    #[serde(deserialize_with = "not_empty")]
    user: String,
}

/// Who says which nodes support sidecar containers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum SidecarSupport {
    /// Nobody: every node does.
    #[default]
    Assumed,
    /// A label: Pods with sidecar containers have to require it.
    Labelled,
    /// The cluster: the versions of its kubelets are looked at.
    Checked,
}

/// What to do about a sidecar that may land on a node that does not support sidecar containers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum OldNodes {
    /// Sidecar containers are denied there, and none is made.
    #[default]
    Deny,
    /// Classic sidecars stay where they are, and have to hold the application.
    Hold,
    /// A repair splits the sidecar into a native and a classic copy, of which the one that works on the node runs.
    Universal,
}

/// The policy server of Kubewarden's own chart.
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
                return Err("a label needs sidecarSupport: Labelled or Checked");
            }
            SidecarSupport::Labelled if label.is_empty() => {
                return Err("sidecarSupport: Labelled needs a label");
            }
            SidecarSupport::Assumed | SidecarSupport::Labelled if old_nodes.is_some() => {
                return Err("oldNodes needs sidecarSupport: Checked");
            }
            _ => {}
        }
        Ok(Self { sidecar_support, label, old_nodes: old_nodes.unwrap_or_default(), user })
    }
}
