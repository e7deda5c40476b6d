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
