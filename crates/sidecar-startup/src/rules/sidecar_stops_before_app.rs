//! The `preStop` hook of a sidecar container ends it while the application still drains.
//!
//! # Why
//! The kubelet stops sidecar containers after the application: each gets its SIGTERM only once all app containers, and the sidecar
//! containers after it, have terminated. But the `preStop` hooks of all containers run at once, as soon as the deletion of the Pod
//! begins (`killContainer` in `pkg/kubelet/kuberuntime/kuberuntime_container.go` runs the hook and then waits for its turn, in
//! `kuberuntime_termination_order.go`). A hook that quits the sidecar defeats that order: the application finishes its last requests
//! without it, and the kubelet does not restart it. Such hooks often come from a time when the sidecar was an entry of `containers`.
//!
//! A hook that only drains connections, sleeps, or waits for the application before it quits the sidecar is not reported.
//!
//! # Warned
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   initContainers:
//!     - name: istio-proxy
//!       image: docker.io/istio/proxyv2:1.27.0
//!       restartPolicy: Always
//!       startupProbe: {httpGet: {path: /healthz/ready, port: 15021}, periodSeconds: 1, timeoutSeconds: 3, failureThreshold: 600}
//!       lifecycle: {preStop: {exec: {command: [pilot-agent, request, POST, quitquitquit]}}}
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
//!     - name: istio-proxy
//!       image: docker.io/istio/proxyv2:1.27.0
//!       restartPolicy: Always
//!       startupProbe: {httpGet: {path: /healthz/ready, port: 15021}, periodSeconds: 1, timeoutSeconds: 3, failureThreshold: 600}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to fix it
//! Remove the hook. If something has to tell the sidecar to quit, let the hook first wait until the application has ended.

use k8s_openapi::api::core::v1::{HTTPGetAction, LifecycleHandler};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::rule::Rule;
use crate::command::{Quit, base_name, is_quit_path, quits};
use crate::finding::{ErrorKind, Finding, Subject};
use crate::model::texts::texts;
use crate::pod::Pod;
use crate::pod::container::{Container, ContainerKind};
use crate::pod::coordination::rows_with;
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;

pub(super) const RULE: Rule = Rule {
    id: RuleId::SidecarStopsBeforeApp,
    source: texts(include_str!("sidecar_stops_before_app.rs")),
    check,
    repair: None,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let pod = context.pod;
    for container in &pod.containers {
        let ContainerKind::Sidecar(facts) = container.kind else { continue };
        let (Some(ceiling), Some(hook)) = (facts.ceiling(), container.fields.pre_stop()) else { continue };
        if !ends(pod, container, hook) {
            continue;
        }
        let name = container.name();
        findings.push(Finding {
            subject: Subject::Container(container.id),
            path: pod.path_of(container).child("lifecycle").child("preStop"),
            kind: ErrorKind::Invalid,
            detail: format!(
                "the preStop hook of sidecar container {name} ends it as soon as the Pod's deletion begins, while {} still drains; \
                 remove the hook, since the kubelet stops sidecar containers after the application",
                pod.application()
            ),
            short: format!("ends sidecar {name} before the application"),
            ceiling,
        });
    }
}

/// Whether a `preStop` hook is seen to end its own container at once.
fn ends(pod: &Pod<'_>, container: &Container<'_>, hook: &LifecycleHandler) -> bool {
    if let Some(request) = &hook.http_get {
        return asks_itself_to_quit(pod, container, request);
    }
    let words = hook.exec.as_ref().and_then(|exec| exec.command.as_deref()).unwrap_or_default();
    match quits(words) {
        // Where all containers share their processes, the first one is not the sidecar's.
        Some(Quit::FirstProcess) => !pod.spec().share_process_namespace,
        Some(Quit::Process(name)) => runs(container, &name),
        Some(Quit::Program) => true,
        Some(Quit::Request { port, posts }) => {
            is_own(pod, container, port.into()) && (posts || quits_on_get(container))
        }
        None => false,
    }
}

/// Whether the kubelet, which sends a GET to the Pod's address, asks the container to quit.
fn asks_itself_to_quit(pod: &Pod<'_>, container: &Container<'_>, request: &HTTPGetAction) -> bool {
    let has_host = request.host.as_ref().is_some_and(|host| !host.is_empty());
    let is_its_port = match &request.port {
        IntOrString::Int(port) => is_own(pod, container, *port),
        IntOrString::String(_) => true,
    };
    !has_host && is_its_port && request.path.as_deref().is_some_and(is_quit_path) && quits_on_get(container)
}

/// Whether a GET may be enough to quit a sidecar. The well-known ones take it from localhost only, or want a POST: Istio
/// (`pilot/cmd/agent/status/server.go`, `handleQuit`), cloud-sql-proxy (`cmd/root.go`, the admin server), Envoy (`source/server/admin`).
fn quits_on_get(container: &Container<'_>) -> bool {
    container.row().is_none() && !image_name(container).contains("envoy")
}

/// Whether a port is a container's own, as far as the Pod shows.
fn is_own(pod: &Pod<'_>, container: &Container<'_>, port: i32) -> bool {
    let known = u16::try_from(port).ok().and_then(rows_with).unwrap_or_default();
    let is_others = |other: &Container<'_>| {
        other.id != container.id
            && (other.declares(port) || other.row().is_some_and(|row| known.contains(&row.name)))
    };
    container.declares(port) || !pod.containers.iter().any(is_others)
}

/// Whether a container runs a program of this name, and ends with it.
fn runs(container: &Container<'_>, program: &str) -> bool {
    let first = container.fields.command.first().map(|word| base_name(word));
    first == Some(program)
        || image_name(container) == program
        || *container.fields.name == *program
        // Istio's agent ends with its Envoy.
        || (container.is_istio_proxy() && matches!(program, "envoy" | "pilot-agent"))
}

/// The last part of the name of a container's image.
fn image_name<'c>(container: &'c Container<'_>) -> &'c str {
    container.repository.rsplit('/').next().unwrap_or_default()
}
