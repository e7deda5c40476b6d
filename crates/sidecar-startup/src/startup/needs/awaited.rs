//! Which sidecar containers a Pod waits for though they have no gate: an ordinary init container that asks for a port, or waits for a file,
//! ends only once it is there, and all later containers start after that. An application may wait itself, too.

use super::asks::{asks, asks_of_main_command};
use super::evidence::{Evidence, evidence};
use super::paths::Paths;
use crate::command::may_wait;
use crate::pod::container::Container;
use crate::startup::graph::Member;
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

/// How many ports, and how many volumes, are looked up for each sidecar, so that large Pods are judged in linear time.
const MOST: usize = 20;

/// What the members of a Pod wait for.
#[derive(Debug, Default)]
pub(crate) struct Awaited {
    /// Ports, each with the last member that does not get on without an answer.
    ports: Vec<(i32, Member)>,
    /// Volumes, each with the last ordinary init container that may wait for a file in it.
    volumes: Vec<(String, Member)>,
}

impl Awaited {
    /// What the members of a Pod wait for.
    pub(crate) fn of(lineup: &Lineup<'_>) -> Self {
        let mut awaited = Self::default();
        for (member, seat) in lineup.members() {
            if let Some(task) = seat.container().filter(|container| container.is_init_task()) {
                let needed = asks(seat).into_iter().filter(|ask| ask.is_needed);
                awaited.ports.extend(needed.map(|ask| (ask.port, member)));
                awaited.volumes.extend(volumes_awaited_by(task).map(|volume| (volume, member)));
            }
        }
        // What all applications wait for, none of them begins without.
        let mut apps = lineup.apps().map(|(_, app)| ports_awaited_by(app));
        let mut common = apps.next().unwrap_or_default();
        for ports in apps {
            common.retain(|port| ports.contains(port));
        }
        awaited.ports.extend(common.into_iter().map(|port| (port, lineup.seats.len())));
        awaited.ports.truncate(MOST);
        awaited.volumes.truncate(MOST);
        awaited
    }

    /// Whether a later member waits for a sidecar container.
    pub(crate) fn has(&self, lineup: &Lineup<'_>, sidecar: &Container<'_>) -> bool {
        if self.ports.is_empty() && self.volumes.is_empty() {
            return false;
        }
        let is_it = |seat: &Seat<'_>| seat.container().is_some_and(|container| container.id == sidecar.id);
        let Some((member, seat)) = lineup.members().find(|(_, seat)| is_it(seat)) else { return false };
        let listens = |port: i32| evidence(lineup, seat, port) == Evidence::Listens;
        let mounts = sidecar.fields.mount_list();
        let writes =
            |volume: &str| mounts.iter().any(|mount| *mount.volume == *volume && !mount.is_read_only);
        self.ports.iter().any(|(port, last)| member < *last && listens(*port))
            || self.volumes.iter().any(|(volume, last)| member < *last && writes(volume))
    }
}

fn ports_awaited_by(app: &Seat<'_>) -> Vec<i32> {
    asks_of_main_command(app).into_iter().filter(|ask| ask.is_needed).map(|ask| ask.port).collect()
}

/// The volumes below whose mounts a command that may wait names a path.
fn volumes_awaited_by(task: &Container<'_>) -> impl Iterator<Item = String> {
    let words: Vec<_> = task.fields.words().collect();
    let mounts = if may_wait(&words) { task.fields.mount_list() } else { Vec::new() };
    let paths = Paths::of(words.into_iter().map(Into::into).collect());
    let named: Vec<_> = mounts.into_iter().filter(|mount| paths.has_below(&mount.path)).collect();
    named.into_iter().map(|mount| mount.volume.to_string())
}
