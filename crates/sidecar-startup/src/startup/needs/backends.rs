//! Backends: a gate that is a client of its own container, such as `psql` at a connection pooler, may get its answer from the sidecar that the
//! container connects to. Where that is an application, only its author can tell.

use super::asks::asks;
use super::evidence::{Evidence, evidence};
use crate::command::possible_ports;
use crate::model::container_fields::ContainerFields;
use crate::pod::container::Container;
use crate::startup::before::Before;
use crate::startup::graph::{Certainty, Event, Member, Need, Topic};
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

pub(super) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    if before.is_none() {
        return Vec::new();
    }
    let sidecars = lineup.members().filter(|(_, seat)| seat.is_init && !seat.is_task());
    sidecars.flat_map(|(member, seat)| of_member(lineup, member, seat)).collect()
}

fn of_member(lineup: &Lineup<'_>, member: Member, seat: &Seat<'_>) -> Vec<Need> {
    let is_client = asks(seat).iter().any(|ask| !ask.is_of_kubelet);
    let Some(container) = seat.container().filter(|_| is_client) else { return Vec::new() };
    let own = |port: &i32| evidence(lineup, seat, *port) == Evidence::Listens;
    let ports = backends(container.fields).into_iter().map(i32::from).filter(|port| !own(port));
    ports.filter_map(|port| need(lineup, member, port)).collect()
}

/// The need of a gate for a sidecar that listens on a port; none if there is no such sidecar.
fn need(lineup: &Lineup<'_>, member: Member, port: i32) -> Option<Need> {
    let listens = |seat: &Seat<'_>| {
        !seat.container().is_some_and(Container::is_app) && evidence(lineup, seat, port) == Evidence::Listens
    };
    let providers: Vec<Member> = lineup
        .members()
        .filter(|(other, seat)| *other != member && listens(seat))
        .map(|(other, _)| other)
        .collect();
    let name = lineup.seats.get(*providers.first()?)?.quoted();
    Some(Need {
        of: Event::Gate(member),
        providers: providers.into(),
        certainty: Certainty::Possible,
        topic: Topic::Port(port),
        field: &["env"],
        reason: format!("may depend on port {port} of {name}"),
    })
}

/// The ports of its own Pod that the words and variables of a container name, as in `127.0.0.1:5433`, or as `DB_HOST` and `DB_PORT`.
fn backends(fields: &ContainerFields<'_>) -> Vec<u16> {
    let variables = fields.variables();
    let value_of = |name: &str| {
        let variable = variables.iter().find(|variable| *variable.name == *name);
        variable.and_then(|variable| variable.value.as_deref())
    };
    let pairs = variables.iter().filter_map(|variable| {
        let port = value_of(&format!("{}PORT", variable.name.strip_suffix("HOST")?))?;
        Some(format!("{}:{port}", variable.value.as_deref()?))
    });
    let values = variables.iter().filter_map(|variable| variable.value.as_deref().map(str::to_owned));
    let words: Vec<String> = fields.words().map(str::to_owned).chain(values).chain(pairs).collect();
    possible_ports(&words)
}
