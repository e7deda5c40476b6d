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

use k8s_openapi::api::core::v1::{LifecycleHandler, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::command::{Ends, outcome};
use crate::native_only;
use crate::object::ContainerFields;
use crate::pod::{Container, ContainerKind, Pod};
use crate::rules::Rule;
use crate::sequence::{Timing, post_start};
use crate::settings::{Action, Settings};
use crate::violation::{ErrorKind, Finding};

pub(super) const RULE: Rule = Rule {
    id: "startup-gate-never-opens",
    default: Action::Deny,
    source: native_only(include_str!("startup_gate_never_opens.rs")),
    check,
};

/// A gate that never opens.
struct DeadGate {
    /// The path from the container to it.
    path: &'static [&'static str],
    /// What is wrong with it.
    reason: String,
}

fn check(pod: &Pod<'_>, _: &Settings, findings: &mut Vec<Finding>) {
    for container in &pod.containers {
        let Some(ceiling) = container.sidecar().and_then(|facts| facts.ceiling()) else { continue };
        let Some(gate) = dead_gate(pod, container) else { continue };
        let path = gate.path.iter().fold(pod.path_of(container), |path, key| path.child(key));
        let name = container.name();
        let effect = if container.is_init() {
            format!("so {} never starts", pod.application())
        } else {
            "so the kubelet kills the container again and again".to_owned()
        };
        findings.push(Finding {
            path,
            kind: ErrorKind::Invalid,
            detail: format!("the gate of sidecar {name} never opens: {}, {effect}", gate.reason),
            short: format!("the gate of {name} never opens"),
            ceiling,
            suggestion: None,
        });
    }
}

/// Whether a gate of this container never opens. What is reported so is not reported a second time as missing.
pub(super) fn has_dead_gate(pod: &Pod<'_>, container: &Container<'_>) -> bool {
    dead_gate(pod, container).is_some()
}

fn dead_gate(pod: &Pod<'_>, container: &Container<'_>) -> Option<DeadGate> {
    let hook = post_start(container.fields).and_then(dead_hook);
    if let Some(reason) = hook {
        return Some(DeadGate { path: &["lifecycle", "postStart"], reason });
    }
    // The startupProbe of an entry of containers holds nobody.
    let probe = container.fields.startup_probe.as_ref().filter(|_| container.is_init())?;
    dead_probe(pod, container, probe).map(|reason| DeadGate { path: &["startupProbe"], reason })
}

fn dead_hook(hook: &LifecycleHandler) -> Option<String> {
    if hook.tcp_socket.is_some() {
        return Some("a hook with tcpSocket always fails".to_owned());
    }
    let words = hook.exec.as_ref()?.command.as_deref()?;
    let outcome = outcome(words);
    if outcome.ends == Ends::Failure {
        return Some("the command of its postStart hook always fails".to_owned());
    }
    (outcome.sleeps == u32::MAX).then(|| "its postStart hook sleeps for ever".to_owned())
}

fn dead_probe(pod: &Pod<'_>, container: &Container<'_>, probe: &Probe) -> Option<String> {
    if let Some(words) = probe.exec.as_ref().and_then(|exec| exec.command.as_deref()) {
        let outcome = outcome(words);
        let timeout = Timing::of(probe).timeout;
        if outcome.ends == Ends::Failure {
            return Some("its command always fails".to_owned());
        }
        return (timeout <= u64::from(outcome.sleeps))
            .then(|| format!("its command sleeps {} s, past timeoutSeconds {timeout}", outcome.sleeps));
    }
    let (host, port) = target(probe)?;
    if host.is_some_and(|host| !host.is_empty()) {
        return None;
    }
    let number = match &port {
        IntOrString::Int(number) => *number,
        IntOrString::String(name) => match declared(container.fields, name) {
            Some(number) => number,
            None => return Some(format!("it asks for port {name:?}, which the container does not declare")),
        },
    };
    let path = probe.http_get.as_ref().and_then(|request| request.path.as_deref()).unwrap_or("/");
    if path.starts_with("/app-health/") && number == ISTIO_AGENT_PORT && has_classic_istio(pod) {
        return Some("Istio has rewritten it to ask istio-proxy, which starts later".to_owned());
    }
    if container.follows_application(pod, path) {
        return Some(format!("{path} answers only once the application does"));
    }
    let later = pod.containers.iter().skip_while(|other| !std::ptr::eq(*other, container)).skip(1);
    let declares =
        |fields: &ContainerFields<'_>| fields.ports.iter().any(|port| port.container_port == number);
    let mut earlier = pod.containers.iter().take_while(|other| !std::ptr::eq(*other, container));
    if declares(container.fields) || earlier.any(|other| declares(other.fields)) {
        return None;
    }
    let owner = later.into_iter().find(|other| declares(other.fields))?;
    Some(format!("it asks for port {number} of {}, which starts later", owner.name()))
}

/// The port of Istio's agent, to which the injector rewrites the probes of the other containers.
const ISTIO_AGENT_PORT: i32 = 15020;

fn has_classic_istio(pod: &Pod<'_>) -> bool {
    pod.containers.iter().any(|container| {
        matches!(container.kind, ContainerKind::ClassicSidecar(facts) if facts.row.is_some_and(|row| row.name == "istio-proxy"))
    })
}

/// The host and the port that a probe asks.
fn target(probe: &Probe) -> Option<(Option<&str>, IntOrString)> {
    if let Some(request) = &probe.http_get {
        return Some((request.host.as_deref(), request.port.clone()));
    }
    if let Some(socket) = &probe.tcp_socket {
        return Some((socket.host.as_deref(), socket.port.clone()));
    }
    probe.grpc.as_ref().map(|grpc| (None, IntOrString::Int(grpc.port)))
}

/// The number of a port that a container declares under a name. A number in quotes is one, too (`pkg/probe/util.go`).
fn declared(fields: &ContainerFields<'_>, name: &str) -> Option<i32> {
    let mut ports = fields.ports.iter();
    let named = ports.find(|port| port.name.as_deref() == Some(name)).map(|port| port.container_port);
    named.or_else(|| name.parse().ok())
}
