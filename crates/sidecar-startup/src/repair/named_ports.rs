//! What a Service finds by the name of a port, before and after a container was moved or inserted.
//!
//! It looks through `containers`, then through the sidecar containers, and takes the first port of that name and protocol (`FindPort` in
//! `pkg/api/v1/pod/util.go` and `findPort` in `staging/src/k8s.io/endpointslice/utils.go`).

use k8s_openapi::api::core::v1::ContainerPort;

use super::draft::insert;
use crate::finding::Refusal;
use crate::model::container_id::ContainerId;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::startup::lineup::Place;

/// Checks that Services find the same ports once a container, of the Pod or new to it, is a sidecar container at a place among the init
/// containers.
///
/// # Errors
/// A port that they would find elsewhere.
pub(crate) fn stay_with_sidecar(
    pod: &Pod<'_>,
    container: &Container<'_>,
    place: Place<'_>,
) -> Result<(), Refusal> {
    // An entry of `containers` at the place has been moved by the same repair.
    let has_moved = |id: &ContainerId| place.earlier.contains(id) || place.later.contains(id);
    let apps: Vec<_> = pod.app_list().map(|app| app.id).filter(|id| !has_moved(id)).collect();
    let is_other = |id: &&ContainerId| **id != container.id;
    let earlier = apps.iter().chain(place.earlier).filter(is_other);
    let after: Vec<_> =
        earlier.chain([&container.id]).chain(place.later.iter().filter(is_other)).copied().collect();
    let before: Vec<_> = apps.into_iter().chain(pod.init_containers().map(|init| init.id)).collect();
    are_found_alike(pod, container, &before, &after)
}

/// Checks that Services find the same ports once a new container is the last entry of `containers`.
///
/// # Errors
/// A port that they would find elsewhere.
pub(crate) fn stay_with_last_app(pod: &Pod<'_>, newcomer: &Container<'_>) -> Result<(), Refusal> {
    let apps = pod.app_list().map(|app| app.id);
    let init = pod.init_containers().map(|init| init.id);
    let after: Vec<_> = apps.chain([newcomer.id]).chain(init).collect();
    let before: Vec<_> = after.iter().copied().filter(|id| *id != newcomer.id).collect();
    are_found_alike(pod, newcomer, &before, &after)
}

/// Checks that Services find the same ports once an entry of `containers`, which are `apps`, is listed before another one.
///
/// # Errors
/// A port that they would find elsewhere.
pub(crate) fn stay_among_apps(
    pod: &Pod<'_>,
    container: &Container<'_>,
    apps: &[ContainerId],
    before: ContainerId,
) -> Result<(), Refusal> {
    let mut after: Vec<_> = apps.iter().copied().filter(|id| *id != container.id).collect();
    insert(&mut after, container.id, Some(before));
    are_found_alike(pod, container, apps, &after)
}

/// Nothing changes for ports that the container which was moved or inserted does not declare.
fn are_found_alike(
    pod: &Pod<'_>,
    moved: &Container<'_>,
    before: &[ContainerId],
    after: &[ContainerId],
) -> Result<(), Refusal> {
    for port in &moved.fields.ports {
        let Some(name) = port.name.as_deref().filter(|name| !name.is_empty()) else { continue };
        let find = |order: &[ContainerId]| {
            let is_it = |other: &&ContainerPort| {
                other.name.as_deref() == Some(name) && protocol(other) == protocol(port)
            };
            let at = |id: &ContainerId| if *id == moved.id { Some(moved) } else { pod.get(*id) };
            let containers = order.iter().filter_map(at).filter(|other| !other.is_init_task());
            let mut found = containers.filter_map(|other| {
                Some((other.name(), other.fields.ports.iter().find(is_it)?.container_port))
            });
            found.next()
        };
        if let (Some((old, number)), Some((new, other_number))) = (find(before), find(after))
            && number != other_number
        {
            return Err(format!(
                "a Service whose targetPort is {name:?} would lead to {new} instead of {old}"
            )
            .into());
        }
    }
    Ok(())
}

fn protocol(port: &ContainerPort) -> &str {
    port.protocol.as_deref().filter(|protocol| !protocol.is_empty()).unwrap_or("TCP")
}
