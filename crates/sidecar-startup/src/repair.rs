//! What rules use to plan repairs. A plan is data: nothing here writes to an object except [`draft`], to which
//! `decision/rounds.rs` passes a plan's edits.

pub(crate) mod arguments;
pub(crate) mod author;
pub(crate) mod budget;
pub(crate) mod conversion;
pub mod copies;
mod derived;
pub(crate) mod draft;
pub(crate) mod edit;
pub(crate) mod hold;
pub(crate) mod insertion;
pub(crate) mod named_ports;
mod outline;
pub(crate) mod pair;
pub(crate) mod placement;
pub(crate) mod plan;
pub(crate) mod probe_source;
pub(crate) mod safety;
