//! Which nodes know sidecar containers.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::not_empty;
use crate::cluster::{CORDON, Cluster, Node, Taint, Unseen};
use crate::pod::{Container, Pod};
use crate::repair::universal;

/// Which nodes know sidecar containers.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawNodes")]
pub struct Nodes {
    /// Who says so.
    pub sidecar_support: SidecarSupport,
    /// The labels of nodes that know them.
    pub label: BTreeMap<String, String>,
    /// What to do about a sidecar that may land on a node that does not.
    pub old_nodes: OldNodes,
    /// Whose permission to list nodes is asked for.
    user: String,
    /// What the cluster says, once it was asked.
    seen: Option<Result<Vec<Node>, Unseen>>,
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

/// Who says which nodes know sidecar containers.
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

/// What to do about a sidecar that may land on a node that does not know sidecar containers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum OldNodes {
    /// Sidecar containers are denied there, and none is made.
    #[default]
    Deny,
    /// Classic sidecars stay where they are, and have to hold the application.
    Hold,
    /// A repair makes two of one, of which the one that works on the node becomes the sidecar.
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
        Self { sidecar_support, label, old_nodes: old_nodes.unwrap_or_default(), user, seen: None }
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
        Ok(Self { sidecar_support, label, old_nodes: old_nodes.unwrap_or_default(), user, seen: None })
    }
}

impl Nodes {
    /// Asks the cluster, where the operator wants that.
    pub(crate) fn look(&mut self, cluster: &dyn Cluster) {
        if self.sidecar_support == SidecarSupport::Checked {
            self.seen = Some(cluster.nodes(&self.user));
        }
    }

    /// Why the cluster has not told its nodes, where it should have.
    #[must_use]
    pub fn unseen(&self) -> Option<Unseen> {
        self.seen.as_ref().and_then(|seen| seen.as_ref().err().copied())
    }

    /// The nodes that a Pod may land on, as far as the cluster has told them.
    pub fn in_reach(&self, pod: &Pod<'_>) -> impl Iterator<Item = &Node> {
        let spec = pod.spec();
        let keeps_away = |taint: &Taint| {
            // The controller of a DaemonSet has its Pods tolerate that.
            let is_cordon = taint.key == CORDON && pod.is_of_daemon_set();
            taint.keeps_away() && !is_cordon && !spec.tolerates(taint)
        };
        let nodes = self.seen.iter().filter_map(|seen| seen.as_ref().ok()).flatten();
        nodes.filter(move |node| {
            spec.may_land_on(&node.name, &node.labels)
                && (!spec.node_name.is_empty() || !node.taints.iter().any(keeps_away))
        })
    }

    /// A node that a Pod may land on and that does not know sidecar containers.
    #[must_use]
    pub fn old_in_reach(&self, pod: &Pod<'_>) -> Option<&Node> {
        self.in_reach(pod).find(|node| node.is_old())
    }

    /// Whether a classic sidecar stays where it is, since its Pod may land on a node that does not know sidecar containers. One that
    /// has a native copy by now would be there twice.
    #[must_use]
    pub fn keep_classic(&self, pod: &Pod<'_>, container: &Container<'_>) -> bool {
        self.old_nodes == OldNodes::Hold
            && self.old_in_reach(pod).is_some()
            && universal::native_copy_of(pod, container).is_none()
    }
}
