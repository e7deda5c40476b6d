//! Cases as data: a folder each, judged by the library and by the compiled module.
//!
//! A folder holds `object.yaml`, and where they are needed `settings.yaml` and `request.yaml` (fields that replace those of an
//! ordinary CREATE request). `nodes.yaml` is the cluster that it is judged in, see [`cluster::RecordedCluster`].
//!
//! `expected.yaml` holds what the user sees, see [`seen::Seen`]; its first comment says why. Beside that it may hold
//! `messageNames`, words that the message must have, and `proposals`, what the command proposes to put where. Where the object
//! is repaired, `expected-object.yaml` holds it in full.

#![allow(clippy::indexing_slicing, reason = "what a JSON value does not have is null")]

pub mod case;
pub mod cluster;
pub mod expected;
pub mod generators;
pub mod kustomize;
pub mod laws;
pub mod library;
pub mod outcome;
pub mod seen;
