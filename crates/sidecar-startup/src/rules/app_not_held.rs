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

use crate::dead_gate::DeadGates;
use crate::gate::hook_is_gate;
use crate::native_only;
use crate::pod::{ContainerKind, Pod};
use crate::repair::{Phase, Repair, conversion, hold};
use crate::rules::startup_gate_never_opens::is_reported;
use crate::rules::{Rule, classic_sidecar};
use crate::settings::{Action, Fix, Need, Scope, Settings};
use crate::violation::{ErrorKind, Finding};

pub(super) const RULE: Rule = Rule {
    id: "app-not-held",
    default: Action::Deny,
    source: native_only(include_str!("app_not_held.rs")),
    check,
    repair: Some(Repair { needs: Fix::All, phase: Phase::Hold, make: hold::make }),
};

fn check(pod: &Pod<'_>, settings: &Settings, findings: &mut Vec<Finding>) {
    if pod.should_complete {
        return;
    }
    let dead_gates = DeadGates::of(pod);
    for (position, container) in pod.containers.iter().enumerate() {
        let ContainerKind::ClassicSidecar(facts) = container.kind else { continue };
        // A helper need not be waited for.
        if facts.need != Need::AtStart {
            continue;
        }
        let keep_classic = settings.nodes.keep_classic(pod, container);
        let is_denied_or_repaired = match settings.action_on(&classic_sidecar::RULE, container.fields) {
            _ if keep_classic => false,
            Action::Deny => true,
            Action::Warn => settings.fix == Fix::All && conversion::check(pod, container, settings).is_ok(),
            Action::Ignore => false,
        };
        let is_asked_for = settings.hold_application.scope == Scope::All || pod.asks_to_be_held(container);
        if is_denied_or_repaired || !is_asked_for {
            continue;
        }
        let name = container.name();
        let is_app = |kind| matches!(kind, ContainerKind::App);
        let first = pod.containers.iter().take(position).find(|other| is_app(other.kind));
        let has_hook = container.fields.post_start().is_some_and(hook_is_gate);
        let is_blocking = has_hook || is_reported(&dead_gates, container, settings);
        let (path, kind, state, remedy) = match (first, is_blocking) {
            (None, true) => continue,
            (Some(app), true) => {
                let state = format!("is listed after {}, which therefore starts before it", app.name());
                (pod.path_of(container), ErrorKind::Forbidden, state, "list it first")
            }
            (Some(app), false) => {
                let state = format!("is listed after {} and has no blocking postStart hook", app.name());
                (
                    pod.path_of(container),
                    ErrorKind::Forbidden,
                    state,
                    "list it first, and add a hook that waits until it is ready",
                )
            }
            (None, false) => {
                let state =
                    format!("has no blocking postStart hook, so {} starts at once", pod.application());
                let path = pod.path_of(container).child("lifecycle").child("postStart");
                (path, ErrorKind::Required, state, "add one that waits until it is ready")
            }
        };
        let or_move = if keep_classic { "" } else { ", or move it to initContainers with a startupProbe" };
        findings.push(Finding {
            path,
            kind,
            detail: format!("sidecar {name} {state}; {remedy}{or_move}"),
            short: format!("sidecar {name} does not hold {}", pod.application()),
            ceiling: Action::Deny,
            suggestion: None,
        });
    }
}
