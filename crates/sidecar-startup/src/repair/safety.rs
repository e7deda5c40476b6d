//! Checks that every repair makes before it moves a container or adds a gate.
//!
//! Each returns why the repair would make the Pod worse, as text to follow "not repaired: ".

use k8s_openapi::api::core::v1::{ContainerPort, LifecycleHandler, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::finding::Refusal;
use crate::model::container_id::ContainerId;
use crate::model::timing::Timing;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::startup::context::Context;

/// Checks that the gates of a container would open if it were a sidecar container.
///
/// # Errors
/// Which one would not, and why.
pub(crate) fn gates_open(context: &Context<'_>, container: &Container<'_>) -> Result<(), Refusal> {
    hook_returns(context, container)?;
    let probe = container.fields.startup_probe.as_ref();
    match probe.and_then(|probe| context.dead_gates().dead_probe(container, probe)) {
        Some(reason) => Err(format!("its startupProbe would never succeed: {reason}").into()),
        None => Ok(()),
    }
}

/// Checks that the hook of a classic sidecar succeeds even if it runs before all other entries of `containers` start.
///
/// # Errors
/// Why it does not, or may not.
pub(crate) fn hook_returns(context: &Context<'_>, container: &Container<'_>) -> Result<(), Refusal> {
    let Some(hook) = container.fields.post_start() else { return Ok(()) };
    if let Some(gate) = context.dead_gates().find(container).filter(|gate| gate.path.contains(&"postStart")) {
        return Err(format!("its postStart hook never succeeds: {}", gate.reason).into());
    }
    let has = |container: &Container<'_>, number: i32| {
        container.fields.ports.iter().any(|port| port.container_port == number)
    };
    let asked = asked_ports(hook);
    let is_asked =
        |other: &&Container<'_>| asked.iter().any(|number| has(other, *number) && !has(container, *number));
    match context.pod.app_list().find(is_asked) {
        Some(other) => Err(format!(
            "its postStart hook may need a port of {}, which would then start later",
            other.name()
        )
        .into()),
        None => Ok(()),
    }
}

/// The numbers of ports that a hook may connect to: those of its handler, and any that stand alone in its command.
fn asked_ports(hook: &LifecycleHandler) -> Vec<i32> {
    let handlers = [
        hook.http_get.as_ref().map(|handler| &handler.port),
        hook.tcp_socket.as_ref().map(|handler| &handler.port),
    ];
    let number = |port: &IntOrString| match port {
        IntOrString::Int(number) => Some(*number),
        IntOrString::String(text) => text.parse().ok(),
    };
    let words = hook.exec.as_ref().and_then(|exec| exec.command.as_deref()).unwrap_or_default();
    let parts =
        words.iter().flat_map(|word| word.split(|c: char| c.is_whitespace() || ":=\"';|&(),".contains(c)));
    // What follows a slash is the path of a URL or a file.
    let in_words = parts.filter_map(|part| part.split('/').next()?.parse().ok());
    handlers.into_iter().flatten().filter_map(number).chain(in_words).collect()
}

/// Checks that a sidecar may start before these containers: it may need what one of them writes to a volume.
///
/// # Errors
/// They share a volume that either of them may write to.
pub(crate) fn may_pass(
    pod: &Pod<'_>,
    container: &Container<'_>,
    others: &[ContainerId],
) -> Result<(), Refusal> {
    let others = others.iter().filter_map(|id| pod.get(*id));
    let tasks: Vec<_> = others.filter(|other| other.is_init_task()).collect();
    let fields: Vec<_> = tasks.iter().map(|task| task.fields).collect();
    match container.fields.volume_shared_with(&fields, pod.spec()) {
        Some((task, volume)) => {
            let name = tasks.get(task).map(|task| task.name().to_string()).unwrap_or_default();
            Err(format!("it would start before {name}, which shares volume {volume:?} with it").into())
        }
        None => Ok(()),
    }
}

/// A host port that another entry of `containers` uses, too. Within that list the API server rejects this; across the two lists it does
/// not check (`checkHostPortConflicts` in `pkg/apis/core/validation/validation.go`).
pub(crate) fn clashing_host_port(pod: &Pod<'_>, container: &Container<'_>) -> Option<i32> {
    let is_of_host = pod.spec().host_network;
    let host_port = |port: &ContainerPort| {
        let number =
            port.host_port.or(is_of_host.then_some(port.container_port)).filter(|port| *port != 0)?;
        let protocol = port.protocol.clone().filter(|protocol| !protocol.is_empty());
        let address = port.host_ip.clone().unwrap_or_default();
        Some((number, protocol.unwrap_or_else(|| "TCP".to_owned()), address))
    };
    let others = pod.app_list().filter(|other| other.id != container.id);
    let taken: Vec<_> = others.flat_map(|other| &other.fields.ports).filter_map(host_port).collect();
    let mut own = container.fields.ports.iter().filter_map(host_port);
    own.find(|own| taken.contains(own)).map(|(number, ..)| number)
}

/// Whether two probes check the same thing, equally often and for equally long.
pub(crate) fn is_alike(one: &Probe, other: &Probe) -> bool {
    let http = |probe: &Probe| {
        probe.http_get.as_ref().map(|request| {
            let path = request.path.clone().unwrap_or_else(|| "/".to_owned());
            let scheme = request.scheme.clone().unwrap_or_else(|| "HTTP".to_owned());
            (path, request.port.clone(), scheme, request.http_headers.clone().unwrap_or_default())
        })
    };
    let socket = |probe: &Probe| probe.tcp_socket.as_ref().map(|socket| socket.port.clone());
    let grpc = |probe: &Probe| probe.grpc.as_ref().map(|grpc| grpc.port);
    Timing::of(one) == Timing::of(other)
        && one.exec == other.exec
        && http(one) == http(other)
        && socket(one) == socket(other)
        && grpc(one) == grpc(other)
}
