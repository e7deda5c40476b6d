//! Strings that must not be empty, names of containers, and labels.

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

/// Why a key and a value are no label; none if they are one (`IsQualifiedName` and `IsValidLabelValue` in
/// `staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go`).
pub(super) fn label_error(key: &str, value: &str) -> Option<String> {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let is_name = |text: &str| is_between(text, u8::is_ascii_alphanumeric, b"-_.");
    let is_host = |text: &str| is_between(text, |b| b.is_ascii_lowercase() || b.is_ascii_digit(), b"-");
    let is_domain = |text: &str| text.len() <= 253 && text.split('.').all(is_host);
    if !prefix.is_none_or(is_domain) || 63 < name.len() || !is_name(name) {
        return Some(format!(
            "{key:?} must be the key of a label: at most 63 letters, digits, \"-\", \"_\" and \".\", perhaps after a domain and \"/\""
        ));
    }
    if 63 < value.len() || !(value.is_empty() || is_name(value)) {
        return Some(format!(
            "{value:?} must be the value of a label: at most 63 letters, digits, \"-\", \"_\" and \".\""
        ));
    }
    None
}

/// Whether a text begins and ends with bytes of one kind, and has only these and some others in between.
fn is_between(text: &str, is_end: impl Fn(&u8) -> bool, others: &[u8]) -> bool {
    let is_inner = |byte: &u8| is_end(byte) || others.contains(byte);
    let bytes = text.as_bytes();
    bytes.first().is_some_and(&is_end) && bytes.last().is_some_and(&is_end) && bytes.iter().all(is_inner)
}
