//! Which Pods must hold the application for a classic sidecar, and for how long.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// Which Pods must hold the application for a classic sidecar, and for how long.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct HoldApplication {
    /// The Pods.
    pub scope: Scope,
    /// How long a hook written by a repair waits for the sidecar, in seconds; greater than 0.
    #[serde(deserialize_with = "positive")]
    pub timeout_seconds: u32,
}

impl Default for HoldApplication {
    fn default() -> Self {
        Self { scope: Scope::All, timeout_seconds: 60 }
    }
}

/// Which Pods must hold the application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Scope {
    /// All Pods.
    #[default]
    All,
    /// Pods whose annotations ask for it.
    Annotated,
}

fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let seconds = u32::deserialize(deserializer)?;
    if seconds == 0 { Err(D::Error::custom("must be greater than 0")) } else { Ok(seconds) }
}
