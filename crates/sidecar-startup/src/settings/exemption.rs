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
    /// The containers.
    pub(super) r#match: ContainerMatch,
    /// The rules that do not judge them; all rules if omitted.
    #[serde(default, deserialize_with = "some_rules")]
    rules: Option<Vec<RuleId>>,
    /// Why they are exempt. Required, so that every exemption is justified.
    #[serde(deserialize_with = "not_empty")]
    #[expect(dead_code, reason = "for people who read the settings")]
    reason: String,
}

impl Exemption {
    /// Whether a container with this name and image repository is exempt from `rule`.
    #[must_use]
    pub fn covers(&self, rule: RuleId, name: &str, repository: &str) -> bool {
        self.rules.as_ref().is_none_or(|rules| rules.contains(&rule))
            && self.r#match.matches(name, repository)
    }
}

fn some_rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<RuleId>>, D::Error> {
    let rules = Option::<Vec<RuleId>>::deserialize(deserializer)?;
    let is_empty = rules.as_ref().is_some_and(Vec::is_empty);
    if is_empty {
        Err(D::Error::custom("must not be empty; omit it to exempt from all rules"))
    } else {
        Ok(rules)
    }
}
