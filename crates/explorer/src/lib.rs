//! Judges manifests for the page in `explorer/`: what is wrong and where, when each container starts, and what a repair changes.
//!
//! The page gets JSON, in two steps so that large manifests stay quick: a [`Summary`] of all objects, and the [`Detail`] of the one that
//! is looked at. The library decides; this crate only finds objects and places in the text.

mod changes;
mod detail;
mod judge;
mod objects;
#[cfg(target_family = "wasm")]
mod page;
mod session;
mod summary;

pub use self::changes::Line;
pub use self::detail::{Detail, Left, Picture};
pub use self::session::{Fault, Session, Source};
pub use self::summary::{Entry, Mark, Summary, Verdict};
