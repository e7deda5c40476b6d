//! Texts that must hold something.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// Reads a text that holds more than white space.
pub(super) fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() { Err(D::Error::custom("may not be empty")) } else { Ok(text) }
}
