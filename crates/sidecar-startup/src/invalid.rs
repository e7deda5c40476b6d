//! What the API server refuses, and no rule could judge.
//!
//! A validating policy never sees such an object; a mutating one may, and whoever checks a manifest does. Only what the rules look
//! at is checked: the names of containers, and the gates of sidecars.

use k8s_openapi::api::core::v1::{ExecAction, LifecycleHandler, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::field::FieldPath;
use crate::pod::{ContainerKind, Pod};
use crate::read::{ReadError, ReadErrorKind};

/// The first thing in a Pod that the API server would refuse
/// (`pkg/apis/core/validation/validation.go`, `validateProbe`, `validateLifecycle`, `validateInitContainers`).
#[must_use]
pub fn first_error(pod: &Pod<'_>) -> Option<ReadError> {
    if let Some((first, second)) = duplicate_name(pod) {
        let (first, path) =
            (pod.containers.get(first)?, pod.path_of(pod.containers.get(second)?).child("name"));
        let whose = match first.kind {
            // A second apply of a manifest adds the entry again that a repair has moved.
            ContainerKind::Sidecar(_) => {
                let first = pod.path_of(first);
                format!(
                    "{first} has this name, too; if a repair has put it there, only one of the two is to stay"
                )
            }
            _ => "another container has this name".to_owned(),
        };
        return Some(invalid(path, &whose));
    }
    pod.containers.iter().filter(|container| container.sidecar().is_some()).find_map(|container| {
        let path = pod.path_of(container);
        let probe = container.fields.startup_probe.as_ref();
        let probe = probe.and_then(|probe| probe_error(probe, &path.child("startupProbe")));
        probe.or_else(|| {
            hook_error(container.fields.post_start()?, &path.child("lifecycle").child("postStart"))
        })
    })
}

/// The places of two containers of one name, the later one second.
fn duplicate_name(pod: &Pod<'_>) -> Option<(usize, usize)> {
    let name = |index: usize| pod.containers.get(index).map_or("", |container| &container.fields.name);
    let mut order: Vec<usize> = (0..pod.containers.len()).collect();
    // Of two of one name the later one is named, so ties go by place.
    order.sort_unstable_by_key(|index| (name(*index), *index));
    let twins = order.array_windows().find(|[a, b]| name(*a) == name(*b) && !name(*a).is_empty());
    twins.map(|[a, b]| (*a, *b))
}

/// What the API server would refuse in a `startupProbe` at `path`.
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
        .or_else(|| handlers_error(usize::from(probe.exec.is_some()), ports, path))
}

fn exec_error(exec: Option<&ExecAction>, path: &FieldPath) -> Option<ReadError> {
    let is_empty = exec?.command.as_ref().is_none_or(Vec::is_empty);
    is_empty.then(|| ReadError { path: path.child("exec").child("command"), kind: ReadErrorKind::Missing })
}

fn hook_error(hook: &LifecycleHandler, path: &FieldPath) -> Option<ReadError> {
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
    exec_error(hook.exec.as_ref(), path).or_else(|| handlers_error(others, ports, path))
}

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

/// A number of a port, or a name as `IsValidPortName` has it: 1 to 15 lower-case letters, digits and single dashes between them, a
/// letter among them.
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

fn invalid(path: FieldPath, detail: &str) -> ReadError {
    ReadError { path, kind: ReadErrorKind::Invalid(detail.to_owned()) }
}
