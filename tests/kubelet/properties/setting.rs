//! A Pod in a cluster, and which of its containers are the application.

use serde_json::Value;

use crate::generator::DECLARED;
use crate::injectors::Cluster;
use crate::needs::World;
use crate::pod::{Container, Pod};
use crate::products;
use crate::startup::Outcome;

/// A cluster with the Pod as sent, injected, and every world with what comes of it.
pub(super) struct Setting<'c> {
    pub(super) cluster: Cluster,
    pub(super) sent: &'c Value,
    pub(super) worlds: Vec<(World, Outcome)>,
}

/// When the application was started: the first entry of `containers` that nobody calls a sidecar.
pub(super) fn application_started(pod: &Pod<'_>, outcome: &Outcome) -> Option<u64> {
    let apps = pod.containers.iter().filter(|container| is_application(container));
    apps.filter_map(|container| outcome.of(container.name)?.started()).min()
}

/// Whether there is an entry of `containers` that nobody calls a sidecar.
pub(crate) fn has_application(pod: &Value) -> bool {
    Pod::read(pod).containers.iter().any(is_application)
}

fn is_application(container: &Container<'_>) -> bool {
    let is_declared = DECLARED.iter().any(|declared| declared.name == container.name);
    !container.is_init && !is_declared && !products::is_known_sidecar(container)
}
