//! Moves a classic sidecar to `initContainers`, with `restartPolicy: Always`.
//!
//! The sidecar then starts before the application, holds it by its `startupProbe`, is stopped after it, and does not keep a
//! Job from completing. What else changes is in `docs/kubernetes-behaviour.md`.

use k8s_openapi::api::core::v1::{ContainerPort, LifecycleHandler};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

use crate::catalogue::belongs_to_mesh;
use crate::dead_gate::DeadGates;
use crate::edit::Draft;
use crate::gate::probe_is_gate;
use crate::image;
use crate::mesh;
use crate::pod::{Container, ContainerKind, Pod};
use crate::probe::{Source, is_reached};
use crate::repair::{Refusal, Task, use_of};
use crate::resources::{self, Use};
use crate::rules::sidecar_without_startup_probe;
use crate::settings::{Action, Need, Position, Settings};
use crate::template::Kind;

/// Moves the sidecar in which something was found.
///
/// # Errors
/// Why it stays where it is.
pub(crate) fn make(task: &Task<'_>, draft: &mut Draft<'_>) -> Result<String, Refusal> {
    let Task { pod, settings, place, .. } = *task;
    let container = task.container()?;
    check(pod, container, settings)?;
    let name = container.name();
    let twin = pod.twin_of(container);
    if let Some(twin) = twin {
        if container.fields.startup_probe.is_none()
            && let Some(probe) = draft.get(twin, "startupProbe").cloned()
        {
            draft.set(place, &["startupProbe"], probe);
        }
        draft.replace(twin, place);
    } else {
        let target = target(pod, container, settings, draft.init());
        draft.move_to_init(target, place);
    }
    draft.set(place, &["restartPolicy"], "Always".into());
    let probe =
        if draft.get(place, "startupProbe").is_none_or(Value::is_null) && wants_probe(container, settings) {
            Source::find(pod, container, settings).ok()
        } else {
            None
        };
    let with_probe =
        probe.as_ref().map(|source| format!(", with a startupProbe from {source}")).unwrap_or_default();
    if let Some(probe) =
        probe.and_then(|source| source.probe(|field| draft.get(place, field).cloned(), settings))
    {
        draft.set(place, &["startupProbe"], probe);
    }
    if container.sidecar().and_then(|facts| facts.row).is_some_and(|row| row.name == "istio-proxy")
        && pod.annotations().get(mesh::STATUS).is_some()
    {
        draft.set_in_template(&["metadata", "annotations", mesh::NATIVE_ISTIO], "true".into());
    }
    Ok(match twin {
        Some(_) => {
            format!("sidecar {name} takes the place of what an earlier repair made of it in initContainers")
        }
        None => format!("moved sidecar {name} to initContainers{with_probe}"),
    })
}

/// Whether a classic sidecar may be moved.
///
/// # Errors
/// Why not.
pub fn check(pod: &Pod<'_>, container: &Container<'_>, settings: &Settings) -> Result<(), Refusal> {
    let fields = container.fields;
    if pod.kind == Kind::Custom {
        return Err("this kind may not keep the restartPolicy of init containers".into());
    }
    if pod.spec().is_windows() {
        return Err("the Pod runs on Windows".into());
    }
    let is_app = |other: &&Container<'_>| matches!(other.kind, ContainerKind::App);
    if !pod.containers.iter().any(|other| is_app(&other)) {
        return Err("no application would be left in containers".into());
    }
    if fields.has_restart_rules() {
        return Err("it has restartPolicyRules".into());
    }
    if pod.fails_by_any_exit_code {
        return Err(
            "podFailurePolicy goes by exit codes without a containerName, so that of the sidecar would count"
                .into(),
        );
    }
    if let Some(port) = clashing_host_port(pod, container) {
        return Err(format!(
            "its host port {port} is another container's, too, which would no longer be refused"
        )
        .into());
    }
    if let Some(app) = pod.containers.iter().filter(is_app).find(|app| asks_for(container, app)) {
        return Err(format!(
            "its postStart hook asks for a port of {}, which would then start later",
            app.name()
        )
        .into());
    }
    let twin = pod.twin_of(container);
    if twin.is_none() {
        is_free_to_pass(pod, container, settings)?;
        fits_into_the_pod(pod, container, settings)?;
    }
    holds(pod, container, twin, settings)
}

/// Whether the gates that a container has would open if it were a sidecar container.
///
/// # Errors
/// Which one would not, and why.
pub(crate) fn gates_open(pod: &Pod<'_>, container: &Container<'_>) -> Result<(), Refusal> {
    let dead_gates = DeadGates::of(pod);
    if let Some(gate) = dead_gates.find(container) {
        return Err(format!("a gate of it never opens: {}", gate.reason).into());
    }
    let Some(probe) = container.fields.startup_probe.as_ref() else { return Ok(()) };
    if let Some(reason) = dead_gates.dead_probe(container, probe) {
        return Err(format!("its startupProbe would never succeed: {reason}").into());
    }
    if probe.exec.is_none() { is_reached(pod, container) } else { Ok(()) }
}

/// Whether the sidecar holds the application once it is moved, or nobody wants it to.
fn holds(
    pod: &Pod<'_>,
    container: &Container<'_>,
    twin: Option<usize>,
    settings: &Settings,
) -> Result<(), Refusal> {
    gates_open(pod, container)?;
    let twin = twin.and_then(|twin| pod.containers.get(twin)?.fields.startup_probe.as_ref());
    let fields = container.fields;
    if fields.startup_probe.as_ref().or(twin).is_some_and(probe_is_gate) {
        return Ok(());
    }
    // A hook alone would do in some Pods, but a repair may have written it: whether the sidecar moves must not depend on that.
    if !wants_probe(container, settings) {
        return Ok(());
    }
    if fields.startup_probe.is_some() {
        return Err("its startupProbe is no gate".into());
    }
    Source::find(pod, container, settings).map(drop)
}

/// Whether a sidecar is to have a `startupProbe`.
fn wants_probe(container: &Container<'_>, settings: &Settings) -> bool {
    container.sidecar().is_some_and(|facts| facts.need == Need::AtStart)
        && settings.action_on(&sidecar_without_startup_probe::RULE, container.fields) != Action::Ignore
}

/// The place among the init containers to which a sidecar moves: the proxy of a mesh right after its own init containers, all
/// others after those that are there, so that what ran before them still does, or before them if the operator says so.
fn target(pod: &Pod<'_>, container: &Container<'_>, settings: &Settings, init: &[usize]) -> usize {
    let at = |place: &usize| pod.containers.get(*place);
    if let Some(row) = container.sidecar().and_then(|facts| facts.row).filter(|row| row.redirects_traffic) {
        let is_own = |place: &usize| {
            at(place).is_some_and(|other| {
                matches!(other.kind, ContainerKind::Init(_)) && row.has_init_container(&other.fields.name)
            })
        };
        return init.iter().rposition(is_own).map_or(0, |last| last + 1);
    }
    let position = |container: &Container<'_>| {
        let repository = image::repository(&container.fields.image);
        let declaration = settings.declaration(&container.fields.name, &repository);
        declaration.map_or(Position::Last, |sidecar| sidecar.position)
    };
    match position(container) {
        Position::Last => init.len(),
        Position::First => {
            let is_ahead = |other: &Container<'_>| {
                let has_moved = !other.is_init();
                is_of_mesh(other) || (has_moved && position(other) == Position::First)
            };
            init.iter().take_while(|place| at(place).is_some_and(is_ahead)).count()
        }
    }
}

/// Whether a container is the proxy of a mesh, or prepares for it.
pub(crate) fn is_of_mesh(container: &Container<'_>) -> bool {
    match container.kind {
        ContainerKind::Init(_) => belongs_to_mesh(&container.fields.name),
        _ => container.redirects_traffic(),
    }
}

/// An init container that would no longer run before the sidecar may have prepared a volume for it.
fn is_free_to_pass(pod: &Pod<'_>, container: &Container<'_>, settings: &Settings) -> Result<(), Refusal> {
    let init: Vec<_> = (0..pod.spec().init_containers.len()).collect();
    let target = target(pod, container, settings, &init);
    passes(pod, container, init.get(target..).unwrap_or_default())
}

/// Whether a sidecar may start before these containers, by their places.
///
/// # Errors
/// One of them shares a volume with it that it may have to prepare.
pub(crate) fn passes(pod: &Pod<'_>, container: &Container<'_>, others: &[usize]) -> Result<(), Refusal> {
    for other in others.iter().filter_map(|place| pod.containers.get(*place)) {
        let is_task = matches!(other.kind, ContainerKind::Init(_));
        if let Some(volume) =
            container.fields.volume_shared_with(other.fields, pod.spec()).filter(|_| is_task)
        {
            return Err(format!(
                "it would start before {}, which shares volume {volume:?} with it",
                other.name()
            )
            .into());
        }
    }
    Ok(())
}

/// Whether the Pod's own requests still cover those of its containers.
fn fits_into_the_pod(pod: &Pod<'_>, container: &Container<'_>, settings: &Settings) -> Result<(), Refusal> {
    let limits = pod.spec().requests();
    if limits.iter().next().is_none() {
        return Ok(());
    }
    let split = pod.spec().init_containers.len();
    let is_it = |other: &&Container<'_>| std::ptr::eq(*other, container);
    let before = pod.containers.iter().map(|other| (use_of(other), other.fields.requests()));
    let mut after: Vec<_> = pod
        .containers
        .iter()
        .filter(|other| !is_it(other))
        .map(|other| (use_of(other), other.fields.requests()))
        .collect();
    let target = target(pod, container, settings, &(0..split).collect::<Vec<_>>());
    after.insert(target.min(after.len()), (Use::Sidecar, container.fields.requests()));
    let after = resources::of_pod(after);
    let (rise, past) = (after.above(&resources::of_pod(before)), after.above(&limits));
    let name = past.iter().find(|(name, _)| limits.get(name).is_some() && rise.get(name).is_some());
    match name {
        Some((name, _)) => {
            Err(format!("the containers would ask for more {name} than the Pod as a whole").into())
        }
        None => Ok(()),
    }
}

/// A host port that another container has, too. Between entries of `containers` the API server refuses that; of init containers
/// it does not see it (`checkHostPortConflicts` in `pkg/apis/core/validation/validation.go`).
fn clashing_host_port(pod: &Pod<'_>, container: &Container<'_>) -> Option<i32> {
    let host_port = |port: &ContainerPort| {
        let port = if pod.spec().host_network {
            port.host_port.or(Some(port.container_port))
        } else {
            port.host_port
        };
        port.filter(|port| *port != 0)
    };
    let others = pod
        .containers
        .iter()
        .filter(|other| !std::ptr::eq(*other, container) && other.fields.name != container.fields.name);
    let mut own = container.fields.ports.iter().filter_map(host_port);
    own.find(|own| {
        others.clone().any(|other| other.fields.ports.iter().filter_map(host_port).any(|port| port == *own))
    })
}

/// Whether the `postStart` hook of a container asks for a port of another one.
fn asks_for(container: &Container<'_>, other: &Container<'_>) -> bool {
    let Some(hook) = container.fields.post_start() else { return false };
    let has = |container: &Container<'_>, number: i32| {
        container.fields.ports.iter().any(|port| port.container_port == number)
    };
    asked_ports(hook).into_iter().any(|number| has(other, number) && !has(container, number))
}

/// The numbers that a hook may ask for as ports.
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
    let in_words = words
        .iter()
        .flat_map(|word| word.split(|c: char| !c.is_ascii_digit()))
        .filter_map(|n| n.parse().ok());
    handlers.into_iter().flatten().filter_map(number).chain(in_words).collect()
}
