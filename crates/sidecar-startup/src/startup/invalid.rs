//! What the API server rejects and no rule can judge.
//!
//! A validating policy never sees such an object, but a mutating one may, and so may the command. Only what the rules look at is
//! checked: the names of containers, and the gates of sidecars.

use crate::model::api_rules::{hook_error, invalid, probe_error};
use crate::model::container_id::ContainerId;
use crate::model::read::ReadError;
use crate::pod::Pod;
use crate::pod::container::Container;

/// Something in a container that the API server would reject.
#[derive(Debug)]
pub(crate) struct Invalid {
    /// The container.
    pub(crate) container: ContainerId,
    /// What it is, and where.
    pub(crate) error: ReadError,
}

/// The first thing in a Pod that the API server would reject
/// (`pkg/apis/core/validation/validation.go`, `validateInitContainers`).
#[must_use]
pub(crate) fn first_error(pod: &Pod<'_>) -> Option<Invalid> {
    if let Some((first, second)) = duplicate_name(pod) {
        let whose = if first.is_native_sidecar() {
            // A second apply of a manifest adds an entry that a repair has moved once more.
            let first = pod.path_of(first);
            format!("{first} already has this name; if a repair put it there, keep only one of the two")
        } else {
            "another container already has this name".to_owned()
        };
        let error = invalid(pod.path_of(second).child("name"), &whose);
        return Some(Invalid { container: second.id, error });
    }
    pod.containers.iter().filter(|container| container.sidecar().is_some()).find_map(|container| {
        let path = pod.path_of(container);
        let probe = container.fields.startup_probe.as_ref();
        let probe = probe.and_then(|probe| probe_error(probe, &path.child("startupProbe")));
        let error = probe.or_else(|| {
            hook_error(container.fields.post_start()?, &path.child("lifecycle").child("postStart"))
        })?;
        Some(Invalid { container: container.id, error })
    })
}

/// Two containers with the same name, in Pod order.
fn duplicate_name<'p>(pod: &'p Pod<'p>) -> Option<(&'p Container<'p>, &'p Container<'p>)> {
    let mut order: Vec<_> = pod.containers.iter().collect();
    // The later of the two is reported, so ties are sorted by position.
    order.sort_unstable_by_key(|container| (&*container.fields.name, container.id));
    let same =
        |a: &Container<'_>, b: &Container<'_>| a.fields.name == b.fields.name && !a.fields.name.is_empty();
    order.array_windows().find(|[a, b]| same(a, b)).map(|[a, b]| (*a, *b))
}
