//! Runs the command as its users do.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod forms;
mod paste;
mod rollout;
mod sessions;
mod support;
