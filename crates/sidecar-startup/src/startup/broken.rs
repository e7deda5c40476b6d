//! What a repair would keep from starting, as the start-up graph shows.

use std::cell::OnceCell;
use std::collections::{BTreeSet, VecDeque};

use super::before::{Before, Touch};
use super::graph::{Certainty, Deadlock, Event, Graph, Need, Topic};
use super::lineup::{Lineup, Waits};
use super::needs::{graph, needs};
use super::seat::hangs;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::settings::Settings;

/// Something that would no longer start after a repair, because of what the repair adds or moves.
#[derive(Debug)]
pub(crate) struct Broken {
    /// The names of the containers in the circle that the repair has moved or given a new gate.
    pub(crate) containers: Vec<String>,
    /// The path, within the container, of the field that shows the need that closes the circle; empty for the container as a whole.
    pub(crate) field: &'static [&'static str],
    /// Whether all needs in the circle are proven.
    pub(crate) is_proven: bool,
    /// Why, in words.
    pub(crate) reason: String,
}

/// A Pod as it was sent, to compare its repairs with.
#[derive(Debug)]
pub(crate) struct Sent<'p> {
    before: Before<'p>,
    disproved: OnceCell<Disproved>,
}

/// What would keep a Pod as it was sent from starting. It is assumed to start, so none of this is real.
#[derive(Debug, Default)]
struct Disproved {
    /// Needs that would do so alone.
    needs: BTreeSet<Known>,
    /// Those that would do so together: at least one of each is not real.
    circles: Vec<Vec<Known>>,
}

/// Whether a need is one of these.
fn is_among(need: &Need, needs: &[&Need]) -> bool {
    needs.iter().any(|other| std::ptr::eq(*other, need))
}

/// How many members are passed in searches for one repair at most, but for the first search: in a Pod of 20 containers, it takes 32. Pods
/// with several circles are rare, and large ones would take long.
const MAX_PASSED: usize = 640;

/// How many deadlocks of a Pod as it was sent are followed by way of other providers, and how many of these for each.
const MAX_WAYS: usize = 16;

/// What tells a need apart from others in two versions of a Pod: its member, whether it is the gate's, its field and its topic.
type Known = (String, bool, &'static [&'static str], Topic);

fn known(lineup: &Lineup<'_>, need: &Need) -> Option<Known> {
    let name = lineup.seats.get(need.member())?.name().to_owned();
    Some((name, matches!(need.of, Event::Gate(_)), need.field, need.topic.clone()))
}

impl<'p> Sent<'p> {
    /// A Pod as it was sent.
    pub(crate) fn of(pod: &'p Pod<'p>, settings: &Settings) -> Self {
        Self { before: Before::of(Lineup::of(pod, settings)), disproved: OnceCell::new() }
    }

    /// The members of the Pod as it was sent.
    pub(crate) const fn lineup(&self) -> &Lineup<'p> {
        self.before.lineup()
    }

    /// The first deadlock that a repair would add: a need that nobody can meet, else the shortest circle. The reason says "it" for the
    /// container with the name `it`.
    pub(crate) fn broken(&self, after: &Lineup<'_>, it: Option<&str>) -> Option<Broken> {
        let needs = needs(after, Some(&self.before));
        let graph = graph(after, Waits::Strict, needs, Certainty::Possible);
        // Most repairs add none, and need no further look.
        if graph.deadlocks(|_| true).is_empty() {
            return None;
        }
        let touched = self.before.touched(after);
        let is_touched = |event: &Event| match touched.get(event.member_of()) {
            Some(Touch::Moved) => true,
            Some(Touch::NewGate) => matches!(event, Event::Gate(_)),
            Some(Touch::None) | None => false,
        };
        self.find_new(after, &graph, is_touched).map(|deadlock| {
            let name_of = |event: Event| Some(after.seats.get(event.member_of())?.name().to_owned());
            let in_words = |member| after.name_of(member, it);
            Broken {
                containers: deadlock.events().filter(is_touched).filter_map(name_of).collect(),
                field: deadlock.need().map_or(&[], |need| need.field),
                is_proven: deadlock.needs.iter().all(|need| need.certainty == Certainty::Proven),
                reason: deadlock.describe(in_words, "would start after it"),
            }
        })
    }

    /// The first deadlock that the Pod as it was sent does not have.
    ///
    /// Of a circle that it has, at least one need is not real, or another provider meets it. Without that need, or without that provider,
    /// another circle may close that the shorter one hid; so each of them is left out in turn.
    fn find_new<'g>(
        &self,
        after: &Lineup<'_>,
        graph: &'g Graph,
        is_touched: impl Fn(&Event) -> bool,
    ) -> Option<Deadlock<'g>> {
        let disproved = self.disproved.get_or_init(|| self.disproved());
        let is_real = |need: &Need| known(after, need).is_none_or(|known| !disproved.needs.contains(&known));
        let is_new = |deadlock: &Deadlock<'_>| {
            let needs: Vec<_> = deadlock.needs.iter().filter_map(|need| known(after, need)).collect();
            let is_disproved = |circle: &Vec<Known>| circle.iter().all(|known| needs.contains(known));
            deadlock.events().any(|event| is_touched(&event)) && !disproved.circles.iter().any(is_disproved)
        };
        let mut left_out: VecDeque<Vec<&Need>> = VecDeque::from([Vec::new()]);
        for _ in 0..(MAX_PASSED / after.seats.len().max(1)).max(1) {
            let unreal = left_out.pop_front()?;
            let counts = |need: &Need| is_real(need) && !is_among(need, &unreal);
            let mut found = graph.deadlocks(counts);
            if let Some(new) = found.iter().position(&is_new) {
                return Some(found.swap_remove(new));
            }
            let followed = found.get(..MAX_WAYS).unwrap_or(&found);
            let mut ways = graph.ways_of(followed, MAX_WAYS, counts);
            if let Some(new) = ways.iter().position(&is_new) {
                return Some(ways.swap_remove(new));
            }
            let mut old: Vec<&Need> = Vec::new();
            for need in found.into_iter().chain(ways).flat_map(|deadlock| deadlock.needs) {
                if !is_among(need, &old) {
                    old.push(need);
                }
            }
            left_out.extend(old.into_iter().map(|need| [unreal.as_slice(), &[need]].concat()));
        }
        None
    }

    /// Checks that a repair does not make a container part of a new deadlock.
    ///
    /// # Errors
    /// The deadlock.
    pub(crate) fn opens(&self, after: &Lineup<'_>, container: &Container<'_>) -> Result<(), Broken> {
        match self.broken(after, Some(&container.fields.name)) {
            Some(broken) if broken.containers.iter().any(|name| **name == *container.fields.name) => {
                Err(broken)
            }
            _ => Ok(()),
        }
    }

    fn disproved(&self) -> Disproved {
        let lineup = self.before.lineup();
        let needs = needs(lineup, Some(&self.before));
        // Only what certainly waits tells that a need is not real.
        let graph = graph(lineup, Waits::Real, needs, Certainty::Proven);
        let holds_others = |event: Event| {
            let seat = lineup.seats.get(event.member_of());
            seat.is_some_and(|seat| seat.is_init || seat.hook().is_some_and(hangs))
                && event.member_of() + 1 < lineup.seats.len()
        };
        let mut disproved = Disproved::default();
        for deadlock in graph.deadlocks(|_| true) {
            // A deadlock that holds back no other container is no evidence: the rest of the Pod starts anyway.
            if deadlock.events().any(holds_others) {
                match deadlock.needs.as_slice() {
                    // Whoever starts earlier might meet it: then it never is for another need.
                    [need] if need.providers.first().is_some_and(|first| *first < need.member()) => {}
                    [need] => disproved.needs.extend(known(lineup, need)),
                    needs if graph.deadlocks(|need| is_among(need, needs)).is_empty() => {}
                    needs => {
                        disproved.circles.push(needs.iter().filter_map(|need| known(lineup, need)).collect());
                    }
                }
            }
        }
        disproved
    }
}
