//! How a Pod starts: who waits for whom, who needs whom, which gates never open, and which nodes the Pod may land on.
//!
//! `Lineup` is the start order: the init containers and then the entries of `containers`, those included that an injector or a repair
//! will add. `Seat` is a container's place in it. `Graph` says which of them waits for which; a circle in it is a Pod that never starts.

pub(crate) mod before;
pub(crate) mod broken;
pub(crate) mod check;
pub(crate) mod completion;
pub(crate) mod context;
pub(crate) mod graph;
pub(crate) mod injectors;
pub(crate) mod invalid;
pub(crate) mod lineup;
pub(crate) mod mesh;
mod needs;
pub(crate) mod nodes;
mod seat;
pub mod sequence;
