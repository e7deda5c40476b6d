//! Queries of the start-up graph: what never starts, and what a repair would keep from starting.

use super::before::{Before, Touch};
use super::graph::{Certainty, Deadlock, Event, Need, Topic};
use super::lineup::{Lineup, Seat, Waits, hangs};
use super::needs::{may_be_proven, needs, ports_asked};
use crate::model::container_id::ContainerId;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::settings::Settings;

/// A gate that never opens.
#[derive(Debug)]
pub(crate) struct DeadGate {
    /// The container whose gate it is.
    pub(crate) container: ContainerId,
    /// The path, within the container, of the field that waits for what never happens.
    pub(crate) path: &'static [&'static str],
    /// Why it never opens, in words.
    pub(crate) reason: String,
    /// The consequence.
    pub(crate) effect: Effect,
}

/// The consequence of a gate that never opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// No later container is ever started.
    Blocks,
    /// The kubelet keeps killing its container, an entry of `containers`; the others start.
    Kills,
}

/// A gate that asks an earlier container instead of its own.
#[derive(Debug)]
pub(crate) struct ForeignGate {
    /// The container whose gate it is.
    pub(crate) container: ContainerId,
    /// The path, within the container, of the field that asks.
    pub(crate) path: &'static [&'static str],
    /// What it asks, in words.
    pub(crate) reason: String,
}

/// The gates of a Pod that are proven to be wrong.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    /// Those that never open.
    pub(crate) dead: Vec<DeadGate>,
    /// Those that prove nothing about their own container.
    pub(crate) foreign: Vec<ForeignGate>,
}

/// Finds the gates of a Pod that are proven to be wrong.
pub(crate) fn gates(pod: &Pod<'_>, settings: &Settings) -> Gates {
    let lineup = Lineup::of(pod, settings);
    if !may_be_proven(&lineup) {
        return Gates::default();
    }
    let needs = needs(&lineup, None);
    let foreign = needs.iter().filter_map(|need| foreign_gate(&lineup, need)).collect();
    let proven: Vec<_> = needs.into_iter().filter(|need| need.certainty == Certainty::Proven).collect();
    if proven.is_empty() {
        return Gates { dead: Vec::new(), foreign };
    }
    let mut graph = lineup.graph(Waits::Real);
    graph.extend(proven);
    let dead = graph.deadlocks(|_| true);
    Gates { dead: dead.iter().filter_map(|deadlock| dead_gate(&lineup, deadlock)).collect(), foreign }
}

fn foreign_gate(lineup: &Lineup<'_>, need: &Need) -> Option<ForeignGate> {
    let seat = lineup.seats.get(need.member())?;
    let container = seat.container().filter(|container| container.is_native_sidecar())?;
    let is_foreign = matches!(need.topic, Topic::Port(_))
        && need.field == ["startupProbe"]
        && need.certainty == Certainty::Proven
        && need.providers.iter().all(|provider| *provider < need.member());
    is_foreign.then(|| ForeignGate {
        container: container.id,
        path: need.field,
        reason: format!("the startupProbe {}", need.reason),
    })
}

fn dead_gate(lineup: &Lineup<'_>, deadlock: &Deadlock<'_>) -> Option<DeadGate> {
    let need = deadlock.need()?;
    let seat = lineup.seats.get(need.member())?;
    let container = seat.container()?;
    // A hook of the application that can only fail is left to its author.
    if container.is_app() && need.is_hopeless() {
        return None;
    }
    let blocks = seat.is_init || seat.hook().is_some_and(hangs);
    Some(DeadGate {
        container: container.id,
        path: need.field,
        reason: deadlock.to_string(),
        effect: if blocks { Effect::Blocks } else { Effect::Kills },
    })
}

/// Something that would no longer start after a repair, because of what the repair adds or moves.
#[derive(Debug)]
pub(crate) struct Broken {
    /// The names of the containers in the circle that the repair has moved or given a new gate.
    pub(crate) containers: Vec<String>,
    /// The path, within the container, of the field that shows the need that closes the circle; empty for the container as a whole.
    pub(crate) field: &'static [&'static str],
    /// Why, in words.
    pub(crate) reason: String,
}

/// The first deadlock that a repair would add: a need that nobody can meet, else the shortest circle. In the reason, `who` replaces the
/// name of the container whose need closes the circle.
pub(crate) fn broken(before: &Lineup<'_>, after: &Lineup<'_>, who: Option<&str>) -> Option<Broken> {
    let earlier = Before::of(before);
    // The Pod as sent is assumed to start, so a need that would prevent that is not real.
    let known = disproved(before);
    let touched = earlier.touched(after);
    let mut graph = after.graph(Waits::Strict);
    graph.extend(needs(after, Some(&earlier)));
    let key = |of: Event, topic: &Topic| {
        after.seats.get(of.member_of()).map(|seat| (seat.name().to_owned(), topic.clone()))
    };
    let deadlocks = graph.deadlocks(|need| key(need.of, &need.topic).is_none_or(|key| !known.contains(&key)));
    deadlocks.into_iter().find_map(|deadlock| {
        let is_touched = |event: &Event| match touched.get(event.member_of()) {
            Some(Touch::Moved) => true,
            Some(Touch::NewGate) => matches!(event, Event::Gate(_)),
            Some(Touch::None) | None => false,
        };
        deadlock.events().any(|event| is_touched(&event)).then(|| {
            let first = deadlock.need().and_then(|need| after.seats.get(need.member()));
            let name = first.map(Seat::quoted).unwrap_or_default();
            let name_of = |event: Event| Some(after.seats.get(event.member_of())?.name().to_owned());
            Broken {
                containers: deadlock.events().filter(is_touched).filter_map(name_of).collect(),
                field: deadlock.need().map_or(&[], |need| need.field),
                reason: deadlock.describe(who.unwrap_or(&name), "would start after it"),
            }
        })
    })
}

/// The needs that would keep a Pod from starting as it is, each as the name of its member and its topic.
fn disproved(lineup: &Lineup<'_>) -> Vec<(String, Topic)> {
    let itself = Before::of(lineup);
    let mut graph = lineup.graph(Waits::Real);
    graph.extend(needs(lineup, Some(&itself)));
    let mut known = Vec::new();
    let holds_others = |member: usize| {
        let seat = lineup.seats.get(member);
        seat.is_some_and(|seat| seat.is_init || seat.hook().is_some_and(hangs))
            && member + 1 < lineup.seats.len()
    };
    // A deadlock that holds back no other container is no evidence: the rest of the Pod starts anyway.
    let deadlocks = graph.deadlocks(|_| true).into_iter();
    for deadlock in
        deadlocks.filter(|deadlock| deadlock.events().any(|event| holds_others(event.member_of())))
    {
        for need in &deadlock.needs {
            if let Some(seat) = lineup.seats.get(need.member()) {
                known.push((seat.name().to_owned(), need.topic.clone()));
            }
        }
    }
    known
}

/// Checks that a repair does not make a container part of a new deadlock.
///
/// # Errors
/// The deadlock.
pub(crate) fn opens(
    before: &Lineup<'_>,
    after: &Lineup<'_>,
    container: &Container<'_>,
) -> Result<(), Broken> {
    match broken(before, after, Some("it")) {
        Some(broken) if broken.containers.iter().any(|name| **name == *container.fields.name) => Err(broken),
        _ => Ok(()),
    }
}

/// In words, the port of another container that the gate of this one asks for; none if it asks for none.
pub(crate) fn asks_another(lineup: &Lineup<'_>, container: &Container<'_>) -> Option<String> {
    let is_its = |need: &Need| {
        lineup
            .seats
            .get(need.member())
            .and_then(Seat::container)
            .is_some_and(|other| other.id == container.id)
    };
    ports_asked(lineup).into_iter().find(is_its).map(|need| need.reason)
}
