//! The need of sidecar containers that nothing else knows.

use serde::Deserialize;

use super::action::Need;

/// How much the application needs a sidecar container that neither the setting `sidecars` nor the catalogue knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum OtherSidecars {
    /// It needs it up: the policy exists to require a `startupProbe`.
    #[default]
    AtStart,
    /// It needs it up only if that can be asked for at all: one without ports, probes and hooks is a helper. Operators add such
    /// sidecars to their own Pods, and nobody who sees the denial could edit those.
    Inferred,
    /// It loses little without it.
    Helper,
    /// It does not need it.
    None,
}

impl OtherSidecars {
    /// The need of a sidecar container that has something to ask for, or has not.
    #[must_use]
    pub fn need(self, can_be_asked: impl FnOnce() -> bool) -> Need {
        match self {
            Self::AtStart => Need::AtStart,
            Self::Inferred if can_be_asked() => Need::AtStart,
            Self::Inferred | Self::Helper => Need::Helper,
            Self::None => Need::None,
        }
    }
}
