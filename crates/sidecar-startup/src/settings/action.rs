//! The action on a violation, the extent of repairs, and how much an application needs a sidecar.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happens to an object that violates a rule, from the mildest to the strictest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub enum Action {
    /// Nothing; the violation is not reported.
    Ignore,
    /// The object is admitted with a warning.
    Warn,
    /// The object is denied.
    #[default]
    Deny,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ignore => "Ignore",
            Self::Warn => "Warn",
            Self::Deny => "Deny",
        })
    }
}

/// Which violations are repaired before the verdict, from the fewest to the most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Fix {
    /// None; for a policy that may not change objects.
    #[default]
    None,
    /// Those whose repair moves no container, and uses only probes and containers from the settings or the catalogue.
    Safe,
    /// Also those whose repair moves containers, adds a hook, derives a `startupProbe`, or restricts the Pod to some nodes.
    All,
}

impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Safe => "Safe",
            Self::All => "All",
        })
    }
}

/// How much an application needs a sidecar when it starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Need {
    /// The application needs it up: rules act as configured.
    #[default]
    AtStart,
    /// The application loses little without it: start-up rules warn at most.
    Helper,
    /// The application does not need it: no start-up rule reports it.
    None,
}

impl Need {
    /// The strongest action of a start-up rule on a sidecar with this need; `None` if no start-up rule reports it.
    #[must_use]
    pub const fn ceiling(self) -> Option<Action> {
        match self {
            Self::AtStart => Some(Action::Deny),
            Self::Helper => Some(Action::Warn),
            Self::None => None,
        }
    }
}
