//! Runs a compiled Kubewarden policy as Kubewarden does: the same waPC host, a fresh instance for each evaluation, and the
//! same way from what the policy answers to what the API server is told.
//!
//! It is made for tests and benchmarks, on machines that have no `kwctl`. Host capabilities are not offered.

pub mod admission;
pub mod artifacthub;
pub mod metadata;
pub mod module;

pub use admission::{AdmissionRequest, AdmissionResponse};
pub use module::{Instance, PolicyModule};
