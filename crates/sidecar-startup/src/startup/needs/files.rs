//! Files: a container that reads from a volume may need one that writes to it. No object proves such a need, so all are only possible.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::model::volumes::Mount;
use crate::pod::container::Container;
use crate::pod::pair::MOUNT_PATH;
use crate::settings::action::Need as Necessity;
use crate::startup::before::Before;
use crate::startup::graph::{Certainty, Event, Member, Need, Topic, foremost};
use crate::startup::injectors::{Injected, Part};
use crate::startup::lineup::{Lineup, Seat, Who};

pub(super) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    let Some(before) = before else { return Vec::new() };
    let writable = lineup.pod.spec().writable_volumes();
    let mounts: Vec<Vec<Mount<'_>>> = lineup.seats.iter().map(|seat| mounts_of(seat, &writable)).collect();
    let volumes = Volumes::of(lineup, before, &mounts);
    let apps = lineup.seats.iter().filter(|seat| seat.container().is_some_and(Container::is_app));
    let has_several_apps = apps.take(2).count() == 2;
    let to_come = writers_to_come(lineup);
    let mut needs = Vec::new();
    for (member, seat) in lineup.members() {
        let has_gate = (seat.is_init && !seat.is_task()) || seat.hook().is_some();
        let Some(container) = seat.container().filter(|_| has_gate) else { continue };
        for mount in mounts.get(member).into_iter().flatten() {
            let Some(volume) = volumes.0.get(&*mount.volume) else { continue };
            needs.extend(passed(lineup, before, member, mount, volume));
            needs.extend(written(lineup, member, container, mount, volume, has_several_apps));
        }
        needs.extend(injected(lineup, member, container, &to_come));
    }
    needs
}

fn mounts_of<'s>(seat: &'s Seat<'_>, writable: &dyn Fn(&str) -> bool) -> Vec<Mount<'s>> {
    let mut mounts = seat.container().map(|container| container.fields.mount_list()).unwrap_or_default();
    // The copies of a pair only share their own state there.
    mounts.retain(|mount| writable(&mount.volume) && *mount.path != *MOUNT_PATH);
    mounts
}

/// Who mounts each volume.
struct Volumes<'m>(BTreeMap<&'m str, Volume>);

/// Who mounts a volume.
#[derive(Default)]
struct Volume {
    /// Those who may write.
    writers: Rc<[Member]>,
    /// An application among them.
    app: Few,
    /// Somebody else among them.
    other: Few,
    /// Somebody else among them of whom that is known.
    known: Few,
    /// The ordinary init containers that mount it.
    tasks: Tasks,
    /// Those of them that may write.
    writing_tasks: Tasks,
}

impl<'m> Volumes<'m> {
    fn of(lineup: &Lineup<'_>, before: &Before<'_>, mounts: &'m [Vec<Mount<'m>>]) -> Self {
        let mut users: BTreeMap<&str, BTreeMap<Member, bool>> = BTreeMap::new();
        for (member, mounts) in mounts.iter().enumerate() {
            for mount in mounts {
                *users.entry(&mount.volume).or_default().entry(member).or_default() |= !mount.is_read_only;
            }
        }
        Self(users.into_iter().map(|(name, users)| (name, Volume::of(lineup, before, &users))).collect())
    }
}

impl Volume {
    /// A volume with these users, each with whether it may write.
    fn of(lineup: &Lineup<'_>, before: &Before<'_>, users: &BTreeMap<Member, bool>) -> Self {
        let mut volume = Self {
            writers: users.iter().filter(|(_, writes)| **writes).map(|(member, _)| *member).collect(),
            ..Self::default()
        };
        let seat_of = |member: &Member| lineup.seats.get(*member);
        for member in volume.writers.iter() {
            let container = seat_of(member).and_then(Seat::container);
            if container.is_some_and(Container::is_app) {
                volume.app.add(*member);
            } else {
                volume.other.add(*member);
                if container.and_then(Container::row).is_some_and(|row| row.writes) {
                    volume.known.add(*member);
                }
            }
        }
        // The last ones first.
        for (member, writes) in users.iter().rev() {
            let seat = seat_of(member).filter(|seat| seat.is_task());
            let Some(rank) = seat.and_then(|seat| before.rank(seat)) else { continue };
            volume.tasks.put_first(*member, rank);
            if *writes {
                volume.writing_tasks.put_first(*member, rank);
            }
        }
        volume
    }
}

/// The first two of some members: enough to tell whether there is another one than a given one.
#[derive(Default)]
struct Few([Option<Member>; 2]);

impl Few {
    fn add(&mut self, member: Member) {
        if let Some(free) = self.0.iter_mut().find(|place| place.is_none()) {
            *free = Some(member);
        }
    }

    fn has_other_than(&self, member: Member) -> bool {
        self.0.iter().flatten().any(|other| *other != member)
    }
}

/// Ordinary init containers, the last ones first; each with the place at which it started before the repair, and with whichever of it and
/// the later ones started first.
#[derive(Default)]
struct Tasks(Vec<(Member, (usize, Member))>);

impl Tasks {
    fn put_first(&mut self, member: Member, rank: usize) {
        let later = self.0.last().map(|(_, first)| *first);
        let first = later.into_iter().chain([(rank, member)]).min().unwrap_or((rank, member));
        self.0.push((member, first));
    }

    /// One that starts after a member now, but started before it when that was at this place.
    fn passed_by(&self, member: Member, rank: usize) -> Option<Member> {
        let later = self.0.partition_point(|(task, _)| member < *task);
        let (_, (first, task)) = self.0.get(later.checked_sub(1)?)?;
        (*first < rank).then_some(*task)
    }
}

fn need(
    lineup: &Lineup<'_>,
    of: Event,
    providers: Rc<[Member]>,
    volume: &str,
    reason: impl FnOnce(&str) -> String,
) -> Option<Need> {
    let named = foremost(&providers, of.member_of())?;
    let reason = reason(&lineup.seats.get(named)?.quoted());
    let topic = Topic::Volume(volume.to_owned());
    Some(Need { of, providers, certainty: Certainty::Possible, topic, field: &[], reason })
}

/// An ordinary init container that the member has been moved ahead of, if they share a volume that either may write to: it may prepare
/// what the member needs.
fn passed(
    lineup: &Lineup<'_>,
    before: &Before<'_>,
    member: Member,
    mount: &Mount<'_>,
    volume: &Volume,
) -> Option<Need> {
    let tasks = if mount.is_read_only { &volume.writing_tasks } else { &volume.tasks };
    let task = tasks.passed_by(member, before.rank(lineup.seats.get(member)?)?)?;
    need(lineup, Event::Up(member), [task].into(), &mount.volume, |name| {
        format!("shares volume {:?} with {name}", &*mount.volume)
    })
}

/// Who writes to a volume of the member, if something suggests that the member needs what they write.
fn written(
    lineup: &Lineup<'_>,
    member: Member,
    container: &Container<'_>,
    mount: &Mount<'_>,
    volume: &Volume,
    has_several_apps: bool,
) -> Option<Need> {
    let written = |event, verb| {
        need(lineup, event, Rc::clone(&volume.writers), &mount.volume, |name| {
            format!("{verb} volume {:?}, which is written by {name}", &*mount.volume)
        })
    };
    if gate_names_path_below(container, &mount.path) {
        return written(Event::Gate(member), "looks into");
    }
    let tells_of_others = volume.known.has_other_than(member)
        || volume.other.has_other_than(member)
            && (mount.is_read_only || names_path_below(container, &mount.path));
    let reads_one_of_several = || {
        has_several_apps
            && mount.is_read_only
            && volume.app.has_other_than(member)
            && container.sidecar().is_some_and(|facts| facts.need != Necessity::Helper)
            && !has_operators_probe(container)
    };
    (tells_of_others || reads_one_of_several()).then(|| written(Event::Up(member), "reads")).flatten()
}

/// Whether the operator has declared the `startupProbe`, and so decided when the sidecar is ready.
fn has_operators_probe(container: &Container<'_>) -> bool {
    container.declaration.is_some_and(|declaration| declaration.startup_probe.is_some())
}

/// The injected init containers and agents that write files, with the path below which they do.
fn writers_to_come<'l>(lineup: &'l Lineup<'_>) -> Vec<(Member, &'l str)> {
    let path = |seat: &'l Seat<'_>| match &seat.who {
        Who::Injected(Injected { part: Part::Writer(path), .. }) => Some(path.as_str()),
        Who::Injected(_) | Who::Container(_) => None,
    };
    lineup.members().filter_map(|(member, seat)| Some((member, path(seat)?))).collect()
}

/// What is still to be injected and writes files, where the member names a path below theirs.
fn injected(
    lineup: &Lineup<'_>,
    member: Member,
    container: &Container<'_>,
    to_come: &[(Member, &str)],
) -> Option<Need> {
    let mut sources = to_come.iter().filter(|(_, path)| names_path_below(container, path)).peekable();
    let (_, path) = *sources.peek()?;
    let providers = sources.map(|(source, _)| *source).collect();
    need(lineup, Event::Up(member), providers, path, |name| {
        format!("reads files below {path}, which are written by {name}")
    })
}

/// Whether a container's arguments, environment, probe or hook name a path below this one.
fn names_path_below(container: &Container<'_>, path: &str) -> bool {
    let fields = container.fields;
    fields.words().any(|word| is_below(word, path))
        || fields
            .variables()
            .iter()
            .filter_map(|variable| variable.value.as_deref())
            .any(|value| is_below(value, path))
        || gate_names_path_below(container, path)
}

/// Whether the command of a container's `startupProbe` or hook names a path below this one.
fn gate_names_path_below(container: &Container<'_>, path: &str) -> bool {
    let probe = container.fields.startup_probe.as_ref().and_then(|probe| probe.exec.as_ref());
    let hook = container.fields.post_start().and_then(|hook| hook.exec.as_ref());
    let commands = probe.into_iter().chain(hook).filter_map(|exec| exec.command.as_deref());
    commands.flatten().any(|word| is_below(word, path))
}

/// Whether a text names a path below this one.
fn is_below(text: &str, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    !path.is_empty()
        && text.match_indices(path).any(|(at, _)| {
            let (before, rest) = text.split_at_checked(at).unwrap_or_default();
            let is_start =
                !before.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
            let below = rest.strip_prefix(path).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
            is_start
                && below
                    .starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '$'))
        })
}
