//! A Pod with sidecar containers may land on a node that does not know them.
//!
//! # Why
//! A kubelet before 1.28 ignores `restartPolicy` on an init container and waits for it to exit, for ever; one of 1.28 rejects the Pod.
//! The scheduler does not look at that. Where old nodes are left, the setting `nodes` says who tells them from the others.
//!
//! - `Labelled`: the cluster's owner, by the labels that `nodes.label` names. Pods have to require them.
//! - `Checked`: the cluster. The policy looks at the kubelets of the nodes that the Pod may land on, going by `nodeName`, `nodeSelector`,
//!   the required node affinity and taints. A version that cannot be read counts as old. What runs on old nodes in the end is only a
//!   warning where a repair has made a pair of the sidecar (`oldNodes: Universal`), since such a Pod starts there; and so are nodes
//!   that could not be looked up, and kubelets that know sidecar containers but have a known fault with them.
//!
//! # Settings
//! ```yaml
//! nodes: {sidecarSupport: Labelled, label: {sidecar-containers: supported}}
//! ```
//!
//! # Denied
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   initContainers:
//!     - name: proxy
//!       image: proxy:1
//!       restartPolicy: Always
//!       startupProbe: {tcpSocket: {port: 8080}, periodSeconds: 1, failureThreshold: 60}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # Allowed
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   nodeSelector: {sidecar-containers: supported}
//!   initContainers:
//!     - name: proxy
//!       image: proxy:1
//!       restartPolicy: Always
//!       startupProbe: {tcpSocket: {port: 8080}, periodSeconds: 1, failureThreshold: 60}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to mend it
//! Add the labels to `nodeSelector`, or require them in every term of the node affinity.

use serde_json::json;

use crate::cluster::Node;
use crate::edit::Draft;
use crate::native_only;
use crate::pod::{Container, ContainerKind, Pod};
use crate::repair::{Phase, Refusal, Repair, Task, universal};
use crate::rules::Rule;
use crate::settings::{Action, Fix, Settings, SidecarSupport};
use crate::violation::{ErrorKind, Finding};

pub(crate) const RULE: Rule = Rule {
    id: "sidecar-on-unsupported-node",
    default: Action::Deny,
    source: native_only(include_str!("sidecar_on_unsupported_node.rs")),
    check,
    repair: Some(Repair { needs: Fix::All, phase: Phase::Pod, make }),
};

fn check(pod: &Pod<'_>, settings: &Settings, findings: &mut Vec<Finding>) {
    let finding = unseen(pod, settings)
        .or_else(|| on_old_node(pod, settings))
        .or_else(|| pair_on_old_node(pod, settings))
        .or_else(|| unlabelled(pod, settings))
        .or_else(|| on_faulty_node(pod, settings));
    findings.extend(finding);
}

fn finding(pod: &Pod<'_>, detail: String, short: String, ceiling: Action) -> Finding {
    let path = pod.path().child("nodeSelector");
    Finding { path, kind: ErrorKind::Required, detail, short, ceiling, suggestion: None }
}

/// The nodes were asked for, and not told.
fn unseen(pod: &Pod<'_>, settings: &Settings) -> Option<Finding> {
    let unseen = settings.nodes.unseen().filter(|_| pod.has_sidecar())?;
    let detail = format!(
        "whether all nodes know sidecar containers could not be looked up: {unseen}; it is taken for granted"
    );
    Some(finding(pod, detail, format!("nodes could not be looked up: {unseen}"), Action::Warn))
}

fn sidecars<'p>(pod: &'p Pod<'_>) -> impl Iterator<Item = &'p Container<'p>> {
    pod.containers.iter().filter(|container| matches!(container.kind, ContainerKind::Sidecar(_)))
}

fn is_of_pair(container: &Container<'_>) -> bool {
    universal::is_native_copy(&container.fields.command)
}

/// A node in reach where the Pod would not start. The native copy of a pair does no harm there, save where the kubelet refuses it.
fn on_old_node(pod: &Pod<'_>, settings: &Settings) -> Option<Finding> {
    let mut nodes = settings.nodes.in_reach(pod);
    let refusing = nodes.find(|node| node.refuses_sidecars()).zip(sidecars(pod).next());
    let ignoring =
        || settings.nodes.old_in_reach(pod).zip(sidecars(pod).find(|sidecar| !is_of_pair(sidecar)));
    let (node, sidecar) = refusing.or_else(ignoring)?;
    let remedy = match missing_label_of(pod, settings) {
        Some((key, value)) => format!("require the label {key}: {value}"),
        None => "select nodes with a kubelet from 1.29 on".to_owned(),
    };
    let name = sidecar.name();
    let detail = format!(
        "sidecar container {name} may land on {node}, which does not know sidecar containers; {remedy}"
    );
    let suggestion = missing_label_of(pod, settings).map(|(key, value)| json!({key: value}));
    Some(Finding { suggestion, ..finding(pod, detail, format!("must {remedy}"), Action::Deny) })
}

/// An old node in reach where a pair starts, but holds nothing.
fn pair_on_old_node(pod: &Pod<'_>, settings: &Settings) -> Option<Finding> {
    let pair = sidecars(pod).find(|sidecar| is_of_pair(sidecar))?.name();
    let node = settings.nodes.old_in_reach(pod)?;
    let detail = format!(
        "on {node}, the sidecar of which {pair} is the native copy is a classic one, which does not hold {}, nor lets a Job complete",
        pod.application()
    );
    Some(finding(pod, detail, format!("on old nodes, {pair} holds nothing"), Action::Warn))
}

/// A label that the settings ask for is not required.
fn unlabelled(pod: &Pod<'_>, settings: &Settings) -> Option<Finding> {
    let sidecar = sidecars(pod).next()?.name();
    let (key, value) = missing_label(pod, settings)?;
    let detail = format!(
        "sidecar container {sidecar} may land on a node that does not know sidecar containers; require the label {key}: {value}"
    );
    let short = format!("must require the label {key}: {value}");
    Some(Finding { suggestion: Some(json!({key: value})), ..finding(pod, detail, short, Action::Deny) })
}

/// A node in reach whose kubelet has a known fault with init containers that have a `startupProbe`.
fn on_faulty_node(pod: &Pod<'_>, settings: &Settings) -> Option<Finding> {
    let sidecar = sidecars(pod).next()?.name();
    let has_probe =
        |container: &Container<'_>| container.is_init() && container.fields.startup_probe.is_some();
    if !pod.containers.iter().any(has_probe) {
        return None;
    }
    let never_restarts = *pod.spec().restart_policy == *"Never";
    let mut nodes = settings.nodes.in_reach(pod);
    let (node, defect) = nodes.find_map(|node| Some((node, node.defect(never_restarts)?)))?;
    let detail = format!("sidecar container {sidecar} may land on {node}, which {defect}; upgrade it");
    Some(finding(pod, detail, format!("{node} has a known fault with sidecars"), Action::Warn))
}

/// A label that the settings ask Pods with sidecar containers to require, and this one does not.
fn missing_label<'s>(pod: &Pod<'_>, settings: &'s Settings) -> Option<(&'s String, &'s String)> {
    let is_asked_for = settings.nodes.sidecar_support == SidecarSupport::Labelled;
    missing_label_of(pod, settings).filter(|_| is_asked_for)
}

/// A label of nodes that know sidecar containers which the Pod does not require.
fn missing_label_of<'s>(pod: &Pod<'_>, settings: &'s Settings) -> Option<(&'s String, &'s String)> {
    settings.nodes.label.iter().find(|(key, value)| !pod.spec().requires_node_label(key, value))
}

/// Whether the Pod lands only on nodes that know sidecar containers, or may be made to.
///
/// # Errors
/// Why not.
pub(crate) fn may_have_sidecars(pod: &Pod<'_>, settings: &Settings) -> Result<(), Refusal> {
    // A verdict gives the Pod the benefit of the doubt; a repair must not.
    if let Some(unseen) = settings.nodes.unseen() {
        return Err(
            format!("whether all nodes know sidecar containers could not be looked up: {unseen}").into()
        );
    }
    let old = settings.nodes.old_in_reach(pod);
    if old.is_none() && missing_label(pod, settings).is_none() {
        return Ok(());
    }
    // No label, or one that old nodes have as well, would keep it from them.
    let has_labels =
        |node: &Node| settings.nodes.label.iter().all(|(key, value)| node.labels.get(key) == Some(value));
    if let Some(node) = settings.nodes.in_reach(pod).find(|node| node.is_old() && has_labels(node)) {
        return Err(format!("it may land on {node}, which does not know sidecar containers").into());
    }
    if pod.is_of_daemon_set() {
        return Err(
            "the Pods of a DaemonSet that require a node label would vanish from the other nodes".into()
        );
    }
    if !pod.spec().node_name.is_empty() {
        return Err("nodeName has chosen a node already, which need not know sidecar containers".into());
    }
    let mut label = settings.nodes.label.iter();
    match label.find(|(key, value)| pod.spec().conflicts_with_node_label(key, value)) {
        Some((key, _)) => Err(format!("the Pod asks for nodes with another value of {key}").into()),
        None => Ok(()),
    }
}

fn make(task: &Task<'_>, draft: &mut Draft<'_>) -> Result<String, Refusal> {
    let Task { pod, settings, .. } = *task;
    may_have_sidecars(pod, settings)?;
    let missing = settings.nodes.label.iter();
    let missing: Vec<_> =
        missing.filter(|(key, value)| !pod.spec().requires_node_label(key, value)).collect();
    if missing.is_empty() {
        return Err("no label would keep it from those nodes".into());
    }
    for (key, value) in &missing {
        draft.set_in_template(&["spec", "nodeSelector", key], json!(value));
    }
    let labels: Vec<_> = missing.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    Ok(format!("added to nodeSelector {}", labels.join(", ")))
}
