//! A gate takes longer than it has to, or than it may.
//!
//! # Why
//! A probe notices success up to `periodSeconds` late, so the default of 10 adds up to ten seconds to every start of the Pod, for each
//! gate in the chain. A sidecar's start-up budget, initialDelaySeconds + (failureThreshold - 1) x periodSeconds, must fit the setting
//! `startupSeconds`: too short a budget kills a sidecar that is merely slow, too long a one hides a sidecar that never comes up. All
//! gates together must fit the deadline of the Deployment (`progressDeadlineSeconds`, 600 by default), Job or Pod
//! (`activeDeadlineSeconds`). Probes that a sidecar's own project ships are not reported.
//!
//! # Warned
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   initContainers:
//!     - name: proxy
//!       image: proxy:1
//!       restartPolicy: Always
//!       startupProbe: {httpGet: {path: /ready, port: 8080}}
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
//!   initContainers:
//!     - name: proxy
//!       image: proxy:1
//!       restartPolicy: Always
//!       startupProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1, failureThreshold: 60}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to fix it
//! Set `periodSeconds: 1`, and `failureThreshold` to the number of seconds that the sidecar may take. Set both: a shorter period alone
//! shrinks the budget.

use k8s_openapi::api::core::v1::Probe;

use super::rule::Rule;
use crate::finding::{ErrorKind, Finding, Subject};
use crate::model::gate::probe_is_gate;
use crate::model::texts::texts;
use crate::model::timing::Timing;
use crate::pod::container::{Container, ContainerKind};
use crate::settings::action::Action;
use crate::settings::rule_id::RuleId;
use crate::settings::startup_seconds::StartupSeconds;
use crate::startup::context::Context;

pub(super) const RULE: Rule = Rule {
    id: RuleId::SlowStartupGate,
    source: texts(include_str!("slow_startup_gate.rs")),
    check,
    repair: None,
};

/// The shortest period, in seconds, that is reported as slow.
const SLOW_PERIOD: u64 = 10;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let StartupSeconds { minimum, maximum } = context.settings.startup_seconds;
    let mut is_too_long = false;
    let mut chain = 0_u64;
    for container in &context.pod.containers {
        let ContainerKind::Sidecar(facts) = container.kind else { continue };
        let Some(ceiling) = facts.ceiling() else { continue };
        let Some(probe) = own_gate(context, container) else { continue };
        let budget = Timing::of(probe).budget();
        chain = chain.saturating_add(budget);
        is_too_long |= u64::from(maximum) < budget;
        let fault = slow_period(container, probe, context.settings.startup_seconds)
            .or_else(|| too_short(container, budget, minimum))
            .or_else(|| too_long(container, budget, maximum));
        let Some(Fault { field, detail, short }) = fault else { continue };
        findings.push(Finding {
            subject: Subject::Container(container.id),
            path: context.pod.path_of(container).child("startupProbe").child(field),
            kind: ErrorKind::Invalid,
            detail,
            short,
            ceiling,
        });
    }
    // A single gate that is too long has been reported already.
    if !is_too_long {
        findings.extend(past_deadline(context, chain));
    }
}

/// The `startupProbe` that the author of a container chose; none if another rule reports it, or if it is the one that the sidecar's
/// own project ships.
fn own_gate<'c>(context: &Context<'_>, container: &'c Container<'_>) -> Option<&'c Probe> {
    let probe = container.fields.startup_probe.as_ref()?;
    let is_own = probe_is_gate(probe)
        && context.reported_dead_gate(container).is_none()
        && !container.has_known_probe();
    is_own.then_some(probe)
}

/// What is wrong with a `startupProbe`, and in which of its fields.
struct Fault {
    field: &'static str,
    detail: String,
    short: String,
}

fn slow_period(container: &Container<'_>, probe: &Probe, limits: StartupSeconds) -> Option<Fault> {
    let Timing { period, initial_delay, .. } = Timing::of(probe);
    if period < SLOW_PERIOD {
        return None;
    }
    let name = container.name();
    let state = if probe.period_seconds.is_none() {
        format!("no periodSeconds, so the default of {period}")
    } else {
        format!("periodSeconds: {period}, which")
    };
    // As much time as before, counted from the same first attempt, but neither less nor more than is allowed.
    let (least, most) = (u64::from(limits.minimum), u64::from(limits.maximum));
    let budget = Timing::of(probe).budget().max(least).min(most);
    let failures = budget.saturating_sub(initial_delay).saturating_add(1);
    Some(Fault {
        field: "periodSeconds",
        detail: format!(
            "the startupProbe of sidecar {name} has {state} adds up to {period} s to every start; set periodSeconds: 1 and \
             failureThreshold: {failures}"
        ),
        short: format!(
            "adds up to {period} s to every start; set periodSeconds: 1 and failureThreshold: {failures}"
        ),
    })
}

fn too_short(container: &Container<'_>, budget: u64, minimum: u32) -> Option<Fault> {
    let name = container.name();
    (budget < u64::from(minimum)).then(|| Fault {
        field: "failureThreshold",
        detail: format!(
            "sidecar {name} has {budget} s to become ready, less than the minimum of {minimum} s; raise failureThreshold"
        ),
        short: format!("{name} has {budget} s to become ready, less than {minimum} s; raise failureThreshold"),
    })
}

fn too_long(container: &Container<'_>, budget: u64, maximum: u32) -> Option<Fault> {
    let name = container.name();
    (u64::from(maximum) < budget).then(|| Fault {
        field: "failureThreshold",
        detail: format!(
            "sidecar {name} has {budget} s to become ready, more than the maximum of {maximum} s; lower failureThreshold"
        ),
        short: format!("{name} has {budget} s to become ready, more than {maximum} s; lower failureThreshold"),
    })
}

/// The gates of all sidecars together may take longer than the Pod's deadline.
fn past_deadline(context: &Context<'_>, chain: u64) -> Option<Finding> {
    let deadline = context.pod.deadline.filter(|deadline| deadline.seconds < chain)?;
    let (seconds, field) = (deadline.seconds, deadline.field);
    Some(Finding {
        // A change that makes the chain longer is a new fault.
        subject: Subject::Pod(format!("{chain} s past {field} {seconds}").into()),
        path: context.pod.path().child("initContainers"),
        kind: ErrorKind::Invalid,
        detail: format!(
            "the startupProbes of all sidecars may take {chain} s together, but {field} is {seconds}; lower their failureThreshold \
             or raise the deadline"
        ),
        short: format!(
            "startupProbes may take {chain} s, but {field} is {seconds}; lower their failureThreshold"
        ),
        ceiling: Action::Deny,
    })
}
