//! The API server's validation of probes and hooks (`pkg/apis/core/validation/validation.go`, `validateProbe`,
//! `validateLifecycle`).

use k8s_openapi::api::core::v1::{ExecAction, HTTPGetAction, LifecycleHandler, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::field::FieldPath;
use super::read::{ReadError, ReadErrorKind};

/// The error for which the API server would refuse a `startupProbe` at `path`; `None` if it is valid.
pub(crate) fn probe_error(probe: &Probe, path: &FieldPath) -> Option<ReadError> {
    let numbers = [
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("periodSeconds", probe.period_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ];
    let negative = numbers.into_iter().find(|(_, value)| value.is_some_and(|value| value < 0));
    if let Some((field, _)) = negative {
        return Some(invalid(path.child(field), "must be greater than or equal to 0"));
    }
    if probe.success_threshold.is_some_and(|successes| 1 < successes) {
        return Some(invalid(path.child("successThreshold"), "must be 1"));
    }
    let ports = [
        ("httpGet", probe.http_get.as_ref().map(|handler| handler.port.clone())),
        ("tcpSocket", probe.tcp_socket.as_ref().map(|handler| handler.port.clone())),
        ("grpc", probe.grpc.as_ref().map(|handler| IntOrString::Int(handler.port))),
    ];
    if probe.termination_grace_period_seconds.is_some_and(|seconds| seconds <= 0) {
        return Some(invalid(path.child("terminationGracePeriodSeconds"), "must be greater than 0"));
    }
    exec_error(probe.exec.as_ref(), path)
        .or_else(|| http_error(probe.http_get.as_ref(), path))
        .or_else(|| handlers_error(usize::from(probe.exec.is_some()), ports, path))
}

fn exec_error(exec: Option<&ExecAction>, path: &FieldPath) -> Option<ReadError> {
    let is_empty = exec?.command.as_ref().is_none_or(Vec::is_empty);
    is_empty.then(|| ReadError { path: path.child("exec").child("command"), kind: ReadErrorKind::Missing })
}

/// Of the host and the path, the API server takes anything.
fn http_error(request: Option<&HTTPGetAction>, path: &FieldPath) -> Option<ReadError> {
    let request = request?;
    let path = path.child("httpGet");
    if request.scheme.as_deref().is_some_and(|scheme| !matches!(scheme, "" | "HTTP" | "HTTPS")) {
        return Some(invalid(path.child("scheme"), "must be HTTP or HTTPS"));
    }
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let mut headers = request.http_headers.iter().flatten();
    headers
        .any(|header| !is_name(&header.name))
        .then(|| invalid(path.child("httpHeaders"), "must have names of letters, digits and \"-\""))
}

/// The error for which the API server would refuse a hook at `path`; `None` if it is valid.
pub(crate) fn hook_error(hook: &LifecycleHandler, path: &FieldPath) -> Option<ReadError> {
    let ports = [
        ("httpGet", hook.http_get.as_ref().map(|handler| handler.port.clone())),
        ("tcpSocket", hook.tcp_socket.as_ref().map(|handler| handler.port.clone())),
    ];
    if hook.sleep.as_ref().is_some_and(|sleep| sleep.seconds < 0) {
        return Some(invalid(path.child("sleep").child("seconds"), "must be greater than or equal to 0"));
    }
    let others = usize::from(hook.exec.is_some()) + usize::from(hook.sleep.is_some());
    if others == 0 && ports.iter().all(|(_, port)| port.is_none()) {
        return Some(invalid(path.clone(), "must specify a handler type"));
    }
    exec_error(hook.exec.as_ref(), path)
        .or_else(|| http_error(hook.http_get.as_ref(), path))
        .or_else(|| handlers_error(others, ports, path))
}

/// The error in the handlers at `path`: those with a port, and the number of `others`.
fn handlers_error<const N: usize>(
    others: usize,
    ports: [(&'static str, Option<IntOrString>); N],
    path: &FieldPath,
) -> Option<ReadError> {
    let count = others + ports.iter().filter(|(_, port)| port.is_some()).count();
    if 1 < count {
        return Some(invalid(path.clone(), "may not specify more than one handler"));
    }
    let (handler, _) =
        ports.into_iter().find(|(_, port)| port.as_ref().is_some_and(|port| !is_port(port)))?;
    Some(invalid(path.child(handler).child("port"), "must be a number from 1 to 65535 or the name of a port"))
}

/// Whether this is a port number, or a port name by `IsValidPortName`: 1 to 15 lower-case letters, digits and dashes, with at least
/// one letter, and no dash at either end or next to another.
fn is_port(port: &IntOrString) -> bool {
    match port {
        IntOrString::Int(number) => (1..=65535).contains(number),
        IntOrString::String(name) => {
            (1..=15).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && name.bytes().any(|b| b.is_ascii_lowercase())
                && !name.starts_with('-')
                && !name.ends_with('-')
                && !name.contains("--")
        }
    }
}

/// The error for a value at `path` that has the right type, but is not allowed.
pub(crate) fn invalid(path: FieldPath, detail: &str) -> ReadError {
    ReadError { path, kind: ReadErrorKind::Invalid(detail.to_owned()) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What is wrong with a probe; empty for nothing.
    fn error(probe: &Value) -> String {
        let path = FieldPath::root();
        let probe_error = probe_error(&serde_json::from_value(probe.clone()).unwrap(), &path);
        probe_error.map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn numbers_at_their_limits() {
        let tcp = |field: &str, value: i32| json!({"tcpSocket": {"port": 80}, field: value});
        for field in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold"] {
            assert_eq!(error(&tcp(field, 0)), "");
            assert!(error(&tcp(field, -1)).contains(field));
        }
        for (field, valid, invalid) in
            [("successThreshold", [0, 1], [-1, 2]), ("terminationGracePeriodSeconds", [1, 2], [-1, 0])]
        {
            for value in valid {
                assert_eq!(error(&tcp(field, value)), "");
            }
            for value in invalid {
                assert!(error(&tcp(field, value)).contains(field));
            }
        }
        let sleep = |seconds| serde_json::from_value(json!({"sleep": {"seconds": seconds}})).unwrap();
        assert!(hook_error(&sleep(0), &FieldPath::root()).is_none());
        assert!(hook_error(&sleep(-1), &FieldPath::root()).is_some());
    }

    #[test]
    fn ports() {
        for (port, expected) in [
            (json!(0), false),
            (json!(1), true),
            (json!(65535), true),
            (json!(65536), false),
            (json!(""), false),
            (json!("a"), true),
            (json!("80"), false),
            (json!("http-2"), true),
            (json!("http_2"), false),
            (json!("Http"), false),
            (json!("-http"), false),
            (json!("http-"), false),
            (json!("http--2"), false),
            (json!("fifteen-letters"), true),
            (json!("sixteen-letters1"), false),
        ] {
            assert_eq!(is_port(&serde_json::from_value(port.clone()).unwrap()), expected, "{port}");
        }
    }
}
