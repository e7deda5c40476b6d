//! Cases as data: a folder each, judged by the library and by the compiled module.
//!
//! A folder holds `object.yaml`, and where they are needed `settings.yaml` and `request.yaml` (fields that replace those of an
//! ordinary CREATE request). `expected.yaml` says what comes out; its first comment says why. Where the object is repaired,
//! `expected-object.yaml` holds it in full. `nodes.yaml` is the cluster that it is judged in, see [`cluster::RecordedCluster`].

#![allow(clippy::indexing_slicing, reason = "what a JSON value does not have is null")]

pub mod case;
pub mod cluster;
pub mod laws;
pub mod outcome;
pub mod pods;
mod repairs;

pub use case::Case;
pub use outcome::Outcome;
