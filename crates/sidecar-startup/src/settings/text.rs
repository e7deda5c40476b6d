//! Strings that must not be empty, and names of containers.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// Reads a string, and refuses one that is empty or only white space.
pub(super) fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() { Err(D::Error::custom("must not be empty")) } else { Ok(text) }
}

/// Why a text is no container name; none if it is one. The API server requires an RFC 1123 label.
pub(super) fn name_error(name: &str) -> Option<&'static str> {
    let is_label = (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    (!is_label).then_some(
        "must be at most 63 lower-case letters, digits and \"-\", and start and end with a letter or digit",
    )
}
