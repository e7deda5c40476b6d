//! What rules plan their repairs with. A plan is data: nothing here writes to an object, save for [`draft`], which
//! `decision/rounds.rs` hands the edits of a plan to.

pub(crate) mod budget;
pub(crate) mod conversion;
pub mod copies;
pub(crate) mod draft;
pub(crate) mod edit;
pub(crate) mod hold;
pub(crate) mod pair;
pub(crate) mod placement;
pub(crate) mod plan;
pub(crate) mod probe_source;
pub(crate) mod safety;
