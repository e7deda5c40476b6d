//! Runs the command as its users do.

mod forms;
mod paste;
mod rollout;
mod sessions;
mod support;
