//! What a Pod asks for as a whole, before and after a repair.

use super::placement::Place;
use crate::finding::Refusal;
use crate::model::resources::{self, Requests, Use};
use crate::pod::Pod;
use crate::pod::container::Container;

/// What a Pod asks for. What it asks for as a whole overrides what its containers do.
pub(crate) fn of_pod(pod: &Pod<'_>) -> Requests {
    of_containers(pod).overridden_by(&pod.spec().requests())
}

/// What the containers of a Pod ask for together.
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

/// A resource of which the containers ask for more than the Pod does as a whole, which the API server refuses.
pub(crate) fn exceeded(pod: &Pod<'_>) -> Option<String> {
    past_the_pod(pod, &of_containers(pod))
}

fn past_the_pod(pod: &Pod<'_>, containers: &Requests) -> Option<String> {
    let of_pod = pod.spec().requests();
    let past = containers.above(&of_pod);
    past.iter().map(|(name, _)| name).find(|name| of_pod.get(name).is_some()).map(str::to_owned)
}

/// Whether what the Pod asks for as a whole still covers its containers once one of them is a sidecar container at that place.
///
/// # Errors
/// Of which resource they would ask for more.
pub(crate) fn fits_at(pod: &Pod<'_>, container: &Container<'_>, place: Place<'_>) -> Result<(), Refusal> {
    if pod.spec().requests().iter().next().is_none() {
        return Ok(());
    }
    let init = place.earlier.iter().chain(std::iter::once(&container.id)).chain(place.later);
    let is_app = |other: &&Container<'_>| !init.clone().any(|id| *id == other.id);
    let of_init = init.clone().filter_map(|id| pod.get(*id)).map(|other| {
        let r#use = if other.is_init_task() { Use::Init } else { Use::Sidecar };
        (r#use, other.fields.requests())
    });
    let of_apps = pod.app_list().filter(is_app).map(|app| (Use::App, app.fields.requests()));
    match past_the_pod(pod, &resources::of_pod(of_init.chain(of_apps))) {
        Some(name) if exceeded(pod).is_none() => {
            Err(format!("the containers would ask for more {name} than the Pod as a whole").into())
        }
        _ => Ok(()),
    }
}
