//! Runs the command as its users do.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cluster;
mod forms;
mod paste;
mod plain;
mod rollout;
mod sessions;
mod shells;
mod support;
mod why;
