//! Which gates are accepted.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// A way to hold the application until a sidecar container is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Gate {
    /// A `startupProbe`.
    StartupProbe,
    /// A `postStart` hook that returns when the sidecar is ready. A restart of the kubelet skips it.
    PostStart,
}

/// The accepted gates. A `startupProbe` is always one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gates {
    /// Whether a `postStart` hook is accepted, too.
    pub post_start: bool,
}

impl<'de> Deserialize<'de> for Gates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let gates = Vec::<Gate>::deserialize(deserializer)?;
        if !gates.contains(&Gate::StartupProbe) {
            return Err(D::Error::custom("must contain \"StartupProbe\", which is always accepted"));
        }
        Ok(Self { post_start: gates.contains(&Gate::PostStart) })
    }
}
