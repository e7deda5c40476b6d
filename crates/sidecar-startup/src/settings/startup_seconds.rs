//! How long the start of a sidecar may take.

use serde::Deserialize;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawStartupSeconds {
    minimum: u32,
    maximum: u32,
}

impl Default for RawStartupSeconds {
    fn default() -> Self {
        Self { minimum: 5, maximum: 600 }
    }
}

impl TryFrom<RawStartupSeconds> for StartupSeconds {
    type Error = &'static str;

    fn try_from(RawStartupSeconds { minimum, maximum }: RawStartupSeconds) -> Result<Self, Self::Error> {
        if maximum < minimum {
            Err("minimum must not be greater than maximum")
        } else {
            Ok(Self { minimum, maximum })
        }
    }
}

/// The accepted range for the start-up budget of a sidecar container, in seconds.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "RawStartupSeconds")]
pub struct StartupSeconds {
    /// A sidecar must have at least this long to become ready.
    pub minimum: u32,
    /// A sidecar may have at most this long before it is restarted.
    pub maximum: u32,
}

impl Default for StartupSeconds {
    fn default() -> Self {
        let RawStartupSeconds { minimum, maximum } = RawStartupSeconds::default();
        Self { minimum, maximum }
    }
}
