//! What every repair asks before it moves a container or adds a gate.
//!
//! Each check answers why the repair would make the Pod worse, to follow "not repaired: ".

use k8s_openapi::api::core::v1::{ContainerPort, LifecycleHandler, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::catalogue::belongs_to_mesh;
use crate::dead_gate::{DeadGates, Effect};
use crate::gate::hook_is_gate;
use crate::mesh;
use crate::pod::{Container, ContainerKind, Pod};
use crate::repair::Refusal;
use crate::resources::{self, Requests, Use};
use crate::rules::{sidecar_blocks_init, sidecar_on_unsupported_node, startup_gate_never_opens};
use crate::sequence::Timing;
use crate::settings::{Action, Settings};

/// Whether a container is the proxy of a mesh, or prepares for it.
pub(crate) fn is_of_mesh(container: &Container<'_>) -> bool {
    match container.kind {
        ContainerKind::Init(_) => belongs_to_mesh(&container.fields.name),
        _ => container.redirects_traffic(),
    }
}

/// The proxy that all traffic of the Pod goes through and that starts among `containers`, for all the Pod says.
pub(crate) fn classic_proxy(pod: &Pod<'_>) -> Option<String> {
    let is_classic = |container: &&Container<'_>| match container.kind {
        ContainerKind::ClassicSidecar(_) => container.redirects_traffic(),
        // Istio's placeholder, where it is to stay.
        ContainerKind::Stub => !container.is_init() && *container.fields.name == *mesh::ISTIO_PROXY,
        _ => false,
    };
    let present = pod.containers.iter().find(is_classic).map(|container| container.name().to_string());
    present.or_else(|| mesh::injected_classic(pod).map(|name| format!("{name:?}")))
}

/// Whether a sidecar that starts at `place` among the init containers has a network before the application is up: not where the
/// traffic of the Pod goes through a proxy that starts later. Neither would the kubelet's requests reach it, nor its own anybody.
///
/// # Errors
/// Which proxy starts later.
pub(crate) fn has_network(pod: &Pod<'_>, container: &Container<'_>, place: usize) -> Result<(), Refusal> {
    if container.redirects_traffic() {
        return Ok(());
    }
    let is_later = |(other_place, other): &(usize, &Container<'_>)| {
        place <= *other_place && matches!(other.kind, ContainerKind::Sidecar(_)) && other.redirects_traffic()
    };
    let later = pod.containers.iter().enumerate().find(is_later).map(|(_, other)| other.name().to_string());
    no_network(classic_proxy(pod).or(later))
}

/// Whether a classic sidecar has a network while its hook keeps those behind it from starting: not where the proxy of a mesh is one
/// of them, or does not hold the sidecar itself.
///
/// # Errors
/// Which proxy starts later.
pub(crate) fn has_network_when_held(pod: &Pod<'_>, container: &Container<'_>) -> Result<(), Refusal> {
    if container.redirects_traffic() {
        return Ok(());
    }
    let apps = || pod.containers.iter().filter(|other| !other.is_init());
    let first_app = apps().position(|other| matches!(other.kind, ContainerKind::App));
    let holds = |(place, other): &(usize, &Container<'_>)| {
        first_app.is_none_or(|first| *place < first) && other.fields.post_start().is_some_and(hook_is_gate)
    };
    let proxies = apps().enumerate().filter(|(_, other)| {
        matches!(other.kind, ContainerKind::ClassicSidecar(_)) && other.redirects_traffic()
    });
    let mut late = proxies.filter(|proxy| !holds(proxy));
    let late = late.next().map(|(_, proxy)| proxy.name().to_string());
    no_network(late.or_else(|| mesh::injected_classic(pod).map(|name| format!("{name:?}"))))
}

fn no_network(proxy: Option<String>) -> Result<(), Refusal> {
    match proxy {
        Some(proxy) => {
            Err(format!("it has no network while {proxy}, which gets all traffic, starts later").into())
        }
        None => Ok(()),
    }
}

/// Whether the gates that a container has would open if it were a sidecar container.
///
/// # Errors
/// Which one would not, and why.
pub(crate) fn gates_open(pod: &Pod<'_>, container: &Container<'_>) -> Result<(), Refusal> {
    hook_returns(pod, container)?;
    let probe = container.fields.startup_probe.as_ref();
    match probe.and_then(|probe| DeadGates::of(pod).dead_probe(container, probe)) {
        Some(reason) => Err(format!("its startupProbe would never succeed: {reason}").into()),
        None => Ok(()),
    }
}

/// Whether the hook of a classic sidecar returns well, though it comes before all other entries of `containers`.
///
/// # Errors
/// Why it does not, or may not.
pub(crate) fn hook_returns(pod: &Pod<'_>, container: &Container<'_>) -> Result<(), Refusal> {
    let Some(hook) = container.fields.post_start() else { return Ok(()) };
    if let Some(gate) = DeadGates::of(pod).find(container).filter(|gate| gate.path.contains(&"postStart")) {
        return Err(format!("its hook never returns well: {}", gate.reason).into());
    }
    let has = |container: &Container<'_>, number: i32| {
        container.fields.ports.iter().any(|port| port.container_port == number)
    };
    let asked = asked_ports(hook);
    let is_asked = |other: &&Container<'_>| {
        !other.is_init() && asked.iter().any(|number| has(other, *number) && !has(container, *number))
    };
    match pod.containers.iter().find(is_asked) {
        Some(other) => {
            Err(format!("its hook may ask for a port of {}, which would then start later", other.name())
                .into())
        }
        None => Ok(()),
    }
}

/// The numbers that a hook may ask for as ports: those of its handler, and those that stand by themselves in its words.
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
    // What stands behind a slash is the path of a URL, or of a file.
    let in_words = parts.filter_map(|part| part.split('/').next()?.parse().ok());
    handlers.into_iter().flatten().filter_map(number).chain(in_words).collect()
}

/// Whether a sidecar may start before these containers, by their places: what one of them writes to a volume may be what
/// the sidecar needs.
///
/// # Errors
/// One of them shares a volume with it that one of the two may write to.
pub(crate) fn may_pass(pod: &Pod<'_>, container: &Container<'_>, others: &[usize]) -> Result<(), Refusal> {
    let others = others.iter().filter_map(|place| pod.containers.get(*place));
    let tasks: Vec<_> = others.filter(|other| matches!(other.kind, ContainerKind::Init(_))).collect();
    let fields: Vec<_> = tasks.iter().map(|task| task.fields).collect();
    match container.fields.volume_shared_with(&fields, pod.spec()) {
        Some((task, volume)) => {
            let name = tasks.get(task).map(|task| task.name().to_string()).unwrap_or_default();
            Err(format!("it would start before {name}, which shares volume {volume:?} with it").into())
        }
        None => Ok(()),
    }
}

/// A port of the node that another entry of `containers` has, too. There the API server refuses that; across the lists it does not
/// see it (`checkHostPortConflicts` in `pkg/apis/core/validation/validation.go`).
pub(crate) fn clashing_host_port(pod: &Pod<'_>, container: &Container<'_>) -> Option<i32> {
    let is_of_host = pod.spec().host_network;
    let host_port = |port: &ContainerPort| {
        let number =
            port.host_port.or(is_of_host.then_some(port.container_port)).filter(|port| *port != 0)?;
        let protocol = port.protocol.clone().filter(|protocol| !protocol.is_empty());
        let address = port.host_ip.clone().unwrap_or_default();
        Some((number, protocol.unwrap_or_else(|| "TCP".to_owned()), address))
    };
    let others = pod.containers.iter().filter(|other| !other.is_init() && !std::ptr::eq(*other, container));
    let taken: Vec<_> = others.flat_map(|other| &other.fields.ports).filter_map(host_port).collect();
    let mut own = container.fields.ports.iter().filter_map(host_port);
    own.find(|own| taken.contains(own)).map(|(number, ..)| number)
}

/// What the containers of a Pod ask for, in the order in which they start.
pub(crate) fn requests_of<'c>(containers: impl Iterator<Item = &'c Container<'c>>) -> Vec<(Use, Requests)> {
    containers.map(|container| (use_of(container), container.fields.requests())).collect()
}

fn use_of(container: &Container<'_>) -> Use {
    match container.kind {
        ContainerKind::Init(_) => Use::Init,
        _ if container.is_init() => Use::Sidecar,
        _ => Use::App,
    }
}

/// A resource of which the containers ask for more than the Pod does as a whole, which the API server refuses.
pub(crate) fn past_the_pod(pod: &Pod<'_>, containers: &Requests) -> Option<String> {
    let of_pod = pod.spec().requests();
    let past = containers.above(&of_pod);
    past.iter().map(|(name, _)| name).find(|name| of_pod.get(name).is_some()).map(str::to_owned)
}

/// What keeps a Pod from starting, by the rule that says so and the container, whatever the settings make of the rule.
fn obstacles(pod: &Pod<'_>, settings: &Settings) -> Vec<(&'static str, String)> {
    let dead_gates = DeadGates::of(pod);
    let mut obstacles = Vec::new();
    for container in &pod.containers {
        let name = || container.fields.name.to_string();
        if dead_gates.find(container).is_some_and(|gate| gate.effect == Effect::Blocks) {
            obstacles.push((startup_gate_never_opens::RULE.id, name()));
        }
        if matches!(container.kind, ContainerKind::Init(Some(_))) {
            obstacles.push((sidecar_blocks_init::RULE.id, name()));
        }
    }
    let mut on_nodes = Vec::new();
    (sidecar_on_unsupported_node::RULE.check)(pod, settings, &mut on_nodes);
    let deny = on_nodes.into_iter().filter(|finding| finding.ceiling == Action::Deny);
    obstacles.extend(deny.map(|finding| (sidecar_on_unsupported_node::RULE.id, finding.short)));
    let requests = resources::of_pod(requests_of(pod.containers.iter()));
    obstacles.extend(past_the_pod(pod, &requests).map(|name| ("the requests of the Pod as a whole", name)));
    obstacles
}

/// What keeps a repaired Pod from starting that did not before. The verdict alone does not tell: a rule may only warn.
pub(crate) fn new_obstacle(before: &Pod<'_>, after: &Pod<'_>, settings: &Settings) -> Option<&'static str> {
    let known = obstacles(before, settings);
    let new = obstacles(after, settings).into_iter().find(|obstacle| !known.contains(obstacle));
    new.map(|(rule, _)| rule)
}

/// Whether two probes ask the same, as often and for as long.
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
