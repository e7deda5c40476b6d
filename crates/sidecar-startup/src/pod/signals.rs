//! What the containers of a Pod tell its classic sidecars, by what it is addressed to. In a large Pod, it would take long if every sidecar
//! read the commands of all other containers.

use std::collections::BTreeMap;

use crate::model::container_id::ContainerId;

/// What a container may tell a sidecar by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Address {
    /// It is not known which sidecar is meant, so it may be any.
    Anyone,
    /// A port of its own Pod.
    Port(u16),
    /// Linkerd's own command.
    Linkerd,
    /// The address of Envoy, or of Istio's agent.
    Envoy,
    /// A name that is only known to kubexit, whichever it is.
    Kubexit,
    /// This name of kubexit's.
    KubexitName(String),
}

impl Address {
    /// A port, where it is known.
    pub(super) fn of_port(port: Option<u16>) -> Self {
        port.map_or(Self::Anyone, Self::Port)
    }
}

/// Who tells something, by what it is addressed to.
#[derive(Debug, Default)]
pub(super) struct Signals(BTreeMap<Address, Senders>);

/// The first two containers that tell something: enough to know whether there is another one than the sidecar itself.
#[derive(Debug)]
struct Senders {
    first: ContainerId,
    other: Option<ContainerId>,
}

impl Signals {
    /// Adds what a container tells.
    pub(super) fn add(&mut self, address: Address, sender: ContainerId) {
        let senders = self.0.entry(address).or_insert(Senders { first: sender, other: None });
        if senders.first != sender {
            senders.other.get_or_insert(sender);
        }
    }

    /// Whether a container other than the sidecar itself, if that is in the Pod, tells something to this address.
    pub(super) fn reach(&self, address: &Address, sidecar: Option<ContainerId>) -> bool {
        let senders = self.0.get(address);
        senders.is_some_and(|senders| Some(senders.first) != sidecar || senders.other.is_some())
    }
}
