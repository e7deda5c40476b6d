//! Containers that some rules do not judge.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::container_match::ContainerMatch;
use super::rule_id::RuleId;
use super::text::not_empty;

/// Containers that some rules do not judge. They still count for order, ports and names.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exemption {
    /// Which containers.
    pub(super) r#match: ContainerMatch,
    /// From which rules; from all when left out.
    #[serde(default, deserialize_with = "some_rules")]
    rules: Option<Vec<RuleId>>,
    /// Why, for the reader.
    #[serde(deserialize_with = "not_empty")]
    #[expect(dead_code, reason = "it is for whoever reads the settings")]
    reason: String,
}

impl Exemption {
    /// Whether a rule does not judge a container with that name and image repository.
    #[must_use]
    pub fn covers(&self, rule: RuleId, name: &str, repository: &str) -> bool {
        self.rules.as_ref().is_none_or(|rules| rules.contains(&rule))
            && self.r#match.matches(name, repository)
    }
}

fn some_rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<RuleId>>, D::Error> {
    let rules = Option::<Vec<RuleId>>::deserialize(deserializer)?;
    let is_empty = rules.as_ref().is_some_and(Vec::is_empty);
    if is_empty { Err(D::Error::custom("names no rule; leave it out for all of them")) } else { Ok(rules) }
}
