//! The oldest control plane that the policy serves.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// The first version whose API server accepts the webhooks of a policy (`admissionregistration.k8s.io/v1`). It also tells a slip: `1.3`,
/// for 1.30, is older.
const FIRST: [u32; 2] = [1, 16];

/// The version of the oldest control plane that the policy serves. Without it, repairs take for granted what all supported versions
/// of Kubernetes do.
#[derive(Debug, Clone, Default)]
pub struct OldestKubernetes(Option<Vec<u32>>);

impl OldestKubernetes {
    /// Whether it is older than a version.
    #[must_use]
    pub fn is_before(&self, version: &[u32]) -> bool {
        self.0.as_deref().is_some_and(|oldest| oldest < version)
    }
}

impl fmt::Display for OldestKubernetes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> = self.0.iter().flatten().map(ToString::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

impl<'de> Deserialize<'de> for OldestKubernetes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Version)
    }
}

struct Version;

/// YAML has no versions: it takes an unquoted 1.30 for the number 1.3, so what was meant is lost.
const QUOTES: &str =
    "must be a string in quotes, such as \"1.30\": without them, YAML takes 1.30 for the number 1.3";

impl Visitor<'_> for Version {
    type Value = OldestKubernetes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        // A form where it was cleared says so.
        if text.is_empty() {
            return Ok(OldestKubernetes(None));
        }
        let numbers =
            numbers(text).ok_or_else(|| E::custom("must be a version such as \"1.30\" or \"1.33.6\""))?;
        if numbers.as_slice() < FIRST.as_slice() {
            let [major, minor] = FIRST;
            return Err(E::custom(format!(
                "must be at least {major}.{minor}, the first that policies work with"
            )));
        }
        Ok(OldestKubernetes(Some(numbers)))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(E::custom(QUOTES))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Err(E::custom(QUOTES))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(E::custom(QUOTES))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(OldestKubernetes(None))
    }
}

/// The two or three numbers of a version. What `kubectl version` prints for a distribution is one, too: `v1.33.6-gke.100`.
fn numbers(text: &str) -> Option<Vec<u32>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let text = text.split(['-', '+']).next().unwrap_or_default();
    let numbers: Option<Vec<u32>> = text.split('.').map(|number| number.parse().ok()).collect();
    numbers.filter(|numbers| matches!(numbers.len(), 2 | 3))
}
