//! The `startupProbe` that a sidecar container could have.

use k8s_openapi::api::core::v1::Probe;
use serde_json::{Map, Value, json};

use crate::catalogue::{Candidate, Row};
use crate::command::{Ends, outcome};
use crate::gate::probe_is_gate;

/// How long a start may take before the kubelet starts the container anew, in seconds.
const MAX_STARTUP_SECONDS: i32 = 600;

/// A `startupProbe` to propose for a sidecar container: its catalogue row's, where its conditions are proven, else one that asks
/// what its own `readinessProbe`, or else its `livenessProbe`, asks. Nothing is invented.
#[must_use]
pub fn suggestion(candidate: Candidate<'_>, row: Option<&Row>) -> Option<Value> {
    let own = candidate.fields.readiness_probe.as_ref().or(candidate.fields.liveness_probe.as_ref());
    let own = own.filter(|_| !row.is_some_and(|row| row.needs_app));
    row.and_then(|row| from_row(row, candidate))
        .or_else(|| own.filter(|probe| asks_something(probe)).and_then(asking_as))
}

fn from_row(row: &Row, candidate: Candidate<'_>) -> Option<Value> {
    let (probe, port) = row.startup_probe.as_ref()?.proven(row, candidate)?;
    let mut probe = serde_json::from_str(probe).ok()?;
    if let Some(port) = port {
        *Value::pointer_mut(&mut probe, "/httpGet/port")? = port.into();
    }
    Some(probe)
}

/// Whether a probe can turn out either way, as far as can be seen.
fn asks_something(probe: &Probe) -> bool {
    let exec = probe.exec.as_ref().map(|exec| outcome(exec.command.as_deref().unwrap_or_default()));
    probe_is_gate(probe) && exec.is_none_or(|outcome| outcome.ends == Ends::Unknown)
}

/// A `startupProbe` with the handler of another probe. It asks every second, since each second between two attempts may be
/// one that the application waits in vain.
fn asking_as(probe: &Probe) -> Option<Value> {
    let Ok(Value::Object(fields)) = serde_json::to_value(probe) else { return None };
    let is_taken = |key: &str| matches!(key, "exec" | "httpGet" | "tcpSocket" | "grpc" | "timeoutSeconds");
    let mut derived: Map<_, _> = fields.into_iter().filter(|(key, _)| is_taken(key)).collect();
    derived.insert("periodSeconds".to_owned(), json!(1));
    derived.insert("failureThreshold".to_owned(), json!(MAX_STARTUP_SECONDS + 1));
    Some(Value::Object(derived))
}
