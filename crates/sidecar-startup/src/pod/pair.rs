//! How to recognise the two copies of a universal sidecar, into which a repair splits a classic one for nodes that support sidecar
//! containers and nodes that do not (see `repair/copies.rs`).

use super::container::Container;
use crate::command::is_shell;
use crate::model::container_fields::ContainerFields;
use crate::model::container_id::ContainerId;

/// Where both copies mount the volume that they share.
pub const MOUNT_PATH: &str = "/sidecar-startup";

/// What the native copy, and the volume that both copies share, append to the name of the classic copy.
pub const NATIVE_SUFFIX: &str = "-native";

/// The first line of the native copy's script. The rest may come from another release of this program.
pub(crate) const NATIVE_MARK: &str = ": sidecar-startup, native copy";

/// The first line of the classic copy's script.
pub(crate) const CLASSIC_MARK: &str = ": sidecar-startup, classic copy";

/// Whether these words are the `command` of the classic copy of a pair.
#[must_use]
pub fn is_classic_copy<S: AsRef<str>>(command: &[S]) -> bool {
    runs(command, CLASSIC_MARK)
}

/// Whether these words are the `command` of the native copy of a pair.
#[must_use]
pub fn is_native_copy<S: AsRef<str>>(command: &[S]) -> bool {
    runs(command, NATIVE_MARK)
}

fn runs<S: AsRef<str>>(command: &[S], mark: &str) -> bool {
    let mut words = command.iter().map(AsRef::as_ref);
    words.next().is_some_and(is_shell)
        && words.next() == Some("-c")
        && words.next().is_some_and(|script| script.lines().next() == Some(mark))
}

/// The name of the container that a native copy was split from.
pub(crate) fn original<'f>(fields: &'f ContainerFields<'_>) -> Option<&'f str> {
    fields.name.strip_suffix(NATIVE_SUFFIX).filter(|_| is_native_copy(&fields.command))
}

/// The name of a container in the settings, which do not know about copies.
pub(crate) fn declared_name<'f>(fields: &'f ContainerFields<'_>) -> &'f str {
    original(fields).unwrap_or(&fields.name)
}

/// The native copy, among all containers of the Pod, that was split from a container.
pub(crate) fn native_copy_of(containers: &[Container<'_>], container: &Container<'_>) -> Option<ContainerId> {
    let is_its = |other: &&Container<'_>| original(other.fields) == Some(&*container.fields.name);
    containers.iter().find(|other| other.is_init() && is_its(other)).map(|copy| copy.id)
}
