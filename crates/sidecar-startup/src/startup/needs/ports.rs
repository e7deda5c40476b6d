//! Ports: a probe, a hook or a command that asks for a port which only another container declares needs that container.
//!
//! Arguments, environment and the catalogue also show who listens: `containerPort` is informational
//! (<https://kubernetes.io/docs/concepts/services-networking/connect-applications-service/>).

use std::collections::BTreeMap;
use std::rc::Rc;

use super::asks::{Ask, asks, asks_of_hook, asks_of_main_command, asks_of_probe};
use super::elsewhere::{has_detour, may_be_answered_earlier, may_be_of_earlier};
use super::evidence::{Evidence, evidence, is_known_to_listen};
use crate::model::gate::{hook_is_gate, probe_is_gate};
use crate::pod::container::Container;
use crate::pod::listeners::claimed_ports;
use crate::startup::before::Before;
use crate::startup::graph::{Certainty, Event, Member, Need, Topic, foremost};
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

/// What the gates ask for. `before` is the Pod before a repair, as in [`super::needs`].
pub(super) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    let of_gate = |(member, seat)| match before {
        Some(_) => of_gate(lineup, member, seat),
        None => proven_of_gate(lineup, member, seat),
    };
    lineup.members().flat_map(of_gate).collect()
}

/// What the gate of a member asks for, or may.
pub(crate) fn of_gate(lineup: &Lineup<'_>, member: Member, seat: &Seat<'_>) -> Vec<Need> {
    let of = Event::Gate(member);
    let need = |ask| need(lineup, of, seat, ask).or_else(|| doubtful_need(lineup, of, seat, ask));
    asks(seat).into_iter().filter_map(need).collect()
}

/// The same without a look at what is only possible by who says that it listens.
fn proven_of_gate(lineup: &Lineup<'_>, member: Member, seat: &Seat<'_>) -> Vec<Need> {
    asks(seat).into_iter().filter_map(|ask| need(lineup, Event::Gate(member), seat, ask)).collect()
}

/// In words, the port that the `startupProbe` of a member, or else its hook, asks for although only others listen on it, one of which has
/// started by then: it opens, whatever the member does. None if it also asks for a port that may be the member's. With the field's path.
pub(crate) fn answered_by_another(
    lineup: &Lineup<'_>,
    member: Member,
    seat: &Seat<'_>,
) -> Option<(&'static [&'static str], String)> {
    let is_of_gate = |ask: &Ask| seat.startup_probe().is_none() || ask.field == ["startupProbe"];
    let foreign = |ask: Ask| {
        let need = need(lineup, Event::Gate(member), seat, ask)?;
        let earlier = need.providers.first().filter(|provider| **provider < member)?;
        let is_proven = need.certainty == Certainty::Proven;
        is_proven.then(|| lineup.seats.get(*earlier)).flatten().map(|earlier| (ask.field, ask.words(earlier)))
    };
    let asked: Option<Vec<_>> = asks(seat).into_iter().filter(is_of_gate).map(foreign).collect();
    asked?.into_iter().next()
}

/// How certain it is that the gate of a member opens only once the member is up: proven are an ordinary init container, which has to
/// exit, a proxy that an injector will add, and a probe or a hook that asks for the member's own port; possible is one of which nothing
/// shows whom it asks. None if it asks only others.
pub(super) fn waits_for_itself(lineup: &Lineup<'_>, member: Member, seat: &Seat<'_>) -> Option<Certainty> {
    if seat.is_task() || seat.container().is_none() && seat.is_proxy() {
        return Some(Certainty::Proven);
    }
    let by_asks = |is_command: bool, asks: Vec<Ask>| {
        // A command that asks for no port may ask the container otherwise; a handler of the kubelet then asks another host.
        let otherwise = (is_command && asks.is_empty()).then_some(Certainty::Possible);
        let by_port = asks.into_iter().filter_map(|ask| match need(lineup, Event::Gate(member), seat, ask) {
            None if !ask.is_needed || may_be_answered_earlier(lineup, member, seat, ask.port) => {
                Some(Certainty::Possible)
            }
            None => Some(Certainty::Proven),
            Some(need) => (need.certainty == Certainty::Possible).then_some(Certainty::Possible),
        });
        otherwise.max(by_port.max())
    };
    let probe = seat.startup_probe().filter(|probe| probe_is_gate(probe));
    let hook = seat.hook().filter(|hook| hook.sleep.is_none() && hook_is_gate(hook));
    let by_probe = probe.and_then(|probe| by_asks(probe.exec.is_some(), asks_of_probe(seat, probe)));
    by_probe.max(hook.and_then(|hook| by_asks(hook.exec.is_some(), asks_of_hook(seat, hook))))
}

/// What the main commands of sidecars and applications wait for before their work.
pub(super) fn waits(lineup: &Lineup<'_>) -> Vec<Need> {
    let mut needs = Vec::new();
    // All members are looked at to find them, and many may ask for the same port.
    let mut possible: BTreeMap<i32, Rc<[Member]>> = BTreeMap::new();
    for (member, seat) in lineup.members() {
        for ask in asks_of_main_command(seat) {
            let providers = match lineup.owners_of(ask.port) {
                Some(owners) => Rc::clone(owners),
                None if ask.is_answered => {
                    let find = || possible_owners(lineup, ask.port);
                    Rc::clone(possible.entry(ask.port).or_insert_with(find))
                }
                None => continue,
            };
            needs.extend(need_of(lineup, Event::Up(member), seat, ask, &providers));
        }
    }
    needs
}

/// The need of a member that asks for a port; none if the port is its own, or nobody's.
fn need(lineup: &Lineup<'_>, of: Event, seat: &Seat<'_>, ask: Ask) -> Option<Need> {
    need_of(lineup, of, seat, ask, lineup.owners_of(ask.port)?)
}

/// The same, where these meet it.
fn need_of(
    lineup: &Lineup<'_>,
    of: Event,
    seat: &Seat<'_>,
    ask: Ask,
    providers: &Rc<[Member]>,
) -> Option<Need> {
    let provider = lineup.seats.get(foremost(providers, of.member_of())?)?;
    let evidence = evidence(lineup, seat, ask.port);
    // A main command that still waits listens on no port at all, though its words may name the one that it waits for.
    let is_gate = matches!(of, Event::Gate(_));
    if evidence == Evidence::Listens && (is_gate || is_known_to_listen(lineup, seat, ask.port)) {
        return None;
    }
    let is_awaited_first =
        || asks_of_main_command(seat).iter().any(|first| first.port == ask.port && first.is_needed);
    let may_be_own =
        evidence == Evidence::Listens || evidence == Evidence::May && is_gate && !is_awaited_first();
    // On the node's network, a process of the node may answer, at another address than the provider's.
    let may_be_elsewhere = lineup.pod.spec().host_network || !ask.is_of_kubelet && has_detour(seat);
    let may_be_of_earlier = || may_be_of_earlier(lineup, of.member_of(), providers, ask.port);
    let is_proven = ask.is_needed && !may_be_own && !may_be_elsewhere && !may_be_of_earlier();
    let certainty = if is_proven { Certainty::Proven } else { Certainty::Possible };
    Some(Need {
        of,
        providers: Rc::clone(providers),
        certainty,
        topic: Topic::Port(ask.port),
        field: ask.field,
        reason: ask.words(provider),
    })
}

/// Who may listen on a port that nobody declares: all whose words name it, and all of whose product nothing is known.
fn possible_owners(lineup: &Lineup<'_>, port: i32) -> Rc<[Member]> {
    let may_listen = |seat: &Seat<'_>| {
        !seat.is_task() && seat.container().is_some_and(|container| container.row().is_none())
            || evidence(lineup, seat, port) == Evidence::Listens
    };
    lineup.members().filter(|(_, seat)| may_listen(seat)).map(|(member, _)| member).collect()
}

/// The need of a member that asks for a port of which the Pod does not show clearly whose it is: others declare it and the member's words
/// name it, but not as one to listen on; or nobody declares it, and an application says that it listens there.
fn doubtful_need(lineup: &Lineup<'_>, of: Event, seat: &Seat<'_>, ask: Ask) -> Option<Need> {
    if is_known_to_listen(lineup, seat, ask.port) {
        return None;
    }
    let owners = lineup.owners_of(ask.port);
    let provider = match owners {
        Some(owners) => foremost(owners, of.member_of())?,
        None => lineup.claimant_of(ask.port)?,
    };
    let says_so = |container: &Container<'_>| claimed_ports(container).contains(&ask.port);
    if seat.container().is_some_and(says_so) {
        return None;
    }
    if owners.is_none() && evidence(lineup, seat, ask.port) == Evidence::Listens {
        return None;
    }
    let reason = ask.words(lineup.seats.get(provider)?);
    Some(Need {
        of,
        providers: [provider].into(),
        certainty: Certainty::Possible,
        topic: Topic::Port(ask.port),
        field: ask.field,
        reason,
    })
}

/// Whether another member declares a port.
pub(super) fn is_declared_by_another(lineup: &Lineup<'_>, member: Member, port: i32) -> bool {
    lineup.owners_of(port).is_some_and(|owners| owners.iter().any(|owner| *owner != member))
}
