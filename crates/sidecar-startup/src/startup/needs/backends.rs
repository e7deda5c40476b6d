//! Backends: what a sidecar connects to, by its own words and variables, may decide when it is ready. Its gate may depend on an application
//! that declares such a port, as that of a reverse proxy does; and a gate that is a client of its own container, such as `psql` at a
//! connection pooler, may get its answer from another sidecar.

use std::rc::Rc;

use super::asks::asks;
use super::evidence::{Evidence, evidence};
use super::files::has_operators_probe;
use crate::command::possible_ports;
use crate::model::container_fields::ContainerFields;
use crate::pod::container::Container;
use crate::startup::before::Before;
use crate::startup::graph::{Certainty, Event, Member, Need, Topic};
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

pub(super) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    let Some(before) = before else { return Vec::new() };
    let sidecars = lineup.members().filter(|(_, seat)| seat.is_init && !seat.is_task());
    sidecars.flat_map(|(member, seat)| of_member(lineup, before, member, seat)).collect()
}

fn of_member(lineup: &Lineup<'_>, before: &Before<'_>, member: Member, seat: &Seat<'_>) -> Vec<Need> {
    let is_client = asks(seat).iter().any(|ask| !ask.is_of_kubelet);
    let is_new = before.has_new_gate(seat) && !seat.container().is_some_and(has_operators_probe);
    let Some(container) = seat.container().filter(|_| is_client || is_new) else { return Vec::new() };
    let is_own = |port: i32| evidence(lineup, seat, port) == Evidence::Listens;
    let mut needs = Vec::new();
    for port in backends(container.fields).into_iter().map(i32::from).filter(|port| !is_own(*port)) {
        if is_client {
            needs.extend(need(member, port, sidecars_at(lineup, member, port), lineup));
        }
        if is_new {
            needs.extend(need(member, port, applications_at(lineup, port), lineup));
        }
    }
    needs
}

/// The other members that are no applications and listen on a port.
fn sidecars_at(lineup: &Lineup<'_>, member: Member, port: i32) -> Rc<[Member]> {
    let listens = |seat: &Seat<'_>| {
        !seat.container().is_some_and(Container::is_app) && evidence(lineup, seat, port) == Evidence::Listens
    };
    let others = lineup.members().filter(|(other, seat)| *other != member && listens(seat));
    others.map(|(other, _)| other).collect()
}

/// The members that declare a port, if all of them are applications.
fn applications_at(lineup: &Lineup<'_>, port: i32) -> Rc<[Member]> {
    let is_app =
        |member: &Member| lineup.seats.get(*member).and_then(Seat::container).is_some_and(Container::is_app);
    lineup.owners_of(port).filter(|owners| owners.iter().all(is_app)).cloned().unwrap_or_default()
}

/// The need of a gate for those who listen on a port; none if there are none.
fn need(member: Member, port: i32, providers: Rc<[Member]>, lineup: &Lineup<'_>) -> Option<Need> {
    let name = lineup.seats.get(*providers.first()?)?.quoted();
    Some(Need {
        of: Event::Gate(member),
        providers,
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
