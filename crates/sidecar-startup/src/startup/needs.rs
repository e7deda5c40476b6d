//! Who needs whom, as far as the object or a sourced fact shows. One file for each kind of evidence.

mod evidence;
mod failing;
mod files;
mod network;
pub(crate) mod ports;
mod products;
mod service;
mod volumes;

use super::before::Before;
use super::graph::{Certainty, Graph, Need};
use super::lineup::{Lineup, Waits};
use super::seat::Seat;
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

/// The graph of who waits for whom: for gates, and for being up where a gate needs that with this certainty or a higher one.
pub(crate) fn graph(lineup: &Lineup<'_>, waits: Waits, least: Certainty) -> Graph {
    let mut graph = lineup.graph(waits);
    for (member, seat) in lineup.members() {
        if Some(least) <= ports::waits_for_itself(lineup, member, seat) {
            graph.wait_for_itself(member);
        }
    }
    graph
}

/// Whether a Pod can have a proven need. Most Pods have no gate that asks for anything, and need no graph.
pub(crate) fn may_be_proven(pod: &Pod<'_>) -> bool {
    pod.containers
        .iter()
        .map(Seat::there)
        .any(|seat| seat.startup_probe().is_some() || seat.hook().is_some() || !ports::asks(&seat).is_empty())
}
