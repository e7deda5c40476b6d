//! How a Pod starts up: which container waits for which, which gates never open, where the Pod may land.

pub(crate) mod before;
pub(crate) mod check;
pub(crate) mod context;
pub(crate) mod graph;
pub(crate) mod injectors;
pub(crate) mod invalid;
pub(crate) mod lineup;
pub(crate) mod mesh;
mod needs;
pub(crate) mod nodes;
pub mod sequence;
