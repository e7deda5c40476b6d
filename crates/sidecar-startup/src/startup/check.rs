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
    /// The path from the container to what asks for what never comes.
    pub(crate) path: &'static [&'static str],
    /// Why it never opens, in words.
    pub(crate) reason: String,
    /// What comes of it.
    pub(crate) effect: Effect,
}

/// What comes of a gate that never opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing behind it is ever started.
    Blocks,
    /// Its own container is killed each time; an entry of `containers` keeps nobody else from starting.
    Kills,
}

/// A gate that asks an earlier container instead of its own.
#[derive(Debug)]
pub(crate) struct ForeignGate {
    /// The container whose gate it is.
    pub(crate) container: ContainerId,
    /// The path from the container to what asks.
    pub(crate) path: &'static [&'static str],
    /// What it asks, in words.
    pub(crate) reason: String,
}

/// The gates of a Pod that are wrong, for sure.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    /// Those that never open.
    pub(crate) dead: Vec<DeadGate>,
    /// Those that tell nothing of their own container.
    pub(crate) foreign: Vec<ForeignGate>,
}

/// Looks for the gates of a Pod that are wrong.
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
    // What can only fail in an application of its own is its author's business, as long as it blocks nobody.
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

/// What would never start in a Pod after a repair, though it does before, because of something that the repair has added or moved.
#[derive(Debug)]
pub(crate) struct Broken {
    /// The names of the containers on the way that the repair has added, moved or given a gate.
    pub(crate) containers: Vec<String>,
    /// The path from the container to what shows the need that closes it; empty for the container as a whole.
    pub(crate) field: &'static [&'static str],
    /// Why, in words.
    pub(crate) reason: String,
}

/// What a repair would break, the shortest circle first. `who` is what to call the container whose need closes it, instead of its name.
pub(crate) fn broken(before: &Lineup<'_>, after: &Lineup<'_>, who: Option<&str>) -> Option<Broken> {
    let earlier = Before::of(before);
    // A Pod that runs as sent disproves what would have kept it from starting.
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

/// The needs that would have kept a Pod from starting as it is, by the name of who has them and what they are about.
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
    // What holds nobody back would not have kept anything from starting.
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

/// Whether the gates of a container open where it is a sidecar container at that place, with that `startupProbe` if it has none.
///
/// # Errors
/// Who would wait for whom.
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

/// The port of another container that the gate of a container asks for, in words.
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
