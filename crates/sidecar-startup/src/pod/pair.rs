//! How to recognise the two copies of a universal sidecar, into which a repair splits a classic one for nodes that support sidecar
//! containers and nodes that do not (see `repair/copies.rs`).
//!
//! A copy is recognised by its whole script, not by a mark that anybody can write. So a script that changes leaves the pairs of
//! earlier releases to be judged as two containers, unless it is kept here as well.

use crate::command::is_shell;
use crate::model::container_fields::ContainerFields;
use crate::model::object::Spec;

/// Where both copies mount the volume that they share.
pub const MOUNT_PATH: &str = "/sidecar-startup";

/// What the native copy, and the volume that both copies share, append to the name of the classic copy.
pub const NATIVE_SUFFIX: &str = "-native";

/// The script of the native copy. The words after it are the name of the container and what it runs.
pub(crate) const NATIVE: &str = include_str!("pair/native.sh");

/// The script of the classic copy. The words after it are the name of the container, the Pod's `restartPolicy` and what it runs.
pub(crate) const CLASSIC: &str = include_str!("pair/classic.sh");

/// Whether these words are the `command` of the classic copy of a pair.
#[must_use]
pub fn is_classic_copy<S: AsRef<str>>(command: &[S]) -> bool {
    words_after(CLASSIC, command).is_some()
}

/// Whether these words are the `command` of the native copy of a pair.
#[must_use]
pub fn is_native_copy<S: AsRef<str>>(command: &[S]) -> bool {
    words_after(NATIVE, command).is_some()
}

/// The words of a command after a shell that runs this script.
fn words_after<'c, S: AsRef<str>>(script: &str, command: &'c [S]) -> Option<&'c [S]> {
    match command {
        [shell, flag, text, words @ ..]
            if is_shell(shell.as_ref()) && flag.as_ref() == "-c" && text.as_ref() == script =>
        {
            Some(words)
        }
        _ => None,
    }
}

/// The name of the container that a native copy was split from.
pub(super) fn original<'f>(fields: &'f ContainerFields<'_>) -> Option<&'f str> {
    let name = fields.name.strip_suffix(NATIVE_SUFFIX)?;
    let words = words_after(NATIVE, &fields.command)?;
    let is_copy = words.first().is_some_and(|word| **word == *name)
        && fields.restart_policy.as_deref() == Some("Always")
        && fields.mounts_whole(&fields.name, MOUNT_PATH);
    is_copy.then_some(name)
}

/// Whether a container is the classic copy of a pair in a Pod that has the native one.
pub(super) fn is_classic_copy_in(spec: &Spec<'_>, fields: &ContainerFields<'_>) -> bool {
    let Some([name, policy, ..]) = words_after(CLASSIC, &fields.command) else { return false };
    let native = format!("{}{NATIVE_SUFFIX}", &**name);
    let restarts_always = matches!(&*spec.restart_policy, "" | "Always");
    **name == *fields.name
        && (**policy == *"Always") == restarts_always
        && fields.mounts_whole(&native, MOUNT_PATH)
        && spec.empty_dirs().contains(&native)
        && spec.init_containers.iter().any(|other| original(other) == Some(name))
}
