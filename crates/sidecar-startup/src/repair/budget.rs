//! The resource requests of a whole Pod, before and after a repair.

use crate::finding::Refusal;
use crate::model::container_id::ContainerId;
use crate::model::resources::{self, Requests, Use};
use crate::model::view::Unread;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::startup::lineup::Place;

/// By how much repairs raise the requests of a Pod.
pub(crate) fn rise(before: &Pod<'_>, after: &Pod<'_>) -> Requests {
    // Most repairs leave them alone, and to add them up takes long.
    let has_tasks = [before, after].iter().any(|pod| pod.containers.iter().any(Container::is_init_task));
    let is_same = if has_tasks { uses(before).eq(uses(after)) } else { request_alike(before, after) };
    if is_same { Requests::default() } else { of_pod(after).above(&of_pod(before)) }
}

/// When which container uses what it requests.
fn uses<'p>(pod: &'p Pod<'_>) -> impl Iterator<Item = (Use, Unread<'p>)> {
    pod.containers.iter().map(|container| (use_of(container), container.fields.resources))
}

/// Whether two Pods have the same containers with the same requests, in whatever order: without one that completes, all of them run
/// together in the end.
fn request_alike(before: &Pod<'_>, after: &Pod<'_>) -> bool {
    let old = before.containers.iter().enumerate();
    // Most follow on each other in both.
    let mut next = 0;
    before.containers.len() == after.containers.len()
        && after.containers.iter().all(|container| {
            let mut known = old.clone().skip(next).chain(old.clone().take(next));
            let known = known.find(|(_, known)| known.fields.name == container.fields.name);
            known.is_some_and(|(position, known)| {
                next = position + 1;
                known.fields.resources == container.fields.resources
            })
        })
}

/// The requests of a Pod. Pod-level requests override those of its containers.
fn of_pod(pod: &Pod<'_>) -> Requests {
    of_containers(pod).overridden_by(&pod.spec().requests())
}

/// The combined requests of a Pod's containers.
fn of_containers(pod: &Pod<'_>) -> Requests {
    resources::of_pod(pod.containers.iter().map(|container| (use_of(container), container.fields.requests())))
}

fn use_of(container: &Container<'_>) -> Use {
    if container.is_init_task() {
        Use::Init
    } else if container.is_init() {
        Use::Sidecar
    } else {
        Use::App
    }
}

/// A resource for which the containers together exceed the Pod-level request, which the API server rejects.
pub(crate) fn exceeded(pod: &Pod<'_>) -> Option<String> {
    past_the_pod(pod, || of_containers(pod))
}

fn past_the_pod(pod: &Pod<'_>, containers: impl FnOnce() -> Requests) -> Option<String> {
    let of_pod = pod.spec().requests();
    // Few Pods have any.
    of_pod.iter().next()?;
    let past = containers().above(&of_pod);
    past.iter().map(|(name, _)| name).find(|name| of_pod.get(name).is_some()).map(str::to_owned)
}

/// Checks that the Pod-level requests still cover the containers once one of them is a sidecar container at this place.
///
/// # Errors
/// Which request they would exceed.
pub(crate) fn fits_at(pod: &Pod<'_>, container: &Container<'_>, place: Place<'_>) -> Result<(), Refusal> {
    let init = place.earlier.iter().chain(std::iter::once(&container.id)).chain(place.later);
    let is_app = |other: &&Container<'_>| !init.clone().any(|id| *id == other.id);
    // The container itself may be new.
    let get = |id: ContainerId| if id == container.id { Some(container) } else { pod.get(id) };
    let of_init = init.clone().filter_map(|id| get(*id)).map(|other| {
        let r#use = if other.is_init_task() { Use::Init } else { Use::Sidecar };
        (r#use, other.fields.requests())
    });
    let of_apps = pod.app_list().filter(is_app).map(|app| (Use::App, app.fields.requests()));
    match past_the_pod(pod, || resources::of_pod(of_init.chain(of_apps))) {
        Some(name) if exceeded(pod).is_none() => {
            Err(format!("the containers would exceed the Pod-level request for {name}").into())
        }
        _ => Ok(()),
    }
}
