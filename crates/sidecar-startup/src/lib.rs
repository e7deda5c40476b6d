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
//! [`validate`] reads a request and answers it; `docs/architecture.md` says how the parts of the library build on each other. Without
//! the cargo feature `texts`, which is on by default, there are no texts of rules and no proposals, as in the policy's module.

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

pub use self::decision::verdict::{Decision, Repaired};
pub use self::finding::{ErrorKind, Finding, Key, Refusal, Subject, Violation};
pub use self::payload::{Answer, validate, validate_in};
pub use self::repair::copies;
pub use self::settings::Settings;
pub use self::settings::action::{Action, Fix, Need};
pub use self::settings::rule_id::RuleId;
