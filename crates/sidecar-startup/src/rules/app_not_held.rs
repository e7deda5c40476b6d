//! A sidecar that stays in `containers` does not hold back the application.
//!
//! # Why
//! The kubelet starts the entries of `containers` in order and waits for each `postStart` hook before it starts the next one. So a
//! classic sidecar delays the application only if it is listed first *and* has a hook that blocks until it is ready, which is what
//! Istio's `holdApplicationUntilProxyStarts` sets up. Either half alone does nothing. Even both are a delay rather than a gate: if the
//! hook fails, the application starts anyway. The rule covers what `classic-sidecar` does not deny, in Pods that keep running; in a
//! Pod that should complete, a hook that times out would leave the sidecar dead.
//!
//! Where `classic-sidecar` only warns about a sidecar, this rule only warns, too, unless the setting `rules` names it. Where
//! `classic-sidecar: Ignore` accepts classic sidecars, or `nodes.oldNodes: Hold` keeps one, it has to hold the application.
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
//! # How to fix it
//! List the sidecar before the application and give it a `postStart` hook that waits. Better: make it a sidecar container.

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

/// Says whether classic sidecars should hold back the application.
const HOLD_ANNOTATION: &str = "sidecar-startup/hold-application";

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.pod.should_complete {
        return;
    }
    for container in &context.pod.containers {
        let ContainerKind::ClassicSidecar(facts) = container.kind else { continue };
        // Nothing has to wait for a helper.
        if facts.need == Need::AtStart && is_to_hold(context, container) {
            findings.extend(unheld(context, container));
        }
    }
}

/// Whether a classic sidecar stays in `containers`, and the operator wants it to hold back the application there.
fn is_to_hold(context: &Context<'_>, sidecar: &Container<'_>) -> bool {
    let is_repaired = || context.settings.fix == Fix::All && is_moved(context, sidecar);
    let stays = context.keeps_classic(sidecar)
        || match context.action_on(RuleId::ClassicSidecar, sidecar) {
            Action::Deny => false,
            Action::Warn => !is_repaired(),
            Action::Ignore => true,
        };
    let is_asked_for = context.settings.hold_application.scope == Scope::All || asks(context.pod, sidecar);
    stays && is_asked_for
}

/// Whether `classic-sidecar` moves a sidecar, or says why it does not. An operator who names this rule wants it held then.
fn is_moved(context: &Context<'_>, sidecar: &Container<'_>) -> bool {
    if context.settings.names(RuleId::AppNotHeld) {
        conversion::is_possible(context, sidecar)
    } else {
        conversion::is_planned(context, sidecar)
    }
}

/// The most that is done about a classic sidecar that does not hold: no more than about its being classic, unless the operator names
/// this rule, or keeps it there.
fn ceiling(context: &Context<'_>, sidecar: &Container<'_>) -> Action {
    let is_milder = context.action_on(RuleId::ClassicSidecar, sidecar) == Action::Warn
        && !context.settings.names(RuleId::AppNotHeld)
        && !context.keeps_classic(sidecar);
    if is_milder { Action::Warn } else { Action::Deny }
}

/// Whether the Pod's annotations ask for the application to be held back for a classic sidecar.
fn asks(pod: &Pod<'_>, sidecar: &Container<'_>) -> bool {
    match pod.annotations().get(HOLD_ANNOTATION) {
        Some(switch) => switch == "true",
        None => sidecar.is_istio_proxy() && hold_of(pod.annotations()) == Hold::Asked,
    }
}

/// Why a classic sidecar does not hold back the application; none if it does.
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
            let state = format!("is listed after {0}, so {0} starts before it", app.name());
            (path, ErrorKind::Forbidden, state, "list it first")
        }
        (Some(app), false) => {
            let state = format!(
                "is listed after {0} and has no blocking postStart hook, so it does not hold back {0}",
                app.name()
            );
            (
                path,
                ErrorKind::Forbidden,
                state,
                "list it first, with a postStart hook that waits until it is ready",
            )
        }
        (None, false) => {
            let state =
                format!("has no blocking postStart hook, so {} does not wait for it", pod.application());
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
        short: format!("sidecar {name} does not hold back {}; {remedy}", pod.application()),
        ceiling: ceiling(context, sidecar),
    })
}
