//! Names: a Pod that resolves them at its own loopback address (`dnsPolicy: None`) resolves none before the container that answers there
//! has started.

use std::rc::Rc;

use crate::pod::container::Container;
use crate::startup::before::Before;
use crate::startup::graph::{Certainty, Event, Member, Need, Topic};
use crate::startup::lineup::Lineup;

/// Where name servers listen.
const DNS: i32 = 53;

pub(super) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    if before.is_none() || !lineup.pod.spec().resolves_by_itself() {
        return Vec::new();
    }
    let listens = |container: &Container<'_>| container.declares(DNS);
    let mut servers: Vec<Member> = lineup
        .members()
        .filter(|(_, seat)| seat.container().is_some_and(listens))
        .map(|(member, _)| member)
        .collect();
    if servers.is_empty() {
        servers.extend(lineup.apps().map(|(member, _)| member));
    }
    let Some(first) = servers.first().and_then(|first| lineup.seats.get(*first)) else { return Vec::new() };
    let reason = format!("may look up a name, and the name server may be {}", first.quoted());
    let servers: Rc<[Member]> = servers.into();
    let gated = lineup.members().filter(|(member, seat)| seat.is_init && !servers.contains(member));
    let need = |member| Need {
        of: Event::Gate(member),
        providers: Rc::clone(&servers),
        certainty: Certainty::Possible,
        topic: Topic::Network,
        field: &[],
        reason: reason.clone(),
    };
    gated.map(|(member, _)| need(member)).collect()
}
