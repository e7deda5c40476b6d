//! The gates of a Pod that are proven to be wrong.

use k8s_openapi::api::core::v1::Probe;

use super::graph::{Certainty, Deadlock, Member, foremost};
use super::lineup::{Lineup, Waits};
use super::needs::{graph, may_be_proven, needs, ports};
use super::seat::{Seat, hangs};
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
    /// The container that it waits for; none if that is nobody, or a container that an injector will add.
    pub(crate) provider: Option<ContainerId>,
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
    if !may_be_proven(pod) {
        return Gates::default();
    }
    let lineup = Lineup::of(pod, settings);
    let foreign = lineup.members().filter_map(|(member, seat)| foreign_gate(&lineup, member, seat)).collect();
    let proven: Vec<_> =
        needs(&lineup, None).into_iter().filter(|need| need.certainty == Certainty::Proven).collect();
    if proven.is_empty() {
        return Gates { dead: Vec::new(), foreign };
    }
    let graph = graph(&lineup, Waits::Real, proven, Certainty::Proven);
    let dead = graph.deadlocks(|_| true);
    Gates { dead: dead.iter().filter_map(|deadlock| dead_gate(&lineup, deadlock)).collect(), foreign }
}

fn foreign_gate(lineup: &Lineup<'_>, member: Member, seat: &Seat<'_>) -> Option<ForeignGate> {
    let container = seat.container().filter(|container| container.is_native_sidecar())?;
    let (path, asked) = ports::answered_by_another(lineup, member, seat)?;
    let gate = if path == ["startupProbe"] { "startupProbe" } else { "hook" };
    Some(ForeignGate { container: container.id, path, reason: format!("the {gate} {asked}") })
}

fn dead_gate(lineup: &Lineup<'_>, deadlock: &Deadlock<'_>) -> Option<DeadGate> {
    let need = deadlock.need()?;
    let seat = lineup.seats.get(need.member())?;
    let container = seat.container()?;
    let blocks = seat.is_init || seat.hook().is_some_and(hangs);
    // A hook of the application that can only fail is left to its author, unless it keeps others from starting.
    let is_last = need.member() + 1 == lineup.seats.len();
    if container.is_app() && need.is_hopeless() && (is_last || !blocks) {
        return None;
    }
    let provider = foremost(&need.providers, need.member()).and_then(|provider| lineup.seats.get(provider));
    let provider = provider.and_then(Seat::container);
    Some(DeadGate {
        container: container.id,
        path: need.field,
        reason: deadlock.describe(|member| lineup.name_of(member, Some(seat.name())), "starts later"),
        provider: provider.map(|provider| provider.id),
        effect: if blocks { Effect::Blocks } else { Effect::Kills },
    })
}

/// In words, the port of another container that the gate of this one asks for, as a sidecar container with `probe` as its `startupProbe`
/// or else with its own; none if it asks for none.
pub(crate) fn asks_another(
    lineup: &Lineup<'_>,
    container: &Container<'_>,
    probe: Option<Probe>,
) -> Option<String> {
    let is_its = |(_, seat): &(Member, &Seat<'_>)| seat.container().is_some_and(|own| own.id == container.id);
    let (member, _) = lineup.members().find(is_its)?;
    let asked = ports::of_gate(lineup, member, &Seat::as_sidecar(container, probe));
    asked.into_iter().next().map(|need| need.reason)
}
