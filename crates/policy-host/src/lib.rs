//! Runs a compiled Kubewarden policy as Kubewarden does: the same waPC host, a fresh instance for each evaluation, and the
//! same way from what the policy answers to what the API server is told.
//!
//! It is made for tests and benchmarks, on machines that have no `kwctl`. Calls to the host are answered from a recorded session.

pub mod admission;
pub mod artifacthub;
pub mod host_calls;
pub mod metadata;
pub mod module;

pub use admission::{AdmissionRequest, AdmissionResponse};
pub use host_calls::HostCalls;
pub use module::{Instance, PolicyModule};
