//! Which sidecar containers a Pod waits for though they have no gate: the next ordinary init container, or where there is none each
//! application, begins with a loop or a program that waits for the sidecar, or for a file that it may write.

use std::collections::BTreeMap;

use super::asks::{Ask, asks, asks_of_main_command};
use super::evidence::{is_default, is_known_to_listen};
use super::expanded::expanded;
use crate::command::{Paths, WAITERS, awaits};
use crate::model::container_id::ContainerId;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::pod::coordination::proxies_awaited;
use crate::pod::listeners::claimed_ports;
use crate::startup::graph::Member;
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

/// How many ports, volumes and applications are looked at for each sidecar, so that large Pods are judged in linear time. With more
/// applications, none counts as waiting.
const MOST: usize = 20;

/// What the members of a Pod wait for.
#[derive(Debug)]
pub(crate) struct Awaited {
    members: BTreeMap<ContainerId, Member>,
    /// What each ordinary init container waits for, and last what each application does.
    waits: BTreeMap<Member, Vec<Waits>>,
}

/// What a member waits for before it gets on.
#[derive(Debug)]
struct Waits {
    ports: Vec<i32>,
    /// The volumes in which it waits for a file.
    volumes: Vec<String>,
    /// The rows of the proxies for which a wrapper around its command waits.
    proxies: Vec<&'static str>,
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
                let is_certain = |ask: &Ask| ask.waits || ask.is_needed && is_tried_again;
                let asked = asks(seat).into_iter().filter(is_certain);
                let waits = Waits::of(lineup.pod, container, asked);
                awaited.waits.insert(member, vec![waits]);
            }
        }
        awaited.waits.insert(lineup.seats.len(), of_applications(lineup));
        awaited
    }

    /// Whether the next of those that may wait for a sidecar container does.
    pub(crate) fn has(&self, lineup: &Lineup<'_>, sidecar: &Container<'_>) -> bool {
        let Some(member) = self.members.get(&sidecar.id).copied() else { return false };
        let next = self.waits.range(member + 1..).next();
        let waits_for_it = |waits: &Waits| waits.has(lineup, member, sidecar);
        next.is_some_and(|(_, next)| !next.is_empty() && next.iter().all(waits_for_it))
    }
}

/// What each application waits for; nothing if there are too many.
fn of_applications(lineup: &Lineup<'_>) -> Vec<Waits> {
    if lineup.apps().nth(MOST).is_some() {
        return Vec::new();
    }
    let waits = |(_, app): (Member, &Seat<'_>)| {
        let asked = asks_of_main_command(app).into_iter().filter(|ask| ask.is_needed);
        Some(Waits::of(lineup.pod, app.container()?, asked))
    };
    lineup.apps().filter_map(waits).collect()
}

impl Waits {
    /// What a container waits for: the ports in `asked`, and what its own words say.
    fn of(pod: &Pod<'_>, container: &Container<'_>, asked: impl Iterator<Item = Ask>) -> Self {
        // The entry point of an image with one program, such as `wait4x/wait4x`.
        let program = container.repository.rsplit('/').next();
        let program = program.filter(|name| container.fields.command.is_empty() && WAITERS.contains(name));
        let words = program.into_iter().chain(container.fields.words());
        let awaits = awaits(&expanded(container.fields, words));
        let ports = awaits.ports.into_iter().map(i32::from);
        Self {
            ports: asked.map(|ask| ask.port).chain(ports).take(MOST).collect(),
            volumes: volumes(pod, container, awaits.files),
            proxies: awaits.program.map(|program| proxies_awaited(container, &program)).unwrap_or_default(),
        }
    }

    /// Whether it waits for a sidecar container.
    fn has(&self, lineup: &Lineup<'_>, member: Member, sidecar: &Container<'_>) -> bool {
        let listens = |port: &i32| match lineup.owners_of(*port) {
            Some(owners) => owners.contains(&member),
            None => {
                lineup.seats.get(member).is_some_and(|seat| is_known_to_listen(lineup, seat, *port))
                    || claimed_ports(sidecar).contains(port)
                    || is_default(sidecar, *port)
            }
        };
        let mounts = if self.volumes.is_empty() { Vec::new() } else { sidecar.fields.mount_list() };
        let writes =
            |volume: &String| mounts.iter().any(|mount| *mount.volume == **volume && !mount.is_read_only);
        sidecar.row().is_some_and(|row| self.proxies.contains(&row.name))
            || self.ports.iter().any(listens)
            || self.volumes.iter().any(writes)
    }
}

/// The volumes in which a container waits for one of these files, and to which somebody can write.
fn volumes(pod: &Pod<'_>, container: &Container<'_>, files: Vec<String>) -> Vec<String> {
    if files.is_empty() {
        return Vec::new();
    }
    let files = Paths::of(files.into_iter().map(Into::into).collect());
    let is_writable = pod.spec().writable_volumes();
    let mut mounts = container.fields.mount_list();
    mounts.retain(|mount| is_writable(&mount.volume) && files.has_below(&mount.path));
    mounts.into_iter().take(MOST).map(|mount| mount.volume.to_string()).collect()
}
