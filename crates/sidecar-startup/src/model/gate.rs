//! What counts as a gate: a probe or hook that holds the containers after a sidecar.

use k8s_openapi::api::core::v1::{LifecycleHandler, Probe};

use crate::command::{Ends, outcome};

/// Whether a `startupProbe` is a gate: it has a handler that does not always succeed at once.
#[must_use]
pub fn probe_is_gate(probe: &Probe) -> bool {
    let asks_the_network = probe.http_get.is_some() || probe.tcp_socket.is_some() || probe.grpc.is_some();
    let exec = probe.exec.as_ref();
    asks_the_network || exec.is_some_and(|exec| may_hold(exec.command.as_deref().unwrap_or_default()))
}

/// Whether the kubelet asks for a probe at another host than the Pod. It does so from the node, so `127.0.0.1` is the node's own, which is
/// the Pod's only on the node's network, `is_of_node` (`NewRequestForHTTPGetAction` in `pkg/probe/http/request.go`).
#[must_use]
pub fn asks_another_host(probe: &Probe, is_of_node: bool) -> bool {
    let http = probe.http_get.as_ref().and_then(|request| request.host.as_deref());
    let host = http.or(probe.tcp_socket.as_ref().and_then(|socket| socket.host.as_deref()));
    host.is_some_and(|host| !is_own_host(host, is_of_node))
}

/// Whether the kubelet reaches the Pod at the host that a probe or a hook names.
#[must_use]
pub fn is_own_host(host: &str, is_of_node: bool) -> bool {
    host.is_empty() || is_of_node && matches!(host, "localhost" | "127.0.0.1" | "::1")
}

/// Whether a `postStart` hook is a gate, even if it does not wait for the sidecar: it has a handler that does not always return at
/// once.
#[must_use]
pub fn hook_is_gate(hook: &LifecycleHandler) -> bool {
    match &hook.exec {
        Some(exec) => may_hold(exec.command.as_deref().unwrap_or_default()),
        None => hook.http_get.is_some() || hook.sleep.is_some() || hook.tcp_socket.is_some(),
    }
}

/// Whether a command may fail, or may take time before it succeeds.
fn may_hold(words: &[String]) -> bool {
    let outcome = outcome(words);
    outcome.ends != Ends::Success || outcome.works || outcome.sleeps != 0
}
