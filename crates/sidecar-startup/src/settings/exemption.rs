//! Containers and Pods that some rules do not judge.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::container_match::ContainerMatch;
use super::rule_id::RuleId;
use super::text::not_empty;
use super::wait_for::LabelSelector;
use crate::model::glob::NameGlob;
use crate::model::view::TextMap;

/// Containers, or whole Pods, that some rules do not judge. An exempt container still counts for order, ports and names.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Fields")]
pub struct Exemption(Fields);

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fields {
    /// The containers. If omitted, Pods are exempt as a whole.
    #[serde(default)]
    r#match: Option<ContainerMatch>,
    /// Globs on the namespace of the request; all namespaces if omitted.
    #[serde(default, deserialize_with = "some_namespaces")]
    namespaces: Option<Vec<NameGlob>>,
    /// The Pods, by the labels of their template; all if omitted.
    #[serde(default)]
    pod_selector: Option<LabelSelector>,
    /// The rules that do not judge them; all rules if omitted.
    #[serde(default, deserialize_with = "some_rules")]
    rules: Option<Vec<RuleId>>,
    /// Why they are exempt. Required, so that every exemption is justified.
    #[serde(deserialize_with = "not_empty")]
    #[expect(dead_code, reason = "for people who read the settings")]
    reason: String,
}

impl TryFrom<Fields> for Exemption {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        match &fields {
            Fields { r#match: None, namespaces: None, pod_selector: None, .. } => {
                Err("must have match, podSelector or namespaces")
            }
            _ => Ok(Self(fields)),
        }
    }
}

/// Where a rule finds something: in a Pod of a namespace.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The namespace; empty if there is none, which matches no glob.
    pub namespace: &'a str,
    /// The labels of the Pod.
    pub labels: &'a TextMap<'a>,
}

impl Exemption {
    /// Whether a container with this name and image repository is exempt from `rule`.
    #[must_use]
    pub fn covers_container(&self, rule: RuleId, place: Place<'_>, name: &str, repository: &str) -> bool {
        let Self(Fields { r#match, .. }) = self;
        self.is_for(rule, place) && r#match.as_ref().is_none_or(|r#match| r#match.matches(name, repository))
    }

    /// Whether a Pod as a whole is exempt from `rule`, so that it may lack what the rule asks of it.
    #[must_use]
    pub fn covers_pod(&self, rule: RuleId, place: Place<'_>) -> bool {
        let Self(Fields { r#match, .. }) = self;
        r#match.is_none() && self.is_for(rule, place)
    }

    fn is_for(&self, rule: RuleId, Place { namespace, labels }: Place<'_>) -> bool {
        let Self(Fields { namespaces, pod_selector, rules, .. }) = self;
        rules.as_ref().is_none_or(|rules| rules.contains(&rule))
            && namespaces.as_ref().is_none_or(|globs| any_matches(globs, namespace))
            && pod_selector.as_ref().is_none_or(|selector| selector.matches(labels))
    }

    /// What of it selects everything, where nothing else limits it.
    pub(super) fn is_everything(&self) -> Option<&'static str> {
        let Self(Fields { r#match, namespaces, pod_selector, .. }) = self;
        let is_limited = namespaces.as_ref().is_some_and(|globs| !globs.iter().any(NameGlob::is_everything))
            || pod_selector.as_ref().is_some_and(|selector| !selector.is_everything());
        match r#match {
            _ if is_limited => None,
            Some(r#match) => r#match.is_everything().then_some("a match selects every container"),
            None => Some("an entry selects every Pod"),
        }
    }
}

/// Whether one of the globs fits a namespace; none fits an object without one.
pub(super) fn any_matches(globs: &[NameGlob], namespace: &str) -> bool {
    !namespace.is_empty() && globs.iter().any(|glob| glob.matches(namespace))
}

fn some_rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<RuleId>>, D::Error> {
    let rules = Option::<Vec<RuleId>>::deserialize(deserializer)?;
    not_an_empty_list(rules, "must not be empty; omit it to exempt from all rules")
}

fn some_namespaces<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<NameGlob>>, D::Error> {
    let globs = Option::<Vec<NameGlob>>::deserialize(deserializer)?;
    not_an_empty_list(globs, "must not be empty; omit it to exempt in all namespaces")
}

fn not_an_empty_list<T, E: Error>(list: Option<Vec<T>>, message: &'static str) -> Result<Option<Vec<T>>, E> {
    if list.as_ref().is_some_and(Vec::is_empty) { Err(E::custom(message)) } else { Ok(list) }
}
