//! Who needs whom, as far as the object or a sourced fact tells. A file for each kind of evidence.

mod evidence;
mod failing;
mod files;
mod network;
mod ports;
mod products;

use super::before::Before;
use super::graph::Need;
use super::lineup::Lineup;

/// The needs that the Pod itself tells of, proven ones among them. `before` is the Pod before a repair, where this is the one after it:
/// what a repair moves or adds may need more.
pub(crate) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    let mut needs = failing::needs(lineup);
    needs.extend(ports::needs(lineup));
    needs.extend(ports::waits(lineup));
    needs.extend(network::needs(lineup, before));
    needs.extend(products::needs(lineup));
    needs.extend(files::needs(lineup, before));
    needs
}

/// The needs of the gates that ask for a port that only others declare.
pub(crate) fn ports_asked(lineup: &Lineup<'_>) -> Vec<Need> {
    ports::needs(lineup)
}

/// Whether a Pod may have a need that is proven. Most have none, and then there is nothing to look for.
pub(crate) fn may_be_proven(lineup: &Lineup<'_>) -> bool {
    lineup
        .seats
        .iter()
        .any(|seat| seat.startup_probe().is_some() || seat.hook().is_some() || !ports::asks(seat).is_empty())
}
