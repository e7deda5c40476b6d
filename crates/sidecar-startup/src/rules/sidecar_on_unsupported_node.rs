//! A Pod with sidecar containers may land on a node that does not know them.
//!
//! # Why
//! A kubelet before 1.28 ignores `restartPolicy` on an init container and waits for it to exit, for ever; one of 1.28 rejects the Pod.
//! The scheduler does not look at that. Where old nodes are left, the setting `nodes` names the labels of those that know sidecar
//! containers, and Pods have to require them.
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

use crate::edit::Draft;
use crate::native_only;
use crate::pod::{ContainerKind, Pod};
use crate::repair::{Phase, Refusal, Repair, Task};
use crate::rules::Rule;
use crate::settings::{Action, Fix, Settings};
use crate::violation::{ErrorKind, Finding};

pub(crate) const RULE: Rule = Rule {
    id: "sidecar-on-unsupported-node",
    default: Action::Deny,
    source: native_only(include_str!("sidecar_on_unsupported_node.rs")),
    check,
    repair: Some(Repair { needs: Fix::All, phase: Phase::Pod, make }),
};

fn check(pod: &Pod<'_>, settings: &Settings, findings: &mut Vec<Finding>) {
    let is_sidecar = |kind| matches!(kind, ContainerKind::Sidecar(_));
    let Some(sidecar) = pod.containers.iter().find(|container| is_sidecar(container.kind)) else { return };
    let Some((key, value)) = missing_label(pod, settings) else { return };
    findings.push(Finding {
        path: pod.path().child("nodeSelector"),
        kind: ErrorKind::Required,
        detail: format!(
            "sidecar container {} may land on a node that does not know sidecar containers; require the label {key}: {value}",
            sidecar.name()
        ),
        short: format!("must require the label {key}: {value}"),
        ceiling: Action::Deny,
        suggestion: Some(json!({key: value})),
    });
}

/// A label of nodes that know sidecar containers which the Pod does not require.
fn missing_label<'s>(pod: &Pod<'_>, settings: &'s Settings) -> Option<(&'s String, &'s String)> {
    settings.nodes.label.iter().find(|(key, value)| !pod.spec().requires_node_label(key, value))
}

/// Whether the Pod requires the labels of nodes that know sidecar containers, or may be made to.
///
/// # Errors
/// Why it may not.
pub(crate) fn may_be_required(pod: &Pod<'_>, settings: &Settings) -> Result<(), Refusal> {
    let label = &settings.nodes.label;
    if missing_label(pod, settings).is_none() {
        return Ok(());
    }
    if pod.is_of_daemon_set() {
        return Err(
            "the Pods of a DaemonSet that require a node label would vanish from the other nodes".into()
        );
    }
    if !pod.spec().node_name.is_empty() {
        return Err("nodeName has chosen a node already, which need not know sidecar containers".into());
    }
    match label.iter().find(|(key, value)| pod.spec().conflicts_with_node_label(key, value)) {
        Some((key, _)) => Err(format!("the Pod asks for nodes with another value of {key}").into()),
        None => Ok(()),
    }
}

fn make(task: &Task<'_>, draft: &mut Draft<'_>) -> Result<String, Refusal> {
    let Task { pod, settings, .. } = *task;
    may_be_required(pod, settings)?;
    let missing = settings.nodes.label.iter();
    let missing: Vec<_> =
        missing.filter(|(key, value)| !pod.spec().requires_node_label(key, value)).collect();
    for (key, value) in &missing {
        draft.set_in_template(&["spec", "nodeSelector", key], json!(value));
    }
    let labels: Vec<_> = missing.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    Ok(format!("added to nodeSelector {}", labels.join(", ")))
}
