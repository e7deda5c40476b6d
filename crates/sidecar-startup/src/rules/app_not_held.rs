//! A sidecar that stays among `containers` does not hold the application.
//!
//! # Why
//! The kubelet starts the entries of `containers` in their order, and waits for the `postStart` hook of one before it starts the
//! next. So a classic sidecar delays the application only if it comes first *and* has a hook that blocks until it is ready; that is
//! what Istio's `holdApplicationUntilProxyStarts` does. Each half alone does nothing. It is a delay and no gate: a hook that fails
//! lets the application go on. The rule judges what `classic-sidecar` does not deny, in Pods that run on; in a Pod that should
//! complete, a hook that runs into its time limit would leave the sidecar dead.
//!
//! # Settings
//! ```yaml
//! rules: {classic-sidecar: Ignore}
//! ```
//!
//! # Denied
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   containers:
//!     - {name: shop, image: "shop:1"}
//!     - name: istio-proxy
//!       image: docker.io/istio/proxyv2:1.20.0
//!       lifecycle: {postStart: {exec: {command: [pilot-agent, wait]}}}
//! ```
//!
//! # Allowed
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   containers:
//!     - name: istio-proxy
//!       image: docker.io/istio/proxyv2:1.20.0
//!       lifecycle: {postStart: {exec: {command: [pilot-agent, wait]}}}
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to mend it
//! List the sidecar before the application and give it a `postStart` hook that waits; or, better, make it a sidecar container.

use super::rule::Rule;
use crate::finding::{ErrorKind, Finding, Subject};
use crate::model::gate::hook_is_gate;
use crate::model::istio_config::{Hold, hold_of};
use crate::model::texts::texts;
use crate::pod::Pod;
use crate::pod::container::{Container, ContainerKind};
use crate::repair::plan::{Phase, Repair};
use crate::repair::{conversion, hold};
use crate::settings::action::{Action, Fix, Need};
use crate::settings::hold_application::Scope;
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;

pub(super) const RULE: Rule = Rule {
    id: RuleId::AppNotHeld,
    source: texts(include_str!("app_not_held.rs")),
    check,
    repair: Some(Repair { needs: Fix::All, phase: Phase::Hold, plan: hold::plan }),
};

/// Says whether the application is to be held back for its classic sidecars.
const HOLD_ANNOTATION: &str = "sidecar-startup/hold-application";

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.pod.should_complete {
        return;
    }
    for container in &context.pod.containers {
        let ContainerKind::ClassicSidecar(facts) = container.kind else { continue };
        // A helper need not be waited for.
        if facts.need == Need::AtStart && is_to_hold(context, container) {
            findings.extend(unheld(context, container));
        }
    }
}

/// Whether a classic sidecar stays where it is, and the operator wants it to hold the application there.
fn is_to_hold(context: &Context<'_>, sidecar: &Container<'_>) -> bool {
    let stays = context.keeps_classic(sidecar)
        || match context.action_on(RuleId::ClassicSidecar, sidecar) {
            Action::Deny => false,
            Action::Warn => {
                context.settings.fix != Fix::All || !conversion::is_possible(context, sidecar)
            }
            Action::Ignore => true,
        };
    let is_asked_for = context.settings.hold_application.scope == Scope::All || asks(context.pod, sidecar);
    stays && is_asked_for
}

/// Whether the annotations of the Pod ask that the application be held back for a classic sidecar.
fn asks(pod: &Pod<'_>, sidecar: &Container<'_>) -> bool {
    match pod.annotations().get(HOLD_ANNOTATION) {
        Some(switch) => switch == "true",
        None => sidecar.is_istio_proxy() && hold_of(pod.annotations()) == Hold::Asked,
    }
}

/// What keeps a classic sidecar from holding the application, if anything does.
fn unheld(context: &Context<'_>, sidecar: &Container<'_>) -> Option<Finding> {
    let pod = context.pod;
    let name = sidecar.name();
    let first = pod.app_list().find(|other| other.is_app() && other.is_before(sidecar));
    let is_blocking = sidecar.fields.post_start().is_some_and(hook_is_gate)
        || context.reported_dead_gate(sidecar).is_some();
    let path = pod.path_of(sidecar);
    let (path, kind, state, remedy) = match (first, is_blocking) {
        (None, true) => return None,
        (Some(app), true) => {
            let state = format!("is listed after {}, which therefore starts before it", app.name());
            (path, ErrorKind::Forbidden, state, "list it first")
        }
        (Some(app), false) => {
            let state = format!("is listed after {} and has no blocking postStart hook", app.name());
            (path, ErrorKind::Forbidden, state, "list it first, and add a hook that waits until it is ready")
        }
        (None, false) => {
            let state = format!("has no blocking postStart hook, so {} starts at once", pod.application());
            let path = path.child("lifecycle").child("postStart");
            (path, ErrorKind::Required, state, "add one that waits until it is ready")
        }
    };
    let or_move = if context.keeps_classic(sidecar) {
        ""
    } else {
        ", or move it to initContainers with a startupProbe"
    };
    Some(Finding {
        subject: Subject::Container(sidecar.id),
        path,
        kind,
        detail: format!("sidecar {name} {state}; {remedy}{or_move}"),
        short: format!("sidecar {name} does not hold {}", pod.application()),
        ceiling: Action::Deny,
    })
}
