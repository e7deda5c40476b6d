//! A gate waits for what it holds back, or can only fail: the application never starts.
//!
//! # Why
//! While the gate of a sidecar container has not opened, nothing behind it is started. So a gate must not ask for a port that only
//! a later container declares, nor for the readiness of an application that it holds back. Some gates cannot open at all: a
//! `startupProbe` on a named port that its own container does not declare (the kubelet drops the error and waits for ever,
//! `pkg/kubelet/prober/worker.go`), a command that always fails or sleeps past `timeoutSeconds` (1 by default), a `tcpSocket`
//! handler in a hook, which no kubelet implements (`pkg/kubelet/lifecycle/handlers.go`), and a probe that Istio has rewritten to
//! ask a proxy that starts later.
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
//!       startupProbe: {httpGet: {path: /ready, port: admin}, periodSeconds: 1, failureThreshold: 600}
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
//!       ports: [{name: admin, containerPort: 8080}]
//!       startupProbe: {httpGet: {path: /ready, port: admin}, periodSeconds: 1, failureThreshold: 600}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to mend it
//! Ask the sidecar itself, on a port that it declares, for something that does not depend on the application.

use crate::dead_gate::{DeadGates, Effect};
use crate::native_only;
use crate::pod::{Container, Pod};
use crate::rules::Rule;
use crate::settings::{Action, Settings};
use crate::violation::{ErrorKind, Finding};

pub(crate) const RULE: Rule = Rule {
    id: "startup-gate-never-opens",
    default: Action::Deny,
    source: native_only(include_str!("startup_gate_never_opens.rs")),
    check,
    repair: None,
};

fn check(pod: &Pod<'_>, _: &Settings, findings: &mut Vec<Finding>) {
    let dead_gates = DeadGates::of(pod);
    for container in &pod.containers {
        let Some(ceiling) = container.sidecar().and_then(|facts| facts.ceiling()) else { continue };
        let Some(gate) = dead_gates.find(container) else { continue };
        let name = container.name();
        let effect = match gate.effect {
            Effect::Blocks => format!("so {} never starts", pod.application_after(container)),
            Effect::Kills => "so the kubelet kills the container again and again".to_owned(),
        };
        findings.push(Finding {
            path: gate.path.iter().fold(pod.path_of(container), |path, key| path.child(key)),
            kind: ErrorKind::Invalid,
            detail: format!("the gate of sidecar {name} never opens: {}, {effect}", gate.reason),
            short: format!("the gate of {name} never opens"),
            ceiling,
            suggestion: None,
        });
    }
}

/// Whether this rule reports a gate of a container. What it reports, others need not.
pub(super) fn is_reported(
    dead_gates: &DeadGates<'_, '_>,
    container: &Container<'_>,
    settings: &Settings,
) -> bool {
    settings.action_on(&RULE, container.fields) != Action::Ignore && dead_gates.find(container).is_some()
}
