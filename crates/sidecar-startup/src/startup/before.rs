//! The Pod before a repair, to compare with the Pod after it: which containers have moved, and which have a new gate.

use std::collections::{BTreeMap, BTreeSet};

use super::lineup::Lineup;
use super::seat::Seat;

/// A Pod before a repair.
#[derive(Debug)]
pub(crate) struct Before<'p> {
    lineup: Lineup<'p>,
    /// The first and the last position of the members of each name in the start order. They differ where a second apply has added an
    /// entry of `containers` again that an earlier repair has moved.
    ranks: BTreeMap<String, (usize, usize)>,
}

impl<'p> Before<'p> {
    /// Records the members of a Pod before a repair.
    pub(crate) fn of(lineup: Lineup<'p>) -> Self {
        let mut ranks: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (rank, seat) in lineup.members() {
            ranks.entry(seat.name().to_owned()).or_insert((rank, rank)).1 = rank;
        }
        Self { lineup, ranks }
    }

    /// The members.
    pub(crate) const fn lineup(&self) -> &Lineup<'p> {
        &self.lineup
    }

    /// What a member was before; none if it is new.
    fn old(&self, seat: &Seat<'_>) -> Option<&Seat<'p>> {
        self.lineup.seats.get(self.rank(seat)?)
    }

    /// Whether a member is new, has a different gate than before, or has changed lists.
    pub(crate) fn has_new_gate(&self, seat: &Seat<'_>) -> bool {
        self.old(seat).is_none_or(|old| {
            old.startup_probe() != seat.startup_probe()
                || old.hook() != seat.hook()
                || old.is_init != seat.is_init
        })
    }

    /// Whether a member has a `startupProbe` that an earlier revision of it in the same list did not have: a repair has added it, or has
    /// moved the container so that it became a gate.
    pub(crate) fn has_gate_of_repair(&self, seat: &Seat<'_>) -> bool {
        self.old(seat).is_none_or(|old| {
            let probe = old.container().and_then(|container| container.fields.startup_probe.as_ref());
            old.is_init != seat.is_init || probe != seat.startup_probe()
        })
    }

    /// Whether a container had a `startupProbe` before, in either list.
    pub(crate) fn had_startup_probe(&self, seat: &Seat<'_>) -> bool {
        let old = self.old(seat).and_then(Seat::container);
        old.is_some_and(|container| container.fields.startup_probe.is_some())
    }

    /// The position at which a member started before; none if it is new.
    pub(crate) fn rank(&self, seat: &Seat<'_>) -> Option<usize> {
        self.ranks.get(seat.name()).map(|(first, _)| *first)
    }

    /// Whether there were two members of its name: a second apply has added an entry of `containers` again that an earlier repair has moved.
    pub(crate) fn has_twin(&self, seat: &Seat<'_>) -> bool {
        self.ranks.get(seat.name()).is_some_and(|(first, last)| first != last)
    }

    /// Tells by the name of a volume at which position a member that has it started before; none if the member is new. What an earlier
    /// repair has moved may lack a volume that its entry in `containers` has now.
    pub(crate) fn rank_with(&self, seat: &Seat<'_>) -> Option<impl Fn(&str) -> usize> {
        let (first, last) = *self.ranks.get(seat.name())?;
        let moved = self.lineup.seats.get(first).and_then(Seat::container).filter(|_| first != last);
        let mounts = moved.map(|moved| moved.fields.mount_list()).unwrap_or_default();
        let volumes: BTreeSet<String> = mounts.into_iter().map(|mount| mount.volume.to_string()).collect();
        Some(move |volume: &str| if volumes.contains(volume) { first } else { last })
    }

    /// What the repair has done to each member, in start order.
    pub(crate) fn touched(&self, lineup: &Lineup<'_>) -> Vec<Touch> {
        // The earliest former position of the members that start later now.
        let mut earliest = usize::MAX;
        let touch = |seat: &Seat<'_>| {
            let rank = self.rank(seat);
            let has_moved = rank.is_none_or(|rank| earliest < rank);
            earliest = earliest.min(rank.unwrap_or(usize::MAX));
            match (has_moved, self.has_new_gate(seat)) {
                (true, _) => Touch::Moved,
                (false, true) => Touch::NewGate,
                (false, false) => Touch::None,
            }
        };
        let mut touched: Vec<_> = lineup.seats.iter().rev().map(touch).collect();
        touched.reverse();
        touched
    }
}

/// What a repair has done to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    /// Nothing.
    None,
    /// It has a new or a different gate.
    NewGate,
    /// It is new, or now starts before a member that it started after.
    Moved,
}
