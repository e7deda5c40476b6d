//! A `livenessProbe` that ends its sidecar once the application has ended.

use crate::command::{Paths, local_asks};
use crate::model::handler::Target;
use crate::pod::Pod;
use crate::pod::container::Container;

/// Whether a `livenessProbe` may end a sidecar once the application has ended: it looks for a file that another container may write, or asks
/// for a port that only others declare. The kubelet kills the container, and where that exits with 0, or the Pod never restarts, it stays
/// down.
pub(super) fn is_ended_by_probe(pod: &Pod<'_>, container: &Container<'_>) -> bool {
    let Some(probe) = &container.fields.liveness_probe else { return false };
    let words = probe.exec.as_ref().and_then(|exec| exec.command.as_deref()).unwrap_or_default();
    let mut asked: Vec<i32> = local_asks(words).iter().map(|ask| ask.port.into()).collect();
    let target = Target::of_probe(probe).filter(|target| target.is_own(container.uses_host_network));
    asked.extend(target.and_then(|target| target.number(container.fields)));
    let declared = pod.declared_ports();
    let is_of_another = |port: &i32| {
        !container.declares(*port) && u16::try_from(*port).is_ok_and(|port| declared.contains(&port))
    };
    asked.iter().any(is_of_another) || reads_of_another(pod, container, words)
}

/// Whether a command names a path in a volume of its container to which another container can write.
fn reads_of_another(pod: &Pod<'_>, container: &Container<'_>, words: &[String]) -> bool {
    if words.is_empty() {
        return false;
    }
    let named = Paths::of(words.iter().map(Into::into).collect());
    container.fields.mount_list().iter().any(|mount| {
        let mut writers = pod.writers_of(&mount.volume).iter();
        named.has_below(&mount.path) && writers.any(|writer| *writer != container.id)
    })
}
