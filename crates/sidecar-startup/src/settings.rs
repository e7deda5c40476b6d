//! The settings of the policy.
//!
//! Every field is optional, so `{}` is valid. Unknown fields and values are errors: a typo must not silently disable a check.

pub mod action;
pub mod container_match;
pub mod exemption;
pub mod gates;
pub mod hold_application;
pub mod mesh;
pub mod nodes;
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
use self::exemption::Exemption;
use self::gates::Gates;
use self::hold_application::HoldApplication;
use self::mesh::Mesh;
use self::nodes::Nodes;
use self::pod_templates::PodTemplates;
use self::rule_id::RuleId;
use self::sidecar::Sidecar;
use self::startup_seconds::StartupSeconds;
use self::wait_for::WaitFor;
use crate::model::read::{self, ReadError};

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
    /// Containers that some rules do not judge.
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
    /// Where kinds that are not built in keep their Pod templates.
    pub pod_templates: Vec<PodTemplates>,
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

    /// The action on a violation of `rule` by a container with this name and image repository: `Ignore` if it is exempt.
    #[must_use]
    pub fn action_on(&self, rule: RuleId, name: &str, repository: &str) -> Action {
        let is_exempt = self.exempt.iter().any(|exemption| exemption.covers(rule, name, repository));
        if is_exempt { Action::Ignore } else { self.action(rule) }
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

    /// The first entry of `sidecars` that matches a container with this name and image repository.
    #[must_use]
    pub fn declaration(&self, name: &str, repository: &str) -> Option<&Sidecar> {
        self.sidecars.iter().find(|sidecar| sidecar.r#match.matches(name, repository))
    }

    /// A warning about settings that are valid, but probably a mistake.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let sidecars = self.sidecars.iter().map(|sidecar| ("sidecars", &sidecar.r#match));
        let exempt = self.exempt.iter().map(|exemption| ("exempt", &exemption.r#match));
        let (list, _) = sidecars.chain(exempt).find(|(_, r#match)| r#match.is_everything())?;
        Some(format!("settings.{list}: a match selects every container"))
    }
}
