//! An independent kubelet: starts Pods as the kubelet does, in worlds in which containers truly need each other, and holds against
//! that what the library says of them and what it makes of them.
//!
//! `STARTUP_PODS` is the number of Pods (300), `STARTUP_SEED` chooses others.

#![allow(
    clippy::indexing_slicing,
    reason = "Pods are written here, and the places of their containers are those of the list; a test says so where that is wrong"
)]

mod commands;
mod generator;
mod injectors;
mod known;
mod measured;
mod needs;
mod pod;
mod products;
mod properties;
mod shrink;
mod simulator;
mod startup;
mod survey;

pub use generator::keep_first_of_each_name;
pub use survey::hold_of_chosen;

/// A test, with its name.
pub type Test = (&'static str, fn() -> anyhow::Result<()>);

/// The tests.
pub const TESTS: [Test; 3] = [
    ("the_measured_rows_hold_in_the_model", measured::rows_agree),
    ("known_pods_are_understood", known::pods_are_understood),
    ("the_properties_hold_of_any_pod", survey::properties_hold),
];
