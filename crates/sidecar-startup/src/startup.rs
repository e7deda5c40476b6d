//! How a Pod starts up: which container waits for which, which gates never open, where the Pod may land.

pub(crate) mod context;
pub(crate) mod dead_gate;
pub(crate) mod invalid;
pub(crate) mod mesh;
pub(crate) mod nodes;
pub mod sequence;
