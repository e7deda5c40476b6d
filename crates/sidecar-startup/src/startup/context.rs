//! A Pod, and what it is judged by.

use super::dead_gate::{DeadGate, DeadGates};
use super::nodes::Reach;
use crate::model::cluster::KnownNodes;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::pod::pair;
use crate::settings::Settings;
use crate::settings::action::Action;
use crate::settings::nodes::OldNodes;
use crate::settings::rule_id::RuleId;

/// What Pods are judged by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'s> {
    /// What the operator wants.
    pub settings: &'s Settings,
    /// What is known of the nodes of the cluster.
    pub nodes: &'s KnownNodes,
}

/// A Pod, what it is judged by, and what several rules and repairs ask of both. It is made once a Pod.
#[derive(Debug)]
pub(crate) struct Context<'p> {
    /// The Pod.
    pub(crate) pod: &'p Pod<'p>,
    /// What the operator wants.
    pub(crate) settings: &'p Settings,
    /// The nodes that the Pod may land on.
    pub(crate) reach: Reach<'p>,
    dead_gates: DeadGates<'p>,
}

impl<'p> Context<'p> {
    /// Prepares to judge a Pod.
    pub(crate) fn new(pod: &'p Pod<'p>, terms: Terms<'p>) -> Self {
        let Terms { settings, nodes } = terms;
        Self { pod, settings, reach: Reach::of(pod, nodes), dead_gates: DeadGates::of(pod) }
    }

    /// What is done about a violation of a rule by a container.
    pub(crate) fn action_on(&self, rule: RuleId, container: &Container<'_>) -> Action {
        let name = pair::declared_name(container.fields);
        self.settings.action_on(rule, name, &container.repository)
    }

    /// The gates of the Pod that never open.
    pub(crate) const fn dead_gates(&self) -> &DeadGates<'p> {
        &self.dead_gates
    }

    /// The gate of a container that never opens, if it has one that `startup-gate-never-opens` reports. What that rule reports,
    /// others need not.
    pub(crate) fn reported_dead_gate(&self, container: &Container<'_>) -> Option<DeadGate> {
        let is_ignored = self.action_on(RuleId::StartupGateNeverOpens, container) == Action::Ignore;
        if is_ignored { None } else { self.dead_gates.find(container) }
    }

    /// Whether a classic sidecar stays where it is, since its Pod may land on a node that does not support sidecar containers. One
    /// that has a native copy by now would be there twice.
    pub(crate) fn keeps_classic(&self, container: &Container<'_>) -> bool {
        self.settings.nodes.old_nodes == OldNodes::Hold
            && self.reach.old_node().is_some()
            && pair::native_copy_of(&self.pod.containers, container).is_none()
    }

    /// Whether a repair splits a classic sidecar into a native and a classic copy: where the Pod may land on an old node, and where
    /// it was split already, whatever the nodes are by now. A second apply takes back what made the entry the classic copy; moved
    /// beside the native copy, it would be a second sidecar.
    pub(crate) fn wants_pair(&self, container: &Container<'_>) -> bool {
        let is_needed =
            self.settings.nodes.old_nodes == OldNodes::Universal && self.reach.old_node().is_some();
        is_needed || pair::native_copy_of(&self.pod.containers, container).is_some()
    }
}
