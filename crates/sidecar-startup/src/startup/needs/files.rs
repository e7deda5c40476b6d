//! Files: a container that reads from a volume may need one that writes to it. No object proves such a need, so all are only possible.

use std::collections::BTreeMap;

use crate::model::volumes::Mount;
use crate::pod::container::Container;
use crate::pod::pair::MOUNT_PATH;
use crate::settings::action::Need as Necessity;
use crate::startup::before::Before;
use crate::startup::graph::{Certainty, Event, Member, Need, Topic};
use crate::startup::injectors::Part;
use crate::startup::lineup::{Lineup, Seat, Who};

pub(super) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    let Some(before) = before else { return Vec::new() };
    let writable = lineup.pod.spec().writable_volumes();
    let mounts: Vec<Vec<Mount<'_>>> = lineup.seats.iter().map(|seat| mounts_of(seat, &writable)).collect();
    let volumes = Volumes::of(&mounts);
    let mut needs = Vec::new();
    for (member, seat) in lineup.members() {
        let has_gate = (seat.is_init && !seat.is_task()) || seat.hook().is_some();
        let Some(container) = seat.container().filter(|_| has_gate) else { continue };
        for mount in mounts.get(member).into_iter().flatten() {
            needs.extend(passed(lineup, before, member, mount, &volumes));
            needs.extend(written(lineup, member, container, mount, &volumes));
        }
        needs.extend(injected(lineup, member, container));
    }
    needs
}

fn mounts_of<'s>(seat: &'s Seat<'_>, writable: &dyn Fn(&str) -> bool) -> Vec<Mount<'s>> {
    let mut mounts = seat.container().map(|container| container.fields.mount_list()).unwrap_or_default();
    // The copies of a pair only share their own state there.
    mounts.retain(|mount| writable(&mount.volume) && *mount.path != *MOUNT_PATH);
    mounts
}

/// Who mounts each volume, and whether they may write to it.
struct Volumes<'m>(BTreeMap<&'m str, Vec<(Member, bool)>>);

impl<'m> Volumes<'m> {
    fn of(mounts: &'m [Vec<Mount<'m>>]) -> Self {
        let mut volumes: BTreeMap<&str, Vec<(Member, bool)>> = BTreeMap::new();
        for (member, mounts) in mounts.iter().enumerate() {
            for mount in mounts {
                volumes.entry(&mount.volume).or_default().push((member, !mount.is_read_only));
            }
        }
        Self(volumes)
    }

    fn users(&self, mount: &Mount<'_>) -> impl Iterator<Item = (Member, bool)> {
        self.0.get(&*mount.volume).into_iter().flatten().copied()
    }

    fn writers(&self, mount: &Mount<'_>, but: Member) -> Vec<Member> {
        self.users(mount)
            .filter(|(member, writes)| *writes && *member != but)
            .map(|(member, _)| member)
            .collect()
    }
}

fn need(lineup: &Lineup<'_>, of: Event, providers: Vec<Member>, volume: &str, verb: &str) -> Option<Need> {
    let member = of.member_of();
    let named = providers.iter().find(|provider| member < **provider).or(providers.first())?;
    let name = lineup.seats.get(*named)?.quoted();
    Some(Need {
        of,
        providers,
        certainty: Certainty::Possible,
        topic: Topic::Volume(volume.to_owned()),
        field: &[],
        reason: format!("{verb} volume {volume:?}, which is written by {name}"),
    })
}

/// An ordinary init container that the member has been moved ahead of, if they share a volume that either may write to: it may prepare
/// what the member needs.
fn passed(
    lineup: &Lineup<'_>,
    before: &Before<'_>,
    member: Member,
    mount: &Mount<'_>,
    volumes: &Volumes<'_>,
) -> Option<Need> {
    let passed = before.passed(lineup, member);
    let shares = |task: &Member| {
        volumes.users(mount).any(|(other, writes)| other == *task && (writes || !mount.is_read_only))
    };
    let task =
        passed.into_iter().filter(|task| lineup.seats.get(*task).is_some_and(Seat::is_task)).find(shares)?;
    let name = lineup.seats.get(task)?.quoted();
    Some(Need {
        reason: format!("shares volume {:?} with {name}", &*mount.volume),
        ..need(lineup, Event::Up(member), vec![task], &mount.volume, "")?
    })
}

/// Who writes to a volume of the member, if something suggests that the member needs what they write.
fn written(
    lineup: &Lineup<'_>,
    member: Member,
    container: &Container<'_>,
    mount: &Mount<'_>,
    volumes: &Volumes<'_>,
) -> Option<Need> {
    let writers = volumes.writers(mount, member);
    let at = |writer: &Member| lineup.seats.get(*writer);
    let is_app = |writer: &Member| at(writer).and_then(Seat::container).is_some_and(Container::is_app);
    let is_known_writer = |writer: &Member| {
        at(writer).and_then(Seat::container).and_then(Container::row).is_some_and(|row| row.writes)
    };
    let others = || writers.iter().filter(|writer| !is_app(writer));
    let names = names_path_below(container, &mount.path);
    let tells_of_others =
        others().next().is_some() && (mount.is_read_only || names) || others().any(is_known_writer);
    let apps = lineup.seats.iter().filter(|seat| seat.container().is_some_and(Container::is_app)).count();
    let reads_one_of_several = 1 < apps
        && mount.is_read_only
        && container.sidecar().is_some_and(|facts| facts.need != Necessity::Helper)
        && !has_operators_probe(container);
    if gate_names_path_below(container, &mount.path) {
        return need(lineup, Event::Gate(member), writers, &mount.volume, "looks into");
    }
    (tells_of_others || (reads_one_of_several && writers.iter().any(is_app)))
        .then(|| need(lineup, Event::Up(member), writers, &mount.volume, "reads"))
        .flatten()
}

/// Whether the operator has declared the `startupProbe`, and so decided when the sidecar is ready.
fn has_operators_probe(container: &Container<'_>) -> bool {
    container.declaration.is_some_and(|declaration| declaration.startup_probe.is_some())
}

/// The injected containers that write files below a path, if the member names such a file.
fn injected(lineup: &Lineup<'_>, member: Member, container: &Container<'_>) -> Option<Need> {
    let writes = |seat: &Seat<'_>| match &seat.who {
        Who::Injected(injected) => match &injected.part {
            Part::Writer(path) => names_path_below(container, path).then(|| path.clone()),
            _ => None,
        },
        Who::Container(_) => None,
    };
    let sources: Vec<_> =
        lineup.members().filter_map(|(source, seat)| Some((source, writes(seat)?))).collect();
    let (_, path) = sources.first()?;
    let path = path.clone();
    let providers: Vec<_> = sources.into_iter().map(|(source, _)| source).collect();
    let name = lineup.seats.get(*providers.first()?)?.quoted();
    Some(Need {
        reason: format!("reads files below {path}, which are written by {name}"),
        ..need(lineup, Event::Up(member), providers, &path, "reads")?
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
