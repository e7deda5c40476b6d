//! Who needs whom, as far as the object or a sourced fact shows.
//!
//! One file finds the needs of each kind: `failing` (gates that cannot succeed), `ports`, `backends`, `network`, `names`, `products`,
//! `service`, `files`, `scripts` and `processes`. The others help them: `asks` has the ports that a member asks for, `evidence` and
//! `elsewhere` who may listen there, `expanded` the words of a command with its variables, and `volumes` who mounts what. `awaited` finds no
//! needs, but who waits for a sidecar that has no gate.

mod asks;
pub(crate) mod awaited;
mod backends;
mod elsewhere;
mod evidence;
mod expanded;
mod failing;
mod files;
mod names;
mod network;
pub(crate) mod ports;
mod processes;
mod products;
mod scripts;
mod service;
mod volumes;

use super::before::Before;
use super::graph::{Certainty, Event, Graph, Need};
use super::lineup::{Lineup, Waits};
use super::seat::Seat;
use crate::pod::Pod;

/// All needs that a Pod shows, proven or possible. `before` is the Pod before a repair, if this is the Pod after it: what a repair moves
/// may need files, and the probes that it adds may meet mutual TLS.
pub(crate) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    let mut needs = failing::needs(lineup);
    needs.extend(ports::needs(lineup, before));
    needs.extend(ports::waits(lineup));
    needs.extend(backends::needs(lineup, before));
    needs.extend(network::needs(lineup, before));
    needs.extend(names::needs(lineup, before));
    needs.extend(products::needs(lineup, before));
    needs.extend(service::needs(lineup));
    needs.extend(files::needs(lineup, before));
    needs.extend(scripts::needs(lineup, before));
    needs.extend(processes::needs(lineup, before));
    needs
}

/// The graph of who waits for whom, with these needs. A gate waits for its own member to be up if it needs that with this certainty or a
/// higher one.
pub(crate) fn graph(lineup: &Lineup<'_>, waits: Waits, needs: Vec<Need>, least: Certainty) -> Graph {
    let mut graph = lineup.graph(waits);
    // A member that needs nothing to be up is up once it has started, which its gate waits for anyway.
    let mut has_needs = vec![false; lineup.seats.len()];
    for need in &needs {
        if let (Event::Up(_), Some(has_needs)) = (need.of, has_needs.get_mut(need.member())) {
            *has_needs = true;
        }
    }
    for ((member, seat), has_needs) in lineup.members().zip(has_needs) {
        if has_needs && Some(least) <= ports::waits_for_itself(lineup, member, seat) {
            graph.wait_for_itself(member);
        }
    }
    graph.extend(needs);
    graph
}

/// Whether a Pod can have a proven need. Most Pods have no gate that asks for anything, and need no graph.
pub(crate) fn may_be_proven(pod: &Pod<'_>) -> bool {
    pod.containers
        .iter()
        .map(Seat::there)
        .any(|seat| seat.startup_probe().is_some() || seat.hook().is_some() || !asks::asks(&seat).is_empty())
}
