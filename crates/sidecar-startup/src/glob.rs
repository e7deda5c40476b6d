//! Globs for container names and image repositories.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};
use wildmatch::WildMatch;

/// A pattern in which `*` stands for any characters, none and `/` included, and `?` for exactly one.
#[derive(Clone, PartialEq)]
pub struct Glob {
    pattern: WildMatch,
}

impl Glob {
    /// Whether the whole of `name` fits.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.pattern.matches(name)
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Glob({})", self.pattern)
    }
}

impl<'de> Deserialize<'de> for Glob {
    /// Refuses what could match no container name and no image repository: the writer meant something else by it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pattern = String::deserialize(deserializer)?;
        if pattern.is_empty() {
            return Err(D::Error::custom("a glob may not be empty"));
        }
        if let Some(odd) = pattern
            .chars()
            .find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || "*?-._/:".contains(*c)))
        {
            return Err(D::Error::custom(format_args!(
                "a glob may hold lower-case letters, digits, \"-\", \".\", \"_\", \"/\", \":\", \"*\" and \"?\", but not {odd:?}"
            )));
        }
        Ok(Self { pattern: WildMatch::new(&pattern) })
    }
}
