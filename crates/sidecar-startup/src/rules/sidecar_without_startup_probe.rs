//! A sidecar container has no gate that holds the application until the sidecar is ready.
//!
//! # Why
//! The kubelet starts the next container as soon as a sidecar container has *started*. It waits for more only where the
//! sidecar has a `startupProbe`, which has to succeed, or a `postStart` hook, which has to return. A `readinessProbe` or a
//! `livenessProbe` holds nothing back (`pkg/kubelet/kuberuntime/kuberuntime_container.go`, `computeInitContainerActions`).
//! A hook is skipped when the kubelet is restarted while it runs, so it only counts where the setting `gates` names it.
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
//!       readinessProbe: {httpGet: {path: /ready, port: 8080}}
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
//!       startupProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1, failureThreshold: 600}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to mend it
//! Add a `startupProbe` that succeeds once the sidecar can do its work; its `readinessProbe` usually asks the right question
//! already. Set `periodSeconds: 1`: the default of 10 adds up to ten seconds to every start.

use crate::dead_gate::DeadGates;
use crate::edit::Draft;
use crate::gate::{hook_is_gate, probe_is_gate};
use crate::native_only;
use crate::object::ContainerFields;
use crate::pod::{ContainerKind, Pod};
use crate::probe::Source;
use crate::repair::{Phase, Refusal, Repair, Task};
use crate::rules::Rule;
use crate::rules::startup_gate_never_opens::is_reported;
use crate::settings::{Action, Fix, Settings};
use crate::violation::{ErrorKind, Finding};

pub(crate) const RULE: Rule = Rule {
    id: "sidecar-without-startup-probe",
    default: Action::Deny,
    source: native_only(include_str!("sidecar_without_startup_probe.rs")),
    check,
    repair: Some(Repair { needs: Fix::Safe, phase: Phase::Container, make }),
};

fn check(pod: &Pod<'_>, settings: &Settings, findings: &mut Vec<Finding>) {
    let dead_gates = DeadGates::of(pod);
    for container in &pod.containers {
        let ContainerKind::Sidecar(facts) = container.kind else {
            continue;
        };
        let Some(ceiling) = facts.ceiling() else { continue };
        let fields = container.fields;
        let startup_probe = fields.startup_probe.as_ref();
        // What upstream makes a sidecar's gate is one, whatever the settings say.
        let hook = fields.post_start();
        let has_hook =
            pod.has_known_gate(container) || (settings.gates.post_start && hook.is_some_and(hook_is_gate));
        // A gate that never opens is not missing as well.
        let is_dead = is_reported(&dead_gates, container, settings);
        if startup_probe.is_some_and(probe_is_gate) || has_hook || is_dead {
            continue;
        }
        let name = container.name();
        let application = pod.application();
        let (kind, state, short) = match startup_probe {
            Some(probe) if probe.exec.is_some() => {
                let state = format!(
                    "has a startupProbe that succeeds at once, so it does not hold back {application}"
                );
                (ErrorKind::Invalid, state, "succeeds at once on")
            }
            Some(_) => {
                let state =
                    format!("has a startupProbe without a handler, which does not hold back {application}");
                (ErrorKind::Invalid, state, "has no handler on")
            }
            None => (ErrorKind::Required, state_without_probe(fields, &application), "is missing on"),
        };
        let remedy = if startup_probe.is_some() {
            "make it ask whether the sidecar is ready"
        } else {
            "add a startupProbe"
        };
        findings.push(Finding {
            path: pod.path_of(container).child("startupProbe"),
            kind,
            detail: format!("sidecar container {name} {state}; {remedy}"),
            short: format!("{short} sidecar {name}"),
            ceiling,
            suggestion: pod.startup_probe_for(container, settings),
        });
    }
}

/// Says what the container has instead, since its writer most likely took that for a gate.
fn state_without_probe(fields: &ContainerFields<'_>, application: &str) -> String {
    let readiness = fields.readiness_probe.as_ref().map(|_| "readinessProbe");
    let liveness = fields.liveness_probe.as_ref().map(|_| "livenessProbe");
    let probes = match (readiness, liveness) {
        (Some(readiness), Some(liveness)) => format!("a {readiness} and a {liveness}, which do"),
        (Some(probe), None) | (None, Some(probe)) => format!("a {probe}, which does"),
        (None, None) => String::new(),
    };
    match (fields.post_start(), probes.as_str()) {
        (None, "") => format!("has no startupProbe, so {application} does not wait until it is ready"),
        (None, probes) => format!("has only {probes} not hold back {application}"),
        (Some(hook), _) if !hook_is_gate(hook) => {
            format!("has only a postStart hook that does nothing, which does not hold back {application}")
        }
        (Some(_), _) => format!(
            "has only a postStart hook to hold back {application}, which a restart of the kubelet skips and the setting \
             gates does not accept"
        ),
    }
}

fn make(task: &Task<'_>, draft: &mut Draft<'_>) -> Result<String, Refusal> {
    let Task { pod, settings, place, .. } = *task;
    let container = task.container()?;
    if container.fields.startup_probe.is_some() {
        return Err("the startupProbe that is there may be meant so".into());
    }
    let source = Source::find(pod, container, settings, place)?;
    let what = format!("gave sidecar {} a startupProbe from {source}", container.name());
    let probe = source.probe(|field| draft.get(place, field).cloned(), settings);
    draft.set(place, &["startupProbe"], probe.ok_or("no startupProbe can be derived")?);
    Ok(what)
}
