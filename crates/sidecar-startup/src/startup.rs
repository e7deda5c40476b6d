//! What a Pod's start-up comes to: who waits for whom, which gates never open, where the Pod may land.

pub(crate) mod context;
pub(crate) mod dead_gate;
pub(crate) mod invalid;
pub(crate) mod mesh;
pub(crate) mod nodes;
pub mod sequence;
