//! What counts as a gate: something that holds back what comes after a sidecar container.

use k8s_openapi::api::core::v1::{LifecycleHandler, Probe};

use crate::command::{Ends, outcome};

/// Whether a `startupProbe` holds anything back: it has a handler, and does not succeed at once whatever it finds.
#[must_use]
pub fn probe_is_gate(probe: &Probe) -> bool {
    let asks_the_network = probe.http_get.is_some() || probe.tcp_socket.is_some() || probe.grpc.is_some();
    let exec = probe.exec.as_ref();
    asks_the_network || exec.is_some_and(|exec| takes_time(exec.command.as_deref().unwrap_or_default()))
}

/// Whether a `postStart` hook holds anything back, for however good a reason.
#[must_use]
pub fn hook_is_gate(hook: &LifecycleHandler) -> bool {
    match &hook.exec {
        Some(exec) => takes_time(exec.command.as_deref().unwrap_or_default()),
        None => hook.http_get.is_some() || hook.sleep.is_some() || hook.tcp_socket.is_some(),
    }
}

/// Whether a command may fail, or at least take its time before it succeeds.
fn takes_time(words: &[String]) -> bool {
    let outcome = outcome(words);
    outcome.ends != Ends::Success || outcome.works || outcome.sleeps != 0
}
