//! The nodes of a cluster, as far as sidecar support goes.
//!
//! The library makes no calls: a caller with access to a cluster implements [`Cluster`].

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::version::Version;

/// Lists the nodes of a cluster.
pub trait Cluster {
    /// All nodes. Check first that `user` may list them: a host may never answer a list call that is forbidden.
    ///
    /// # Errors
    /// Why they cannot be listed.
    fn nodes(&self, user: &str) -> Result<Vec<Node>, NodesUnavailable>;
}

/// Used if there is no cluster to ask.
#[derive(Debug, Clone, Copy)]
pub struct NoCluster;

impl Cluster for NoCluster {
    fn nodes(&self, _: &str) -> Result<Vec<Node>, NodesUnavailable> {
        Err(NodesUnavailable::NoAnswer)
    }
}

/// Why the nodes could not be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodesUnavailable {
    /// The user may not list and watch nodes.
    NotAllowed,
    /// The policy does not list Nodes among its `contextAwareResources`.
    NotGranted,
    /// There is no cluster to ask, or it did not answer.
    NoAnswer,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// `status.nodeInfo.kubeletVersion`, as in `v1.29.3`.
    pub kubelet_version: String,
}

/// A taint of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What happens to Pods that do not tolerate it.
    pub effect: String,
}

/// The taint of a cordoned node. Pods of a `DaemonSet` tolerate it.
pub(crate) const CORDON: &str = "node.kubernetes.io/unschedulable";

/// The prefixes of the control plane's own taints.
const OWN_TAINTS: [&str; 2] = ["node.kubernetes.io/", "node.cloudprovider.kubernetes.io/"];

impl Taint {
    /// Whether it keeps away Pods that do not tolerate it, and not just temporarily. The control plane's own taints, such as `not-ready`
    /// or `disk-pressure`, go away again, and the Pod may wait for that; a cordoned node is about to be removed
    /// (`staging/src/k8s.io/api/core/v1/well_known_taints.go`).
    #[must_use]
    pub fn keeps_away(&self) -> bool {
        let is_own = OWN_TAINTS.iter().any(|prefix| self.key.starts_with(prefix));
        self.effect != "PreferNoSchedule" && (self.key == CORDON || !is_own)
    }
}

/// The first release whose kubelet supports sidecar containers by default: since 1.29 the feature gate `SidecarContainers` is on
/// (`pkg/features/kube_features.go`).
const FIRST: [u32; 2] = [1, 29];

/// What is known about the cluster's nodes.
#[derive(Debug, Clone, Default)]
pub enum KnownNodes {
    /// They were not asked for.
    #[default]
    NotAsked,
    /// They could not be listed.
    Unavailable(NodesUnavailable),
    /// All of them.
    Listed(Vec<Node>),
}

impl From<Result<Vec<Node>, NodesUnavailable>> for KnownNodes {
    fn from(nodes: Result<Vec<Node>, NodesUnavailable>) -> Self {
        nodes.map_or_else(Self::Unavailable, Self::Listed)
    }
}

impl Node {
    /// Reads a `v1` Node. Missing fields are empty.
    #[must_use]
    pub fn from_value(node: &Value) -> Self {
        let text =
            |pointer: &str| node.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut labels = BTreeMap::new();
        for (key, value) in node.pointer("/metadata/labels").and_then(Value::as_object).into_iter().flatten()
        {
            labels.insert(key.clone(), value.as_str().unwrap_or_default().to_owned());
        }
        let taints =
            node.pointer("/spec/taints").and_then(Value::as_array).into_iter().flatten().map(|taint| {
                let text =
                    |field: &str| taint.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
                Taint { key: text("key"), value: text("value"), effect: text("effect") }
            });
        Self {
            name: text("/metadata/name"),
            labels,
            taints: taints.collect(),
            kubelet_version: text("/status/nodeInfo/kubeletVersion"),
        }
    }

    /// Whether its kubelet treats a sidecar container as an ordinary init container, or rejects it. A version that cannot be read, as
    /// may happen with a virtual kubelet, is treated as old.
    #[must_use]
    pub fn is_old(&self) -> bool {
        self.version().is_none_or(|version| !version.is_at_least(&FIRST))
    }

    /// Whether its kubelet rejects Pods with sidecar containers: it knows the field, but the feature is off (KEP-753, version skew).
    #[must_use]
    pub fn refuses_sidecars(&self) -> bool {
        self.is_from(&[1, 28], &FIRST)
    }

    /// The known bug of its kubelet with the first start of a sidecar container that has a `startupProbe`, or of what follows, as text for
    /// a message. `never_restarts` says whether the Pod has `restartPolicy: Never`.
    #[must_use]
    pub fn defect(&self, never_restarts: bool) -> Option<&'static str> {
        if self.is_from(&[1, 35], &[1, 35, 4]) {
            // CHANGELOG-1.35.md, 1.35.4, kubernetes/kubernetes#137885
            return Some("does not restart an application that crashes after a kubelet restart");
        }
        // CHANGELOG-1.34.md, 1.34.2, kubernetes/kubernetes#134800; #134801 for 1.33
        let is_racy = self.is_from(&FIRST, &[1, 33, 6]) || self.is_from(&[1, 34], &[1, 34, 2]);
        (is_racy && never_restarts)
            .then_some("may never start the application if the sidecar fails on its first start")
    }

    /// Whether its kubelet does not repeat the `startupProbe` of a container that it restarts: the container counts as started at once,
    /// so that its `livenessProbe` sets in. The first start is not affected.
    #[must_use]
    pub fn forgets_startup_probe(&self) -> bool {
        // kubernetes/kubernetes#141155, fixed by #141342 in 1.38.0-alpha.1. The picks to 1.37 (#142041), 1.36 (#142042) and 1.35 (#142043) are
        // open, so every release of these minors is affected.
        self.is_from(&[1, 35], &[1, 38])
    }

    /// Whether its kubelet's release is `first` or later, and before `fixed`.
    fn is_from(&self, first: &[u32], fixed: &[u32]) -> bool {
        self.version().is_some_and(|version| version.is_at_least(first) && !version.is_at_least(fixed))
    }

    fn version(&self) -> Option<Version<'_>> {
        let version = Version::parse(&self.kubelet_version);
        // Distributions append to the numbers: 1.28.5+k3s1, 1.27.3-gke.100.
        (version.prefix.is_empty() && 2 <= version.length).then_some(version)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node \"{}\" (kubelet ", self.name.escape_debug())?;
        if self.version().is_none() {
            return f.write_str("version unknown, treated as old)");
        }
        let version: String = self.kubelet_version.chars().take(40).collect();
        write!(f, "{})", version.escape_debug())
    }
}

impl NodesUnavailable {
    /// Classifies a failed call of Kubewarden's host capability `kubernetes`. The message is dropped: it may name parts of the cluster.
    #[must_use]
    pub fn of_failure(message: &str) -> Self {
        // The wording of policy-evaluator's `runtimes/callback.rs`.
        if message.contains("has not been granted access") { Self::NotGranted } else { Self::NoAnswer }
    }
}

impl fmt::Display for NodesUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAllowed => "the policy server may not list and watch them",
            Self::NotGranted => "Node is not among contextAwareResources",
            Self::NoAnswer => "the cluster did not answer",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let node = |version: &str| Node {
            name: "a".to_owned(),
            labels: BTreeMap::new(),
            taints: Vec::new(),
            kubelet_version: version.to_owned(),
        };
        for (version, is_old, refuses) in [
            ("v1.29.0", false, false),
            ("1.33.1", false, false),
            ("v1.28.5+k3s1", true, true),
            ("v1.27.3-gke.100", true, false),
            ("v2.0.0", false, false),
            ("v1.29.0-alpha.1", false, false),
            ("virtual", true, false),
            ("v1.29", false, false),
            ("v1.27+x", true, false),
            ("v1.30+x", false, false),
            ("v1", true, false),
            ("", true, false),
        ] {
            assert_eq!(
                (node(version).is_old(), node(version).refuses_sidecars()),
                (is_old, refuses),
                "{version}"
            );
        }
        for (version, never, is_known) in [
            ("v1.33.5", true, true),
            ("v1.33.5", false, false),
            ("v1.33.6", true, false),
            ("v1.34.1", true, true),
            ("v1.34.2", true, false),
            ("v1.35.3", false, true),
            ("v1.35.4", false, false),
            ("v1.36.0", true, false),
        ] {
            assert_eq!(node(version).defect(never).is_some(), is_known, "{version}");
        }
        for (version, forgets) in [
            ("v1.34.9", false),
            ("v1.35.0", true),
            ("v1.36.2-gke.100", true),
            ("1.37.4+k3s1", true),
            ("v1.38.0-alpha.1", false),
            ("v1.38.0", false),
            ("virtual", false),
        ] {
            assert_eq!(node(version).forgets_startup_probe(), forgets, "{version}");
        }
    }
}
