//! The settings of the policy.
//!
//! Every field is optional, so `{}` is valid. Unknown fields and values are errors: a typo must not silently disable a check.

pub mod action;
pub mod annotations;
pub mod container_match;
pub mod exemption;
mod further_fields;
pub mod gates;
pub mod help;
pub mod hold_application;
pub mod json;
pub mod mesh;
pub mod nodes;
pub mod oldest_kubernetes;
pub mod other_sidecars;
pub mod pod_templates;
pub mod required;
pub mod rule_id;
pub mod sidecar;
pub mod startup_seconds;
mod text;
pub mod wait_for;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use self::action::{Action, Fix};
use self::annotations::Annotations;
use self::exemption::{Exemption, Place, any_matches};
use self::gates::Gates;
use self::help::Help;
use self::hold_application::HoldApplication;
use self::mesh::Mesh;
use self::nodes::Nodes;
use self::oldest_kubernetes::OldestKubernetes;
use self::other_sidecars::OtherSidecars;
use self::pod_templates::PodTemplates;
use self::rule_id::RuleId;
use self::sidecar::Sidecar;
use self::startup_seconds::StartupSeconds;
use self::wait_for::WaitFor;
use crate::model::glob::NameGlob;
use crate::model::read::{self, ReadError};
use crate::model::template::Kind;
use crate::model::view::TextMap;

/// The settings of the policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// The strongest action of rules that [`Settings::rules`] does not list.
    default_action: Action,
    /// The action of individual rules.
    rules: BTreeMap<RuleId, Action>,
    /// Which violations are repaired before the verdict.
    pub fix: Fix,
    /// Declared sidecars. They take precedence over the catalogue.
    pub sidecars: Vec<Sidecar>,
    /// How much the application needs sidecar containers that nothing else knows.
    pub other_sidecars: OtherSidecars,
    /// The oldest control plane that the policy serves.
    pub oldest_kubernetes: OldestKubernetes,
    /// Which annotations of a Pod count.
    pub annotations: Annotations,
    /// What every denial ends with.
    pub help: Help,
    /// Containers and Pods that some rules do not judge.
    pub exempt: Vec<Exemption>,
    /// Which gates are accepted.
    pub gates: Gates,
    /// How long the start of a sidecar may take.
    pub startup_seconds: StartupSeconds,
    /// Which Pods must hold the application for a classic sidecar.
    pub hold_application: HoldApplication,
    /// Init containers that selected Pods must have.
    #[serde(deserialize_with = "wait_for::of_different_names")]
    pub wait_for: Vec<WaitFor>,
    /// Which nodes support sidecar containers.
    pub nodes: Nodes,
    /// How each mesh must hold the application.
    pub mesh: Mesh,
    /// Globs on the namespaces where a mesh injects its proxy without a word in the Pod.
    pub injected_namespaces: Vec<NameGlob>,
    /// Where kinds that are not built in keep their Pod templates.
    pub pod_templates: Vec<PodTemplates>,
    /// The namespace that they are applied in; empty if there is none.
    #[serde(skip)]
    namespace: String,
}

impl Settings {
    /// Reads the settings from JSON; `null` means `{}`.
    ///
    /// # Errors
    /// The first field that is unknown or invalid, with its path.
    pub fn from_value(value: &Value) -> Result<Self, ReadError> {
        let settings = read::from_value::<Option<Self>>(value)?.unwrap_or_default();
        required::check(&settings.sidecars, &settings.wait_for, settings.gates)?;
        Ok(settings)
    }

    /// The settings as they apply in the namespace of a request. Until this is called, and where the name is empty, nothing that goes
    /// by namespace applies.
    #[must_use]
    pub fn within(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.namespace);
        self
    }

    /// The action on a violation of `rule` by a container with this name and image repository, in a Pod with these labels: `Ignore` if
    /// it is exempt.
    #[must_use]
    pub fn action_on(&self, rule: RuleId, labels: &TextMap<'_>, name: &str, repository: &str) -> Action {
        let place = self.place(labels);
        let is_exempt =
            self.exempt.iter().any(|exemption| exemption.covers_container(rule, place, name, repository));
        if is_exempt { Action::Ignore } else { self.action(rule) }
    }

    /// The action on a violation of `rule` by a Pod with these labels as a whole: `Ignore` if it is exempt.
    #[must_use]
    pub fn action_on_pod(&self, rule: RuleId, labels: &TextMap<'_>) -> Action {
        let place = self.place(labels);
        let is_exempt = self.exempt.iter().any(|exemption| exemption.covers_pod(rule, place));
        if is_exempt { Action::Ignore } else { self.action(rule) }
    }

    fn place<'a>(&'a self, labels: &'a TextMap<'a>) -> Place<'a> {
        Place { namespace: &self.namespace, labels }
    }

    /// Whether a mesh injects its proxy here without a word in the Pod.
    #[must_use]
    pub fn is_injected(&self) -> bool {
        any_matches(&self.injected_namespaces, &self.namespace)
    }

    /// Whether the setting `rules` names a rule.
    #[must_use]
    pub fn names(&self, rule: RuleId) -> bool {
        self.rules.contains_key(&rule)
    }

    /// The action on a violation of `rule`, without exemptions: that of [`Settings::rules`], else the rule's default, limited by
    /// `defaultAction`.
    #[must_use]
    pub fn action(&self, rule: RuleId) -> Action {
        let named = self.rules.get(&rule).copied();
        named.unwrap_or_else(|| rule.default_action().min(self.default_action))
    }

    /// Whether objects of a kind are judged: it is built in and creates Pods, or `podTemplates` lists it.
    #[must_use]
    pub fn judges(&self, group: &str, kind: &str) -> bool {
        Kind::of(group, kind).is_some()
            || self.pod_templates.iter().any(|templates| templates.is_of(group, kind))
    }

    /// The first entry of `sidecars` that matches a container with this name and image repository.
    #[must_use]
    pub fn declaration(&self, name: &str, repository: &str) -> Option<&Sidecar> {
        self.sidecars.iter().find(|sidecar| sidecar.r#match.matches(name, repository))
    }

    /// A warning about settings that are valid, but probably a mistake.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let everything = |is_everything: bool| is_everything.then_some("a match selects every container");
        let sidecars = self.sidecars.iter().map(|sidecar| everything(sidecar.r#match.is_everything()));
        let exempt = self.exempt.iter().map(Exemption::is_everything);
        let sidecars = sidecars.map(|what| ("sidecars", what));
        let mut lists = sidecars.chain(exempt.map(|what| ("exempt", what)));
        lists.find_map(|(list, what)| Some(format!("settings.{list}: {}", what?)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn warnings() {
        let everything = json!({"containerNames": ["*"]});
        let proxy = json!({"containerNames": ["proxy"]});
        let team = json!({"matchLabels": {"team": "a"}});
        let has_team = json!({"matchExpressions": [{"key": "team", "operator": "Exists"}]});
        for (settings, expected) in [
            (json!({"sidecars": [{"match": proxy}]}), None),
            (
                json!({"sidecars": [{"match": everything}]}),
                Some("settings.sidecars: a match selects every container"),
            ),
            (
                json!({"exempt": [{"match": everything, "reason": "x"}]}),
                Some("settings.exempt: a match selects every container"),
            ),
            (json!({"exempt": [{"match": everything, "namespaces": ["a"], "reason": "x"}]}), None),
            (json!({"exempt": [{"match": everything, "podSelector": team, "reason": "x"}]}), None),
            (json!({"exempt": [{"match": proxy, "podSelector": {}, "reason": "x"}]}), None),
            (json!({"sidecars": [{"match": {"containerNames": ["*"], "images": ["proxy"]}}]}), None),
            (json!({"sidecars": [{"match": {"containerNames": ["proxy"], "images": ["*"]}}]}), None),
            (
                json!({"sidecars": [{"match": {"images": ["proxy", "*/*"]}}]}),
                Some("settings.sidecars: a match selects every container"),
            ),
            (
                json!({"exempt": [{"match": everything, "namespaces": ["a", "*"], "podSelector": {}, "reason": "x"}]}),
                Some("settings.exempt: a match selects every container"),
            ),
            (json!({"exempt": [{"podSelector": has_team, "reason": "x"}]}), None),
            (json!({"exempt": [{"podSelector": team, "reason": "x"}]}), None),
            (
                json!({"exempt": [{"podSelector": {}, "reason": "x"}]}),
                Some("settings.exempt: an entry selects every Pod"),
            ),
            (
                json!({"exempt": [{"namespaces": ["*"], "reason": "x"}]}),
                Some("settings.exempt: an entry selects every Pod"),
            ),
        ] {
            let warning = Settings::from_value(&settings).unwrap().warning();
            assert_eq!(warning.as_deref(), expected, "{settings}");
        }
    }
}
