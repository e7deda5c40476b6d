//! Judges in which order, and behind which gates, the containers of a Pod start.
//!
//! An application crashes or loses its first requests when the sidecar beside it is not up yet. This library looks at a
//! Pod, or at anything that creates Pods, and says what keeps the application from waiting, where, and how to mend it. It is
//! pure: it reads no file, makes no call and knows no clock. The Kubewarden policy and the command `sidecar-startup` only carry
//! to it what they are given, and its answers back.
//!
//! ```
//! use serde_json::json;
//!
//! let payload = json!({"settings": {}, "request": {
//!     "operation": "CREATE",
//!     "kind": {"group": "", "version": "v1", "kind": "Pod"},
//!     "object": {"spec": {
//!         "initContainers": [{"name": "proxy", "image": "proxy", "restartPolicy": "Always"}],
//!         "containers": [{"name": "shop", "image": "shop"}],
//!     }},
//! }});
//! let answer = sidecar_startup::validate(&payload.to_string());
//! assert!(!answer.is_allowed());
//! assert_eq!(
//!     answer.message(),
//!     "spec.initContainers[0].startupProbe: Required value: sidecar container \"proxy\" has no startupProbe, so \"shop\" \
//!      does not wait until it is ready; add a startupProbe (sidecar-without-startup-probe)"
//! );
//! ```
//!
//! The way of a request: [`payload`] reads it, [`request`] says whether the policy has a say in it, [`template`] finds the Pod template,
//! [`pod`] tells for each container what it is, with the [`catalogue`] and the [`settings`], the [`rules`] look for what is
//! wrong, and [`evaluate()`] makes a [`Decision`] of it.

pub mod catalogue;
pub mod cluster;
pub mod command;
mod custom;
pub mod dead_gate;
pub mod edit;
pub mod evaluate;
mod explain;
pub mod field;
pub mod gate;
pub mod glob;
pub mod image;
pub mod invalid;
pub mod mesh;
pub mod object;
pub mod payload;
pub mod pod;
pub mod probe;
pub mod read;
pub mod repair;
pub mod request;
pub mod resources;
pub mod rules;
pub mod sequence;
pub mod settings;
pub mod template;
pub mod violation;

/// A text for people. The compiled module does without it.
pub(crate) const fn native_only(text: &'static str) -> &'static str {
    if cfg!(target_family = "wasm") { "" } else { text }
}

pub use evaluate::{Decision, evaluate};
pub use payload::{Answer, validate, validate_in};
pub use repair::Repaired;
pub use request::Request;
pub use settings::{Action, Fix, Settings};
pub use violation::Violation;
