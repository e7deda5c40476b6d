//! Which sidecar containers a Pod waits for though they have no gate: the next ordinary init container, or where there is none each
//! application, does not get on before the sidecar answers, or before a file is there that it may write.

use std::collections::BTreeMap;

use super::asks::{asks, asks_of_main_command};
use super::evidence::is_known_to_listen;
use crate::command::files_awaited;
use crate::model::container_id::ContainerId;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::pod::listeners::claimed_ports;
use crate::startup::graph::Member;
use crate::startup::lineup::Lineup;

/// How many ports, and how many volumes, are looked up for each sidecar, so that large Pods are judged in linear time.
const MOST: usize = 20;

/// What the members of a Pod wait for.
#[derive(Debug)]
pub(crate) struct Awaited {
    members: BTreeMap<ContainerId, Member>,
    /// What each ordinary init container waits for, and the applications as the last one.
    waits: BTreeMap<Member, Waits>,
}

/// What a member waits for before it gets on.
#[derive(Debug, Default)]
struct Waits {
    ports: Vec<i32>,
    /// The volumes in which it waits for a file.
    volumes: Vec<String>,
}

impl Awaited {
    /// What the members of a Pod wait for.
    pub(crate) fn of(lineup: &Lineup<'_>) -> Self {
        let mut awaited = Self { members: BTreeMap::new(), waits: BTreeMap::new() };
        // Where nothing is restarted, one that fails without an answer ends the Pod.
        let is_tried_again = *lineup.pod.spec().restart_policy != *"Never";
        for (member, seat) in lineup.members() {
            let Some(container) = seat.container() else { continue };
            awaited.members.insert(container.id, member);
            if container.is_init_task() {
                let asked = asks(seat).into_iter().filter(|ask| ask.waits || ask.is_needed && is_tried_again);
                let ports = asked.map(|ask| ask.port).take(MOST).collect();
                awaited.waits.insert(member, Waits { ports, volumes: volumes(lineup.pod, container) });
            }
        }
        awaited.waits.insert(lineup.seats.len(), of_applications(lineup));
        awaited
    }

    /// Whether the next of those that may wait for a sidecar container does.
    pub(crate) fn has(&self, lineup: &Lineup<'_>, sidecar: &Container<'_>) -> bool {
        let Some(member) = self.members.get(&sidecar.id).copied() else { return false };
        let next = self.waits.range(member + 1..).next();
        let Some((_, Waits { ports, volumes })) = next else { return false };
        let listens = |port: &i32| match lineup.owners_of(*port) {
            Some(owners) => owners.contains(&member),
            None => {
                lineup.seats.get(member).is_some_and(|seat| is_known_to_listen(lineup, seat, *port))
                    || claimed_ports(sidecar).contains(port)
            }
        };
        let mounts = if volumes.is_empty() { Vec::new() } else { sidecar.fields.mount_list() };
        let writes =
            |volume: &String| mounts.iter().any(|mount| *mount.volume == **volume && !mount.is_read_only);
        ports.iter().any(listens) || volumes.iter().any(writes)
    }
}

/// What all applications wait for: none of them begins without.
fn of_applications(lineup: &Lineup<'_>) -> Waits {
    let mut apps = lineup.apps().map(|(_, app)| {
        let needed = asks_of_main_command(app).into_iter().filter(|ask| ask.is_needed);
        needed.map(|ask| ask.port).take(MOST).collect::<Vec<_>>()
    });
    let mut ports = apps.next().unwrap_or_default();
    for others in apps {
        ports.retain(|port| others.contains(port));
    }
    Waits { ports, volumes: Vec::new() }
}

/// The volumes in which the loops of an init container wait for a file, and to which somebody can write.
fn volumes(pod: &Pod<'_>, task: &Container<'_>) -> Vec<String> {
    let files = files_awaited(&task.fields.words().collect::<Vec<_>>());
    if files.is_empty() {
        return Vec::new();
    }
    let is_writable = pod.spec().writable_volumes();
    let is_below = |file: &String, path: &str| {
        file.strip_prefix(path.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
    };
    let mounts = task.fields.mount_list().into_iter().take(MOST);
    let awaited = mounts.filter(|mount| {
        is_writable(&mount.volume) && files.iter().take(MOST).any(|file| is_below(file, &mount.path))
    });
    awaited.map(|mount| mount.volume.to_string()).collect()
}
