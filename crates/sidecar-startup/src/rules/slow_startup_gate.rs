//! A gate costs more time than it must, or than it may.
//!
//! # Why
//! A probe notices success up to `periodSeconds` late, so an unset period, which is 10, adds up to ten seconds to every start of the
//! Pod, for each gate in the chain. The time that a sidecar surely has, D + (F - 1) * P, must fit `startupSeconds`: too short kills a
//! sidecar that is only slow, too long hides one that never comes up. And the chain of gates must fit the deadline of the Deployment
//! (`progressDeadlineSeconds`, 600 by default), Job or Pod (`activeDeadlineSeconds`). What upstream ships is never called slow.
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
//! # How to mend it
//! Set `periodSeconds: 1`, and `failureThreshold` to the seconds that the sidecar may take; the first without the second would take
//! time from it.

use crate::dead_gate::DeadGates;
use crate::gate::probe_is_gate;
use crate::native_only;
use crate::pod::{ContainerKind, Pod};
use crate::rules::Rule;
use crate::rules::startup_gate_never_opens::is_reported;
use crate::sequence::Timing;
use crate::settings::{Action, Settings, StartupSeconds};
use crate::violation::{ErrorKind, Finding};

pub(super) const RULE: Rule = Rule {
    id: "slow-startup-gate",
    default: Action::Warn,
    source: native_only(include_str!("slow_startup_gate.rs")),
    check,
    repair: None,
};

/// From this period on, in seconds, a probe costs more than the answer is worth.
const SLOW_PERIOD: u64 = 10;

fn check(pod: &Pod<'_>, settings: &Settings, findings: &mut Vec<Finding>) {
    let dead_gates = DeadGates::of(pod);
    let mut is_too_long = false;
    let mut chain = 0_u64;
    for container in &pod.containers {
        let ContainerKind::Sidecar(facts) = container.kind else { continue };
        let Some(ceiling) = facts.ceiling() else { continue };
        let Some(probe) = container.fields.startup_probe.as_ref() else { continue };
        if !probe_is_gate(probe)
            || is_reported(&dead_gates, container, settings)
            || pod.has_known_probe(container)
        {
            continue;
        }
        let timing = Timing::of(probe);
        let budget = timing.budget();
        chain = chain.saturating_add(budget);
        let StartupSeconds { minimum, maximum } = settings.startup_seconds;
        let name = container.name();
        is_too_long |= u64::from(maximum) < budget;
        let (field, detail, short) = if SLOW_PERIOD <= timing.period {
            let unset = if probe.period_seconds.is_none() { "unset, which is" } else { "set to" };
            let period = timing.period;
            // As much time as before, from the same first attempt on.
            let failures = (timing.failure_threshold - 1).saturating_mul(period).saturating_add(1);
            (
                "periodSeconds",
                format!(
                    "the period of sidecar {name} is {unset} {period} and adds up to {period} s to every start; set \
                     periodSeconds to 1 and failureThreshold to {failures}"
                ),
                format!("costs up to {period} s; set 1 and failureThreshold {failures}"),
            )
        } else if budget < u64::from(minimum) {
            (
                "failureThreshold",
                format!(
                    "sidecar {name} has {budget} s to become ready, which is less than {minimum} s; raise it"
                ),
                format!("{name} has {budget} s to become ready, less than {minimum} s"),
            )
        } else if u64::from(maximum) < budget {
            (
                "failureThreshold",
                format!(
                    "sidecar {name} has {budget} s to become ready, which is more than {maximum} s; lower it"
                ),
                format!("{name} has {budget} s to become ready, more than {maximum} s"),
            )
        } else {
            continue;
        };
        findings.push(Finding {
            path: pod.path_of(container).child("startupProbe").child(field),
            kind: ErrorKind::Invalid,
            detail,
            short,
            ceiling,
            suggestion: None,
        });
    }
    // Where one gate alone is too long, that has been said.
    if let Some(deadline) = pod.deadline.filter(|deadline| deadline.seconds < chain && !is_too_long) {
        let (seconds, field) = (deadline.seconds, deadline.field);
        findings.push(Finding {
            path: pod.path().child("initContainers"),
            kind: ErrorKind::Invalid,
            detail: format!(
                "the gates of the sidecars may take {chain} s together, which is past {field} {seconds}"
            ),
            short: format!("the gates may take {chain} s, past {field} {seconds}"),
            ceiling: Action::Deny,
            suggestion: None,
        });
    }
}
