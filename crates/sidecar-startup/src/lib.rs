//! Checks the order in which the containers of a Pod start, and what holds each of them back.
//!
//! An application crashes or loses its first requests when its sidecar is not up yet. This library looks at a Pod, or at an
//! object that creates Pods, and reports why the application does not wait, at which field, and how to fix it. It is pure: no
//! files, no network, no clock. The Kubewarden policy and the command `sidecar-startup` only pass input in and answers back.
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
//! [`validate`] reads a request and answers it; `docs/architecture.md` describes how the modules build on each other. The cargo
//! feature `texts` (on by default) compiles in the rule texts and proposals; the policy's module is built without it.

pub mod catalogue;
pub mod command;
mod decision;
mod finding;
mod further_kinds;
pub mod model;
mod payload;
pub mod pod;
mod repair;
pub mod rules;
pub mod settings;
pub mod startup;
mod timeline;
mod why;

pub use self::decision::verdict::{Decision, Repaired};
pub use self::finding::{ErrorKind, Finding, Key, Refusal, Subject, Violation};
pub use self::payload::{Answer, timelines, validate, validate_in};
pub use self::repair::copies;
pub use self::settings::Settings;
pub use self::settings::action::{Action, Fix, Need};
pub use self::settings::rule_id::RuleId;
pub use self::timeline::{Lane, LaneKind, Moment, Problem, Timeline, Unmet, Wait};
pub use self::why::{Timestamp, Why, why};
