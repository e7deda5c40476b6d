//! Backends: a sidecar may be ready only once what it connects to answers, by its own words and variables. A repair must not hold an
//! application behind a new gate that may depend on that application, as a reverse proxy's may; and a gate that asks its own container, such
//! as `psql` at a connection pooler, may be answered through another sidecar.

use std::collections::BTreeMap;
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

/// For each port that was asked for, the sidecars that listen on it.
type Listeners = BTreeMap<i32, Rc<[Member]>>;

pub(super) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    let Some(before) = before else { return Vec::new() };
    let mut listeners = Listeners::new();
    let mut needs = Vec::new();
    for (member, seat) in lineup.members().filter(|(_, seat)| seat.is_init && !seat.is_task()) {
        let is_client = asks(seat).iter().any(|ask| !ask.is_of_kubelet);
        let may_depend = may_depend_on_application(before, seat);
        let Some(container) = seat.container().filter(|_| is_client || may_depend) else { continue };
        let is_own = |port: &i32| evidence(lineup, seat, *port) == Evidence::Listens;
        for port in backends(container.fields).into_iter().map(i32::from).filter(|port| !is_own(port)) {
            if is_client {
                let find = || sidecars_at(lineup, port);
                let sidecars = listeners.entry(port).or_insert_with(find);
                needs.extend(need(lineup, member, port, sidecars));
            }
            if may_depend {
                needs.extend(need(lineup, member, port, &applications_at(lineup, port)));
            }
        }
    }
    needs
}

/// Whether the gate of a member is a repair's, and may succeed only once the application does. The catalogue and the operator know what their
/// probes ask, and a server opens its port before it asks its own backend.
fn may_depend_on_application(before: &Before<'_>, seat: &Seat<'_>) -> bool {
    let Some(container) = seat.container() else { return false };
    let may_depend = match seat.startup_probe() {
        Some(probe) => probe.tcp_socket.is_none() && !container.is_known_probe(probe),
        None => seat.hook().is_some(),
    };
    may_depend && before.has_gate_of_repair(seat) && !has_operators_probe(container)
}

/// The members that are no applications and listen on a port.
fn sidecars_at(lineup: &Lineup<'_>, port: i32) -> Rc<[Member]> {
    let listens = |seat: &Seat<'_>| {
        !seat.container().is_some_and(Container::is_app) && evidence(lineup, seat, port) == Evidence::Listens
    };
    lineup.members().filter(|(_, seat)| listens(seat)).map(|(member, _)| member).collect()
}

/// The members that declare a port, if all of them are applications.
fn applications_at(lineup: &Lineup<'_>, port: i32) -> Rc<[Member]> {
    let is_app =
        |member: &Member| lineup.seats.get(*member).and_then(Seat::container).is_some_and(Container::is_app);
    lineup.owners_of(port).filter(|owners| owners.iter().all(is_app)).cloned().unwrap_or_default()
}

/// The need of a gate for those who listen on a port; none if there are none.
fn need(lineup: &Lineup<'_>, member: Member, port: i32, providers: &Rc<[Member]>) -> Option<Need> {
    let name = lineup.seats.get(*providers.first()?)?.quoted();
    Some(Need {
        of: Event::Gate(member),
        providers: Rc::clone(providers),
        certainty: Certainty::Possible,
        topic: Topic::Port(port),
        field: &[],
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
