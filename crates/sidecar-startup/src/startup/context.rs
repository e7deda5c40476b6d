//! A Pod together with what it is judged by.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::broken::Sent;
use super::check::{DeadGate, ForeignGate, Gates, gates};
use super::needs::awaited::Awaited;
use super::nodes::Reach;
use crate::model::cluster::KnownNodes;
use crate::model::owners::Sender;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::settings::Settings;
use crate::settings::action::Action;
use crate::settings::nodes::OldNodes;
use crate::settings::rule_id::RuleId;

/// What Pods are judged by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'s> {
    /// The settings.
    pub settings: &'s Settings,
    /// What is known about the cluster's nodes.
    pub nodes: &'s KnownNodes,
    /// Who sends the request.
    pub sender: Sender,
}

/// A Pod, what it is judged by, and what several rules and repairs derive from both. It is created once per Pod.
#[derive(Debug)]
pub(crate) struct Context<'p> {
    /// The Pod.
    pub(crate) pod: &'p Pod<'p>,
    /// The settings.
    pub(crate) settings: &'p Settings,
    /// The nodes that the Pod may land on.
    pub(crate) reach: Reach<'p>,
    gates: OnceCell<Gates>,
    sent: OnceCell<Sent<'p>>,
    shares: OnceCell<Shares<'p>>,
    awaited: OnceCell<Awaited>,
}

/// How the gates of a Pod share its deadline.
#[derive(Debug, Default)]
pub(crate) struct Shares<'p> {
    /// All gates.
    pub(crate) all: Share,
    /// The gates of the containers of each name.
    pub(crate) by_name: BTreeMap<&'p str, Share>,
}

/// What the gates of some containers use of a deadline.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Share {
    /// The seconds of those whose time is fixed.
    pub(crate) fixed: u128,
    /// How many share what these leave.
    pub(crate) sharers: u64,
    /// How many containers they are, those without a gate included.
    pub(crate) containers: u64,
}

impl<'p> Context<'p> {
    /// Prepares to judge a Pod.
    pub(crate) fn new(pod: &'p Pod<'p>, terms: Terms<'p>) -> Self {
        let Terms { settings, nodes, .. } = terms;
        Self {
            pod,
            settings,
            reach: Reach::of(pod, nodes),
            gates: OnceCell::new(),
            sent: OnceCell::new(),
            shares: OnceCell::new(),
            awaited: OnceCell::new(),
        }
    }

    /// The action for a violation of a rule by a container.
    pub(crate) fn action_on(&self, rule: RuleId, container: &Container<'_>) -> Action {
        self.settings.action_on(rule, self.pod.labels(), container.declared_name(), &container.repository)
    }

    /// The action for a violation of a rule by the Pod as a whole.
    pub(crate) fn action_on_pod(&self, rule: RuleId) -> Action {
        self.settings.action_on_pod(rule, self.pod.labels())
    }

    /// The Pod as it was sent, to compare its repairs with.
    pub(crate) fn sent(&self) -> &Sent<'p> {
        self.sent.get_or_init(|| Sent::of(self.pod, self.settings))
    }

    /// Whether a later container waits for a sidecar container, whatever gate that has.
    pub(crate) fn is_waited_for(&self, sidecar: &Container<'_>) -> bool {
        let lineup = self.sent().lineup();
        self.awaited.get_or_init(|| Awaited::of(lineup)).has(lineup, sidecar)
    }

    /// How the gates of the Pod share its deadline: every sidecar that gets a part of it asks for all others. `count` finds it out the
    /// first time.
    pub(crate) fn shares(&self, count: impl FnOnce() -> Shares<'p>) -> &Shares<'p> {
        self.shares.get_or_init(count)
    }

    /// The gates of the Pod that never open.
    pub(crate) fn dead_gates(&self) -> &[DeadGate] {
        &self.gates().dead
    }

    fn gates(&self) -> &Gates {
        self.gates.get_or_init(|| gates(self.pod, self.settings))
    }

    /// The gate of a container that asks an earlier container instead of its own, if it has one.
    pub(crate) fn foreign_gate(&self, container: &Container<'_>) -> Option<&ForeignGate> {
        self.gates().foreign.iter().find(|gate| gate.container == container.id)
    }

    /// The gate of a container that never opens, if it has one.
    pub(crate) fn dead_gate(&self, container: &Container<'_>) -> Option<&DeadGate> {
        self.dead_gates().iter().find(|gate| gate.container == container.id)
    }

    /// The gate of a container that never opens, if `startup-gate-never-opens` reports it. Other rules do not report that container
    /// again.
    pub(crate) fn reported_dead_gate(&self, container: &Container<'_>) -> Option<&DeadGate> {
        let is_ignored = self.action_on(RuleId::StartupGateNeverOpens, container) == Action::Ignore;
        if is_ignored { None } else { self.dead_gate(container) }
    }

    /// Whether a classic sidecar stays in `containers`, since its Pod may land on a node that does not support sidecar containers. One
    /// that already has a native copy does not: it would run twice.
    pub(crate) fn keeps_classic(&self, container: &Container<'_>) -> bool {
        self.settings.nodes.old_nodes == OldNodes::Hold
            && self.reach.old_node().is_some()
            && self.pod.native_copy_of(container).is_none()
    }

    /// Whether a repair splits a classic sidecar into a native and a classic copy, where the settings make pairs: if the Pod may land on
    /// an old node, or if it was split before, whatever the nodes are now. A second apply reverts the classic copy to the original;
    /// moved next to the native copy, that would be a second sidecar.
    pub(crate) fn wants_pair(&self, container: &Container<'_>) -> bool {
        self.settings.nodes.makes_pairs()
            && (self.reach.old_node().is_some() || self.pod.native_copy_of(container).is_some())
    }
}
