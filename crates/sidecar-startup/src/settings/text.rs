//! Strings that must not be empty.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// Reads a string, and refuses one that is empty or only white space.
pub(super) fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() { Err(D::Error::custom("must not be empty")) } else { Ok(text) }
}
