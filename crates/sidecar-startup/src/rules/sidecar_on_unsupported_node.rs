//! A Pod with sidecar containers may land on a node that does not support them.
//!
//! # Why
//! A kubelet before 1.28 ignores `restartPolicy` on an init container and waits forever for it to exit; kubelet 1.28 rejects the Pod.
//! The scheduler does not take this into account. If a cluster still has old nodes, the setting `nodes` says how to tell them apart.
//!
//! - `Labelled`: by labels, which the cluster's owner sets on nodes that support sidecar containers and names in `nodes.label`. Pods
//!   must require them.
//! - `Checked`: by kubelet version. The policy looks at all nodes that the Pod may land on, going by `nodeName`, `nodeSelector`, required
//!   node affinity and taints. A version that cannot be read is treated as old. The rule only warns if the sidecar was split into a
//!   native and a classic copy (`oldNodes: Universal`), since such a Pod starts on old nodes; if nodes could not be listed; and if a
//!   kubelet supports sidecar containers but has a known bug with them. One such bug, in 1.35 to 1.37, concerns restarts only: the
//!   `startupProbe` of a restarted sidecar is not repeated, so a `livenessProbe` beside it must survive a cold start.
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
//! # How to fix it
//! Add the labels to `nodeSelector`, or require them in every term of the required node affinity.

use serde_json::json;

use super::rule::Rule;
use crate::finding::{ErrorKind, Finding, Key, Refusal, Subject};
use crate::model::texts::texts;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::repair::draft::Draft;
use crate::repair::edit::Edit;
use crate::repair::plan::{Phase, Plan, Repair, Task};
use crate::settings::action::{Action, Fix};
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;
use crate::startup::nodes::{may_have_sidecars, missing_label, missing_labels};

pub(super) const RULE: Rule = Rule {
    id: RuleId::SidecarOnUnsupportedNode,
    source: texts(include_str!("sidecar_on_unsupported_node.rs")),
    check,
    repair: Some(Repair { needs: Fix::All, phase: Phase::Pod, plan }),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let finding = unavailable(context)
        .or_else(|| on_old_node(context))
        .or_else(|| pair_on_old_node(context))
        .or_else(|| unlabelled(context))
        .or_else(|| on_faulty_node(context))
        .or_else(|| on_forgetful_node(context));
    findings.extend(finding);
}

fn finding(context: &Context<'_>, key: Key, detail: String, short: String, ceiling: Action) -> Finding {
    let path = context.pod.path().child("nodeSelector");
    Finding { subject: Subject::Pod(key), path, kind: ErrorKind::Required, detail, short, ceiling }
}

/// The nodes could not be listed.
fn unavailable(context: &Context<'_>) -> Option<Finding> {
    let reason = context.reach.unavailable().filter(|_| context.pod.has_sidecar())?;
    let detail = format!(
        "could not list nodes: {reason}; assuming that all of them support sidecar containers; tell the operator"
    );
    let short = format!("could not list nodes: {reason}; tell the operator");
    Some(finding(context, "unavailable".into(), detail, short, Action::Warn))
}

fn sidecars<'p>(pod: &'p Pod<'_>) -> impl Iterator<Item = &'p Container<'p>> {
    pod.containers.iter().filter(|container| container.is_native_sidecar())
}

/// A node in reach where the Pod would not start. The native copy of a pair does no harm there, unless the kubelet rejects it.
fn on_old_node(context: &Context<'_>) -> Option<Finding> {
    let Context { pod, settings, reach, .. } = context;
    let refusing = reach.nodes().find(|node| node.refuses_sidecars()).zip(sidecars(pod).next());
    let ignoring = || reach.old_node().zip(sidecars(pod).find(|sidecar| sidecar.copy_of.is_none()));
    let (node, sidecar) = refusing.or_else(ignoring)?;
    let remedy = match missing_labels(pod, settings).next() {
        Some((key, value)) => format!("require the node label {key}: {value}"),
        None => "select nodes with kubelet 1.29 or later; ask the operator for their label".to_owned(),
    };
    let name = sidecar.name();
    let detail = format!(
        "sidecar container {name} may land on {node}, which does not support sidecar containers; {remedy}"
    );
    Some(finding(context, "old node".into(), detail, format!("must {remedy}"), Action::Deny))
}

/// An old node in reach, where a pair starts but does not hold back the application.
fn pair_on_old_node(context: &Context<'_>) -> Option<Finding> {
    let pair = sidecars(context.pod).find(|sidecar| sidecar.copy_of.is_some())?.name();
    let node = context.reach.old_node()?;
    let detail = format!(
        "on {node}, the classic copy of {pair} runs as the sidecar, which neither holds back {} nor lets a Job complete; ask \
         the operator to upgrade it to kubelet 1.29 or later",
        context.pod.application()
    );
    let short = format!("on old nodes, {pair} holds nothing back");
    Some(finding(context, "pair on old node".into(), detail, short, Action::Warn))
}

/// The Pod does not require a label that the settings ask for.
fn unlabelled(context: &Context<'_>) -> Option<Finding> {
    let sidecar = sidecars(context.pod).next()?.name();
    let (key, value) = missing_label(context.pod, context.settings)?;
    let detail = format!(
        "sidecar container {sidecar} may land on a node that does not support sidecar containers; require the node label {key}: \
         {value}"
    );
    let short = format!("must require the node label {key}: {value}");
    Some(finding(context, format!("label {key}").into(), detail, short, Action::Deny))
}

/// A node in reach whose kubelet has a known bug with init containers that have a `startupProbe`.
fn on_faulty_node(context: &Context<'_>) -> Option<Finding> {
    let pod = context.pod;
    let sidecar = sidecars(pod).next()?.name();
    if !pod.init_containers().any(|container| container.fields.startup_probe.is_some()) {
        return None;
    }
    let never_restarts = *pod.spec().restart_policy == *"Never";
    let mut nodes = context.reach.nodes();
    let (node, defect) = nodes.find_map(|node| Some((node, node.defect(never_restarts)?)))?;
    let detail = format!(
        "sidecar container {sidecar} may land on {node}, whose kubelet {defect}; ask the operator to upgrade it"
    );
    let short = format!("{node} has a known bug with sidecar containers; ask the operator to upgrade it");
    Some(finding(context, "faulty node".into(), detail, short, Action::Warn))
}

/// A node in reach whose kubelet does not repeat the `startupProbe` of a sidecar container that it restarts. That only matters where a
/// `livenessProbe` then sets in too early.
fn on_forgetful_node(context: &Context<'_>) -> Option<Finding> {
    let has_both = |sidecar: &&Container<'_>| {
        sidecar.fields.startup_probe.is_some() && sidecar.fields.liveness_probe.is_some()
    };
    let container = sidecars(context.pod).find(has_both)?;
    let sidecar = container.name();
    let node = context.reach.nodes().find(|node| node.forgets_startup_probe())?;
    let detail = format!(
        "on {node}, a restarted {sidecar} is not given the time of its startupProbe again, so its livenessProbe may stop it while it \
         starts; give the livenessProbe settings that survive a cold start"
    );
    let short = format!("the livenessProbe of {sidecar} must survive a cold start");
    let path = context.pod.path_of(container).child("livenessProbe");
    let finding = finding(context, "forgetful node".into(), detail, short, Action::Warn);
    Some(Finding { path, kind: ErrorKind::Invalid, ..finding })
}

fn plan(task: &Task<'_, '_>, _: &Draft<'_>) -> Result<Plan, Refusal> {
    let Context { pod, settings, reach, .. } = task.context;
    may_have_sidecars(pod, reach, settings)?;
    let missing: Vec<_> = missing_labels(pod, settings).collect();
    if missing.is_empty() {
        return Err("no label in the setting nodes keeps it off those nodes".into());
    }
    let edit = |(key, value): &(&str, &str)| Edit::SetInTemplate {
        path: ["spec", "nodeSelector", key].map(str::to_owned).to_vec(),
        value: json!(value),
    };
    let labels: Vec<_> = missing.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let what = format!("added {} to nodeSelector", labels.join(", "));
    Ok(Plan::new(what, missing.iter().map(edit).collect()))
}
