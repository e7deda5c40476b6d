//! A Pod before a repair, for whoever looks at it afterwards: what the repair has moved, and which gates it has added.

use std::collections::BTreeMap;

use super::lineup::{Lineup, Seat};

/// A Pod before a repair.
pub(crate) struct Before<'b> {
    /// The members by name, in the order in which they started.
    seats: BTreeMap<&'b str, (usize, &'b Seat<'b>)>,
}

impl<'b> Before<'b> {
    /// The Pod with these members.
    pub(crate) fn of(lineup: &'b Lineup<'b>) -> Self {
        Self { seats: lineup.members().map(|(rank, seat)| (seat.name(), (rank, seat))).collect() }
    }

    /// Whether a member has a gate that it did not have, or another one.
    pub(crate) fn has_new_gate(&self, seat: &Seat<'_>) -> bool {
        self.seats.get(seat.name()).is_none_or(|(_, old)| {
            old.startup_probe() != seat.startup_probe()
                || old.hook() != seat.hook()
                || old.is_init != seat.is_init
        })
    }

    /// Whether a container had a `startupProbe`, in whichever list it was.
    pub(crate) fn had_startup_probe(&self, seat: &Seat<'_>) -> bool {
        let old = self.seats.get(seat.name()).and_then(|(_, old)| old.container());
        old.is_some_and(|container| container.fields.startup_probe.is_some())
    }

    /// The place of a member in the order in which they started; none if it is new.
    pub(crate) fn rank(&self, seat: &Seat<'_>) -> Option<usize> {
        self.seats.get(seat.name()).map(|(rank, _)| *rank)
    }

    /// What the repair has done to each member.
    pub(crate) fn touched(&self, lineup: &Lineup<'_>) -> Vec<Touch> {
        // The earliest rank among those that come later now.
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
    /// It has a gate that it did not have, or another one.
    NewGate,
    /// It is new, or starts before others that it started after.
    Moved,
}
