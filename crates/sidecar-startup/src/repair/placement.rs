//! Whether a classic sidecar may move to `initContainers`, and where to.

use super::safety;
use crate::finding::Refusal;
use crate::model::container_id::ContainerId;
use crate::model::template::Kind;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::settings::oldest_kubernetes::OldestKubernetes;
use crate::settings::sidecar::Position;
use crate::startup::lineup::Place;
use crate::startup::mesh;

/// Why nothing is added to a Pod, or moved in it.
const WINDOWS: &str = "the Pod runs on Windows";

/// The place among the init containers `init` to which a sidecar moves. The proxy of a mesh goes right after its own init containers.
/// All others go last, so that whatever ran before them still does, or first if the settings say so.
pub(crate) fn place<'i>(pod: &Pod<'_>, container: &Container<'_>, init: &'i [ContainerId]) -> Place<'i> {
    let is = |id: &ContainerId, is_such: &dyn Fn(&Container<'_>) -> bool| pod.get(*id).is_some_and(is_such);
    if let Some(row) = container.row().filter(|row| row.redirects_traffic) {
        let is_own =
            |other: &Container<'_>| other.is_init_task() && row.has_init_container(&other.fields.name);
        let last = init.iter().rposition(|id| is(id, &is_own));
        return Place::at(init, last.map_or(0, |last| last + 1));
    }
    let position =
        |container: &Container<'_>| container.declaration.map_or(Position::Last, |sidecar| sidecar.position);
    match position(container) {
        Position::Last => Place::at(init, init.len()),
        Position::First => {
            let is_ahead = |other: &Container<'_>| {
                let has_moved = !other.is_init();
                mesh::is_of_mesh(other) || (has_moved && position(other) == Position::First)
            };
            Place::at(init, init.iter().take_while(|id| is(id, &is_ahead)).count())
        }
    }
}

/// Checks that a Pod can be given a container of this name.
///
/// # Errors
/// Why not.
pub(crate) fn is_open_to(pod: &Pod<'_>, name: &str) -> Result<(), Refusal> {
    if pod.spec().is_windows() {
        return Err(WINDOWS.into());
    }
    if pod.has_container(name) {
        return Err("another container already has this name".into());
    }
    Ok(())
}

/// Checks that the container itself, and its Pod, allow a move.
///
/// # Errors
/// Why not.
pub(crate) fn is_movable(
    pod: &Pod<'_>,
    container: &Container<'_>,
    oldest: &OldestKubernetes,
) -> Result<(), Refusal> {
    may_be_sidecar(pod, container, oldest)?;
    if pod.app_list().any(|other| mesh::has_probe_of_consul(pod, other.fields)) {
        return Err(mesh::ORDER_OF_CONSUL.into());
    }
    Ok(())
}

/// Checks that a container can be a sidecar container of a Pod, with the oldest control plane of the settings. Before 1.29, the API server
/// drops its `restartPolicy` unless a feature gate is on (`pkg/api/pod/util.go`), and refuses its `startupProbe`.
///
/// # Errors
/// Why not.
pub(crate) fn may_be_sidecar(
    pod: &Pod<'_>,
    container: &Container<'_>,
    oldest: &OldestKubernetes,
) -> Result<(), Refusal> {
    let fields = container.fields;
    if oldest.is_before(&[1, 29]) {
        return Err(format!("Kubernetes {oldest} has no sidecar containers (it has from 1.29 on)").into());
    }
    if pod.kind == Kind::Custom {
        return Err("this kind may drop the restartPolicy of init containers".into());
    }
    if pod.spec().is_windows() {
        return Err(WINDOWS.into());
    }
    if !pod.containers.iter().any(Container::is_app) {
        return Err("no application would remain in containers".into());
    }
    if fields.has_restart_rules() {
        return Err("it has restartPolicyRules".into());
    }
    if fields.restart_policy.as_deref().is_some_and(|policy| policy != "Always") {
        return Err("its restartPolicy is not Always, so it is expected to exit".into());
    }
    // The kubelet stops a sidecar container once the application has ended, so its exit code tells nothing about the work
    // (`matchOnExitCodes` in `pkg/controller/job/pod_failure_policy.go`).
    if pod.exit_code_rules.contains(&None) {
        let reason =
            "podFailurePolicy matches exit codes without a containerName, so the sidecar's would count";
        return Err(reason.into());
    }
    if pod.exit_code_rules.iter().flatten().any(|name| *name == *fields.name) {
        let reason = "podFailurePolicy matches its exit code, which says nothing once the kubelet stops it";
        return Err(reason.into());
    }
    match safety::clashing_host_port(pod, container) {
        Some(port) => {
            let reason = format!(
                "another container uses host port {port}, too, which the API server would no longer reject"
            );
            Err(reason.into())
        }
        None => Ok(()),
    }
}
