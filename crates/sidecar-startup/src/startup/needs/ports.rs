//! Ports: a probe, a hook or a command that asks for a port which only another container declares needs that container.
//!
//! Arguments, environment and the catalogue also show who listens: `containerPort` is informational
//! (<https://kubernetes.io/docs/concepts/services-networking/connect-applications-service/>).

use std::collections::BTreeMap;
use std::rc::Rc;

use k8s_openapi::api::core::v1::{LifecycleHandler, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::evidence::{self, Evidence};
use crate::catalogue::candidate::Candidate;
use crate::catalogue::health::Reach;
use crate::catalogue::row::Row;
use crate::command::{Purpose, local_asks};
use crate::model::container_fields::ContainerFields;
use crate::pod::container::Container;
use crate::startup::graph::{Certainty, Event, Member, Need, Topic, foremost};
use crate::startup::lineup::{Lineup, Seat};

/// A port that a member asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    /// The port.
    pub(super) port: i32,
    /// The path, within the container, of the field that asks.
    pub(super) field: &'static [&'static str],
    /// Whether it is certain to fail, or to wait, without an answer.
    pub(super) is_needed: bool,
    /// Whether the kubelet asks, at the Pod's address, rather than the container itself.
    pub(super) is_of_kubelet: bool,
}

/// What the gates ask for.
pub(super) fn needs(lineup: &Lineup<'_>) -> Vec<Need> {
    needs_of(lineup, &Event::Gate, asks)
}

/// What the main commands of sidecars and applications wait for before their work.
pub(super) fn waits(lineup: &Lineup<'_>) -> Vec<Need> {
    needs_of(lineup, &Event::Up, asks_of_main_command)
}

fn needs_of(
    lineup: &Lineup<'_>,
    event: &dyn Fn(Member) -> Event,
    asks: impl Fn(&Seat<'_>) -> Vec<Ask>,
) -> Vec<Need> {
    let mut needs = Vec::new();
    let mut owners = None;
    for (member, seat) in lineup.members() {
        let Some(container) = seat.container() else { continue };
        for ask in asks(seat) {
            if is_own(lineup, seat, container, ask.port) {
                continue;
            }
            let owners = owners.get_or_insert_with(|| owners_of(lineup));
            if let Some(providers) = owners.get(&ask.port) {
                needs.extend(need(lineup, event(member), seat, ask, Rc::clone(providers)));
            }
        }
    }
    needs
}

/// The members that declare each TCP port.
fn owners_of(lineup: &Lineup<'_>) -> BTreeMap<i32, Rc<[Member]>> {
    let mut owners: BTreeMap<i32, Vec<Member>> = BTreeMap::new();
    for (member, seat) in lineup.members() {
        let ports = seat.container().map(|container| container.fields.ports.as_slice()).unwrap_or_default();
        for port in
            ports.iter().filter(|port| port.protocol.as_deref().is_none_or(|protocol| protocol == "TCP"))
        {
            owners.entry(port.container_port).or_default().push(member);
        }
    }
    let mut shared = BTreeMap::new();
    shared.extend(owners.into_iter().map(|(port, owners)| (port, owners.into())));
    shared
}

/// Whether a port is the member's own: it declares it, or its words or the catalogue show that it listens there.
fn is_own(lineup: &Lineup<'_>, seat: &Seat<'_>, container: &Container<'_>, port: i32) -> bool {
    if seat.is_task() {
        return false;
    }
    declares(container, port)
        || container.row().is_some_and(|row| listens_on(row, port, lineup.pod.candidate(container)))
        || evidence::of_port(lineup.pod, container, port) == Evidence::Listens
}

/// Whether a sidecar listens on a port, for all that is known of its product.
fn listens_on(row: &Row, port: i32, candidate: Candidate<'_>) -> bool {
    match &row.health {
        Some(health) => health.listens_on(port, candidate) && health.reach(candidate) != Reach::Off,
        None => row.listens_on(port),
    }
}

/// Whether a container declares a port.
pub(super) fn declares(container: &Container<'_>, port: i32) -> bool {
    container.fields.ports.iter().any(|own| own.container_port == port)
}

/// Whether another member declares a port.
pub(super) fn is_declared_by_another(lineup: &Lineup<'_>, member: Member, port: i32) -> bool {
    owners_of(lineup).get(&port).is_some_and(|owners| owners.iter().any(|owner| *owner != member))
}

fn need(lineup: &Lineup<'_>, of: Event, seat: &Seat<'_>, ask: Ask, providers: Rc<[Member]>) -> Option<Need> {
    let name = lineup.seats.get(foremost(&providers, of.member_of())?)?.quoted();
    // An ordinary init container listens on no port that others wait for, and a main command that still waits on none at all.
    let may_be_own = !seat.is_task()
        && matches!(of, Event::Gate(_))
        && seat
            .container()
            .is_some_and(|container| evidence::of_port(lineup.pod, container, ask.port) == Evidence::May);
    let certainty = if ask.is_needed && !may_be_own { Certainty::Proven } else { Certainty::Possible };
    Some(Need {
        of,
        providers,
        certainty,
        topic: Topic::Port(ask.port),
        field: ask.field,
        reason: format!(
            "{} port {} of {name}",
            if ask.is_of_kubelet { "probes" } else { "asks for" },
            ask.port
        ),
    })
}

/// The ports that the gate of a member asks for.
pub(crate) fn asks(seat: &Seat<'_>) -> Vec<Ask> {
    if let Some(task) = seat.container().filter(|container| container.is_init_task()) {
        let words: Vec<_> = task.fields.words().collect();
        return asks_of_command(&words, Purpose::Any, command_field(task));
    }
    let mut asks = seat.startup_probe().map(|probe| asks_of_probe(seat, probe)).unwrap_or_default();
    asks.extend(seat.hook().map(|hook| asks_of_hook(seat, hook)).unwrap_or_default());
    asks
}

/// The ports that the main command of a container that keeps running waits for, however long that takes. What else it names it may do
/// without: proxies start before what is behind them.
fn asks_of_main_command(seat: &Seat<'_>) -> Vec<Ask> {
    let Some(container) = seat.container().filter(|container| !container.is_init_task()) else {
        return Vec::new();
    };
    // Only a loop waits, and few commands have one.
    if !container.fields.words().any(|word| word.contains("until") || word.contains("while")) {
        return Vec::new();
    }
    let words: Vec<_> = container.fields.words().collect();
    let waits = local_asks(&words, Purpose::Any).into_iter().filter(|ask| ask.waits);
    waits
        .map(|ask| Ask {
            port: i32::from(ask.port),
            field: command_field(container),
            is_needed: true,
            is_of_kubelet: false,
        })
        .collect()
}

/// The field with the last words of a container's command.
const fn command_field(container: &Container<'_>) -> &'static [&'static str] {
    if container.fields.args.is_empty() { &["command"] } else { &["args"] }
}

fn asks_of_command<S: AsRef<str>>(words: &[S], purpose: Purpose, field: &'static [&'static str]) -> Vec<Ask> {
    let ask = |ask: crate::command::Ask| Ask {
        port: i32::from(ask.port),
        field,
        is_needed: ask.is_needed,
        is_of_kubelet: false,
    };
    local_asks(words, purpose).into_iter().map(ask).collect()
}

fn asks_of_probe(seat: &Seat<'_>, probe: &Probe) -> Vec<Ask> {
    let field = &["startupProbe"];
    if let Some(exec) = &probe.exec {
        return asks_of_command(exec.command.as_deref().unwrap_or_default(), Purpose::Check, field);
    }
    let grpc = probe.grpc.as_ref().map(|grpc| (None, IntOrString::Int(grpc.port)));
    let http = probe.http_get.as_ref().map(|http| (http.host.as_deref(), http.port.clone()));
    let socket = probe.tcp_socket.as_ref().map(|socket| (socket.host.as_deref(), socket.port.clone()));
    asks_of_handler(seat, http.or(socket).or(grpc), field)
}

fn asks_of_hook(seat: &Seat<'_>, hook: &LifecycleHandler) -> Vec<Ask> {
    let field = &["lifecycle", "postStart"];
    if let Some(exec) = &hook.exec {
        return asks_of_command(exec.command.as_deref().unwrap_or_default(), Purpose::Any, field);
    }
    let http = hook.http_get.as_ref().map(|http| (http.host.as_deref(), http.port.clone()));
    asks_of_handler(seat, http, field)
}

/// The port that the kubelet asks for; none of this Pod if the handler names a host.
fn asks_of_handler(
    seat: &Seat<'_>,
    target: Option<(Option<&str>, IntOrString)>,
    field: &'static [&'static str],
) -> Vec<Ask> {
    let port = target
        .filter(|(host, _)| host.is_none_or(str::is_empty))
        .and_then(|(_, port)| number(seat.container()?.fields, &port));
    port.map(|port| Ask { port, field, is_needed: true, is_of_kubelet: true }).into_iter().collect()
}

/// The number of a handler's port. The container must declare a named port; a number in quotes is a number, too (`pkg/probe/util.go`).
pub(super) fn number(fields: &ContainerFields<'_>, port: &IntOrString) -> Option<i32> {
    match port {
        IntOrString::Int(number) => Some(*number),
        IntOrString::String(name) => {
            let named = fields.ports.iter().find(|port| port.name.as_deref() == Some(name));
            named.map(|port| port.container_port).or_else(|| name.parse().ok())
        }
    }
}
