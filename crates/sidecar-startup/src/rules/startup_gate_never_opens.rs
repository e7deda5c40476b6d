//! A gate waits for what it holds back, or can only fail, so the application never starts.
//!
//! # Why
//! Until the gate of a sidecar container opens, or an ordinary init container exits, no later container is started. If it needs
//! something that starts later, both wait forever. The rule reports each such circle that it can prove, and the message says who needs
//! whom:
//!
//! - A `startupProbe`, a hook or the command of an init container asks for a port that only later containers declare, or the command of
//!   a sidecar waits for it, before what its gate asks for. A command asks for it at `localhost`, `127.0.0.1`, `[::1]` or `$POD_IP`, by a
//!   known client such as `curl` whose options show that it connects there: any other program may only pass the address on. Nothing is
//!   proven if an argument, a variable or a file in a volume might have the sidecar itself or an earlier one listen on that port: a
//!   `containerPort` is only informational. With `hostNetwork`, a process of the node may answer.
//! - A probe reaches its container only through a mesh proxy that starts later, because an init container has redirected the port or
//!   because Istio has rewritten the probe.
//! - A health endpoint is known to succeed only after the application does, such as Dapr's `/v1.0/healthz`.
//!
//! Files are never proof: no object shows who reads or writes them. Repairs are refused even for circles that are only possible.
//!
//! Other gates can only fail: a `startupProbe` on a named port that its own container does not declare (the kubelet drops the error and
//! waits forever, `pkg/kubelet/prober/worker.go`), a command that always fails or sleeps past `timeoutSeconds` (1 by default), a
//! `tcpSocket` handler in a hook, which no kubelet implements (`pkg/kubelet/lifecycle/handlers.go`), and a health server that is switched
//! off or listens only on localhost.
//!
//! A gate that never opens blocks the application however little that needs the sidecar, so a `need` of `Helper` or `None` does not turn
//! the denial into a warning.
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
//! # How to fix it
//! Probe the sidecar itself, on a port that it declares, for something that does not depend on the application. Let an init container
//! wait only for what starts before it or runs outside the Pod.

use super::rule::Rule;
use crate::finding::{ErrorKind, Finding, Subject};
use crate::model::texts::texts;
use crate::pod::Pod;
use crate::pod::container::{Container, ContainerKind};
use crate::settings::action::Action;
use crate::settings::rule_id::RuleId;
use crate::startup::check::Effect;
use crate::startup::context::Context;

pub(super) const RULE: Rule = Rule {
    id: RuleId::StartupGateNeverOpens,
    source: texts(include_str!("startup_gate_never_opens.rs")),
    check,
    repair: None,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let pod = context.pod;
    for gate in context.dead_gates() {
        let Some(container) = pod.get(gate.container) else { continue };
        let name = container.name();
        let what = match container.kind {
            ContainerKind::Init(_) => format!("init container {name} never completes"),
            ContainerKind::App => format!("the postStart hook of {name} never returns"),
            _ if gate.path.contains(&"postStart") => {
                format!("the postStart hook of sidecar {name} never succeeds")
            }
            _ if is_of_main_command(gate.path) => format!("sidecar {name} never becomes ready"),
            _ => format!("the startupProbe of sidecar {name} never succeeds"),
        };
        let effect = match gate.effect {
            Effect::Blocks => format!("so {} never starts", application_after(pod, container)),
            Effect::Kills => "so the kubelet keeps killing the container".to_owned(),
        };
        findings.push(Finding {
            subject: Subject::Container(container.id),
            path: gate.path.iter().fold(pod.path_of(container), |path, key| path.child(key)),
            kind: ErrorKind::Invalid,
            detail: format!("{what}, {effect}: {}; {}", gate.reason, remedy(container, gate.path)),
            short: format!("{what}: {}", gate.reason),
            // However little the application needs the sidecar, a gate that never opens keeps it from starting.
            ceiling: Action::Deny,
        });
    }
}

/// Whether a field of a container is its command.
fn is_of_main_command(path: &[&str]) -> bool {
    matches!(path, ["command" | "args"])
}

/// What the reader can do about what this field asks.
fn remedy(container: &Container<'_>, path: &[&str]) -> &'static str {
    match container.kind {
        ContainerKind::Init(_) => "do not wait for what starts later",
        ContainerKind::App => "let it return without waiting for what starts later",
        _ if is_of_main_command(path) => "do not wait for that in its command",
        _ => "make it check only the sidecar itself",
    }
}

/// How the message names the application that a container keeps from starting: one that starts after it, if there is one.
fn application_after(pod: &Pod<'_>, container: &Container<'_>) -> String {
    let later = pod.app_list().find(|other| other.is_app() && container.is_before(other));
    later.map_or_else(|| pod.application(), |app| app.name().to_string())
}
