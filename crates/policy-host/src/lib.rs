//! Runs a compiled Kubewarden policy as Kubewarden does: the same waPC host, a fresh instance for each evaluation, and the same
//! conversion of the policy's answer into an admission response.
//!
//! With the feature `compiler`, modules run in Kubewarden's own engine. An interpreter builds in much less time, and serves what runs
//! a module only a few times.
//!
//! It serves tests and benchmarks on machines without `kwctl`. Host calls are answered from a recorded session.

pub mod admission;
pub mod annotate;
pub mod artifacthub;
pub mod host_calls;
mod interpreter;
pub mod metadata;
pub mod module;

pub use admission::{AdmissionRequest, AdmissionResponse};
pub use host_calls::HostCalls;
pub use module::{Instance, PolicyModule};
