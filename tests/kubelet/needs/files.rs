//! Needs by files: who reads what others write to a volume.

use std::collections::BTreeSet;

use super::kinds::{About, Declared, Need};
use crate::pod::{Container, Mount, Pod, handler_names};
use crate::products;

struct Files<'p, 'a> {
    pod: &'p Pod<'a>,
    injected: &'p BTreeSet<String>,
    declared: &'p [Declared],
}

/// For each reader and volume at most one need of its coming up, and one of its gate.
pub(super) fn needs(pod: &Pod<'_>, injected: &BTreeSet<String>, declared: &[Declared]) -> Vec<Need> {
    let files = Files { pod, injected, declared };
    let mut needs = Vec::new();
    for (place, reader) in pod.containers.iter().enumerate() {
        for mount in reader.mounts.iter().filter(|mount| pod.writable.contains(mount.volume)) {
            let may_read = |writer| files.may_read(place, reader, mount, writer);
            let mut providers = files.writers(place, mount, may_read);
            if !providers.is_empty() {
                providers = files.writers(place, mount, |writer| may_read(writer) || files.is_task(writer));
            }
            push(&mut needs, reader, About::Volume(mount.volume.to_owned()), providers);
            let by_gate = reader.handlers().any(|handler| handler_names(handler, mount.path));
            let providers = files.writers(place, mount, |_| by_gate);
            push(&mut needs, reader, About::GateFile(mount.volume.to_owned()), providers);
        }
    }
    needs
}

fn push(needs: &mut Vec<Need>, reader: &Container<'_>, about: About, providers: Vec<String>) {
    if !providers.is_empty() {
        needs.push(Need { asker: reader.name.to_owned(), about, providers, is_proven: false });
    }
}

impl Files<'_, '_> {
    /// Others that can write to the volume, and whom the reader may read.
    fn writers(&self, reader: usize, mount: &Mount<'_>, may_read: impl Fn(usize) -> bool) -> Vec<String> {
        let others = self.pod.containers.iter().enumerate().filter(|(place, other)| {
            let mut mounts = other.mounts.iter();
            let writes = mounts.any(|theirs| theirs.volume == mount.volume && !theirs.is_read_only);
            *place != reader && writes && may_read(*place)
        });
        others.map(|(_, other)| other.name.to_owned()).collect()
    }

    /// Whether it is an ordinary init container of the Pod. One behind the reader is no reason to think that the reader waits for a file,
    /// but once something else is, nobody can tell whose file it is.
    fn is_task(&self, place: usize) -> bool {
        let container = self.pod.containers.get(place);
        container.is_some_and(|task| task.is_ordinary_init() && !self.injected.contains(task.name))
    }

    fn may_read(&self, place: usize, reader: &Container<'_>, mount: &Mount<'_>, writer: usize) -> bool {
        let Some(other) = self.pod.containers.get(writer) else { return false };
        let names = reader.names_path(mount.path);
        if self.injected.contains(other.name) || self.injected.contains(reader.name) {
            return names;
        }
        if other.is_ordinary_init() {
            return writer < place;
        }
        // A reader that is an application closes no circle; it may read whatever its sidecars write.
        if self.is_sidecar(other) || (!self.is_sidecar(reader) && !reader.is_init) {
            return names || products::writes(other) || mount.is_read_only;
        }
        // What applications write is read by shippers, which do not wait for it. With several applications, one of them may be an
        // agent that nobody has declared.
        let is_application = |container: &&Container<'_>| !container.is_init && !self.is_sidecar(container);
        let applications = self.pod.containers.iter().filter(is_application).count();
        let has_operators_probe =
            self.declared.iter().any(|known| known.name == reader.name && known.has_probe);
        applications > 1 && mount.is_read_only && !products::is_helper(reader) && !has_operators_probe
    }

    fn is_declared(&self, container: &Container<'_>) -> bool {
        self.declared.iter().any(|known| known.name == container.name)
    }

    fn is_sidecar(&self, container: &Container<'_>) -> bool {
        container.is_native
            || (!container.is_init && (products::is_known_sidecar(container) || self.is_declared(container)))
    }
}
