//! Who mounts which volume, and who of them may write to it.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::model::volumes::Mount;
use crate::pod::container::Container;
use crate::startup::before::Before;
use crate::startup::graph::Member;
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

/// Who mounts each volume.
pub(super) struct Volumes {
    by_name: BTreeMap<String, Volume>,
    /// For each further name of a volume the first one.
    aliases: BTreeMap<String, String>,
}

/// Who mounts a volume.
#[derive(Default)]
pub(super) struct Volume {
    /// Those who may write.
    pub(super) writers: Rc<[Member]>,
    /// Those of whom it is known that they write, and the ordinary init containers that may.
    pub(super) known_writers: Rc<[Member]>,
    /// An application among them.
    pub(super) app: Few,
    /// Somebody else among them.
    pub(super) other: Few,
    /// Somebody else among them of whom that is known.
    pub(super) known: Few,
    /// The ordinary init containers that mount it.
    tasks: Tasks,
    /// Those of them that may write.
    writing_tasks: Tasks,
}

impl Volumes {
    /// The volumes of these mounts, one list for each member.
    pub(super) fn of(lineup: &Lineup<'_>, before: &Before<'_>, mounts: &[Vec<Mount<'_>>]) -> Self {
        let aliases = lineup.pod.spec().volume_aliases();
        let mut users: BTreeMap<&str, BTreeMap<Member, bool>> = BTreeMap::new();
        for (member, mounts) in mounts.iter().enumerate() {
            for mount in mounts {
                *users.entry(first_name(&aliases, mount)).or_default().entry(member).or_default() |=
                    !mount.is_read_only;
            }
        }
        let mut by_name = BTreeMap::new();
        by_name.extend(
            users.into_iter().map(|(name, users)| (name.to_owned(), Volume::of(lineup, before, &users))),
        );
        Self { by_name, aliases }
    }

    /// The volume of a mount.
    pub(super) fn get(&self, mount: &Mount<'_>) -> Option<&Volume> {
        self.by_name.get(first_name(&self.aliases, mount))
    }
}

/// The first name of the volume of a mount.
fn first_name<'n>(aliases: &'n BTreeMap<String, String>, mount: &'n Mount<'_>) -> &'n str {
    aliases.get(&*mount.volume).map_or(&*mount.volume, String::as_str)
}

impl Volume {
    /// An ordinary init container that a member at this former position has been moved ahead of. With `writing`, one that may write.
    pub(super) fn task_passed(&self, member: Member, rank: usize, writing: bool) -> Option<Member> {
        let tasks = if writing { &self.writing_tasks } else { &self.tasks };
        tasks.passed_by(member, rank)
    }

    /// A volume with these users, each with whether it may write.
    fn of(lineup: &Lineup<'_>, before: &Before<'_>, users: &BTreeMap<Member, bool>) -> Self {
        let mut volume = Self {
            writers: users.iter().filter(|(_, writes)| **writes).map(|(member, _)| *member).collect(),
            ..Self::default()
        };
        let seat_of = |member: &Member| lineup.seats.get(*member);
        let mut known_writers = Vec::new();
        for member in volume.writers.iter() {
            let container = seat_of(member).and_then(Seat::container);
            if container.is_some_and(Container::is_app) {
                volume.app.add(*member);
            } else {
                volume.other.add(*member);
                if container.and_then(Container::row).is_some_and(|row| row.writes) {
                    volume.known.add(*member);
                    known_writers.push(*member);
                } else if seat_of(member).is_some_and(Seat::is_task) {
                    known_writers.push(*member);
                }
            }
        }
        volume.known_writers = known_writers.into();
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
pub(super) struct Few([Option<Member>; 2]);

impl Few {
    fn add(&mut self, member: Member) {
        if let Some(free) = self.0.iter_mut().find(|place| place.is_none()) {
            *free = Some(member);
        }
    }

    pub(super) fn has_other_than(&self, member: Member) -> bool {
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

    /// One that starts after this member now, but started before it when the member was at this position.
    fn passed_by(&self, member: Member, rank: usize) -> Option<Member> {
        let later = self.0.partition_point(|(task, _)| member < *task);
        let (_, (first, task)) = self.0.get(later.checked_sub(1)?)?;
        (*first < rank).then_some(*task)
    }
}
