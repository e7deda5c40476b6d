//! What is done about a violation, what is repaired, and how much an application needs a sidecar.

use std::fmt;

use serde::Deserialize;

/// What happens to an object that breaks a rule, from the mildest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Action {
    /// Nothing; the violation is not reported.
    Ignore,
    /// It is allowed, with a warning.
    Warn,
    /// It is denied.
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

/// What is repaired before the verdict, from the least.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Fix {
    /// Nothing; for a policy that may not change objects.
    #[default]
    None,
    /// What leaves each container where it is.
    Safe,
    /// Also what moves containers, or binds a Pod to some nodes.
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
    /// It needs the sidecar up: rules act as set.
    #[default]
    AtStart,
    /// It loses little without it: rules warn at most.
    Helper,
    /// Not at all: no start-up rule reports the sidecar.
    None,
}

impl Need {
    /// The most that a start-up rule may do about a sidecar that is needed this much; nothing where no rule reports it.
    #[must_use]
    pub const fn ceiling(self) -> Option<Action> {
        match self {
            Self::AtStart => Some(Action::Deny),
            Self::Helper => Some(Action::Warn),
            Self::None => None,
        }
    }
}
