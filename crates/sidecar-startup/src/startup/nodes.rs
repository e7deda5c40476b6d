//! The nodes that a Pod may land on, and whether it may use sidecar containers there.

use crate::finding::Refusal;
use crate::model::cluster::{CORDON, KnownNodes, Node, NodesUnavailable, Taint};
use crate::pod::Pod;
use crate::settings::Settings;
use crate::settings::nodes::SidecarSupport;

/// The nodes that a Pod may land on, as far as the cluster could be asked.
#[derive(Debug)]
pub(crate) struct Reach<'n> {
    nodes: Vec<&'n Node>,
    unavailable: Option<NodesUnavailable>,
}

impl<'n> Reach<'n> {
    pub(super) fn of(pod: &Pod<'_>, known: &'n KnownNodes) -> Self {
        match known {
            KnownNodes::NotAsked => Self { nodes: Vec::new(), unavailable: None },
            KnownNodes::Unavailable(reason) => Self { nodes: Vec::new(), unavailable: Some(*reason) },
            KnownNodes::Listed(nodes) => {
                let nodes = nodes.iter().filter(|node| may_land_on(pod, node)).collect();
                Self { nodes, unavailable: None }
            }
        }
    }

    /// Why the nodes could not be listed; none if they were, or if nobody asked.
    pub(crate) const fn unavailable(&self) -> Option<NodesUnavailable> {
        self.unavailable
    }

    /// The nodes in reach.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &'n Node> {
        self.nodes.iter().copied()
    }

    /// A node in reach that does not support sidecar containers.
    pub(crate) fn old_node(&self) -> Option<&'n Node> {
        self.nodes().find(|node| node.is_old())
    }
}

fn may_land_on(pod: &Pod<'_>, node: &Node) -> bool {
    let spec = pod.spec();
    let keeps_away = |taint: &Taint| {
        // The DaemonSet controller makes its Pods tolerate that.
        let is_cordon = taint.key == CORDON && pod.is_of_daemon_set();
        taint.keeps_away() && !is_cordon && !spec.tolerates(taint)
    };
    spec.may_land_on(&node.name, &node.labels)
        && (!spec.node_name.is_empty() || !node.taints.iter().any(keeps_away))
}

/// A label that the settings want Pods with sidecar containers to require, and this Pod does not.
pub(crate) fn missing_label<'s>(pod: &Pod<'_>, settings: &'s Settings) -> Option<(&'s str, &'s str)> {
    let is_asked_for = settings.nodes.sidecar_support == SidecarSupport::Labelled;
    missing_labels(pod, settings).next().filter(|_| is_asked_for)
}

/// The labels of nodes with sidecar support that the Pod does not require.
pub(crate) fn missing_labels<'s>(
    pod: &Pod<'_>,
    settings: &'s Settings,
) -> impl Iterator<Item = (&'s str, &'s str)> {
    let labels = settings.nodes.label.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    labels.filter(|(key, value)| !pod.spec().requires_node_label(key, value))
}

/// Checks that the Pod lands only on nodes that support sidecar containers, or can be made to.
///
/// # Errors
/// Why not.
pub(crate) fn may_have_sidecars(
    pod: &Pod<'_>,
    reach: &Reach<'_>,
    settings: &Settings,
) -> Result<(), Refusal> {
    // A verdict gives the Pod the benefit of the doubt. A repair must not.
    if let Some(reason) = reach.unavailable() {
        return Err(format!("could not list nodes: {reason}").into());
    }
    if reach.old_node().is_none() && missing_label(pod, settings).is_none() {
        return Ok(());
    }
    // Without a label, or if old nodes have it too, it cannot be kept away from them.
    let has_labels =
        |node: &Node| settings.nodes.label.iter().all(|(key, value)| node.labels.get(key) == Some(value));
    if let Some(node) = reach.nodes().find(|node| node.is_old() && has_labels(node)) {
        return Err(format!("it may land on {node}, which does not support sidecar containers").into());
    }
    if pod.is_of_daemon_set() {
        return Err("with a required node label, the DaemonSet would stop running on other nodes".into());
    }
    if !pod.spec().node_name.is_empty() {
        return Err("nodeName already picks a node, which may not support sidecar containers".into());
    }
    let mut label = settings.nodes.label.iter();
    match label.find(|(key, value)| pod.spec().conflicts_with_node_label(key, value)) {
        Some((key, _)) => Err(format!("the Pod requires another value of the node label {key}").into()),
        None => Ok(()),
    }
}
