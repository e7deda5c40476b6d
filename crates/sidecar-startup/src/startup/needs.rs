//! Who needs whom, as far as the object or a sourced fact shows. One file for each kind of evidence.

mod evidence;
mod failing;
mod files;
mod network;
mod ports;
mod products;
mod service;
mod volumes;

use super::before::Before;
use super::graph::{Member, Need};
use super::lineup::{Lineup, Seat};
use crate::pod::Pod;

/// All needs that a Pod shows, proven or possible. `before` is the Pod before a repair, if this is the Pod after it: what a repair moves
/// may need files, and the probes that it adds may meet mutual TLS.
pub(crate) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    let mut needs = failing::needs(lineup);
    needs.extend(ports::needs(lineup));
    needs.extend(ports::waits(lineup));
    needs.extend(network::needs(lineup, before));
    needs.extend(products::needs(lineup));
    needs.extend(service::needs(lineup));
    needs.extend(files::needs(lineup, before));
    needs
}

/// The needs of a member's gate that asks for ports that only others declare.
pub(crate) fn ports_asked(lineup: &Lineup<'_>, member: Member, seat: &Seat<'_>) -> Vec<Need> {
    ports::of_gate(lineup, member, seat)
}

/// In words, what the `startupProbe` of a member, or else its hook, asks for that an earlier one answers; none if it may ask the member
/// itself. With the field's path.
pub(crate) fn answered_by_another(
    lineup: &Lineup<'_>,
    member: Member,
    seat: &Seat<'_>,
) -> Option<(&'static [&'static str], String)> {
    ports::answered_by_another(lineup, member, seat)
}

/// Whether a Pod can have a proven need. Most Pods have no gate that asks for anything, and need no graph.
pub(crate) fn may_be_proven(pod: &Pod<'_>) -> bool {
    pod.containers
        .iter()
        .map(Seat::there)
        .any(|seat| seat.startup_probe().is_some() || seat.hook().is_some() || !ports::asks(&seat).is_empty())
}
