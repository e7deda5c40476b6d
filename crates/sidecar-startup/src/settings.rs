//! What the operator writes.
//!
//! Every field may be left out, and `{}` is valid. What is unknown is an error, so that a slip never switches a check off
//! unnoticed.

mod container_match;
mod hold_application;
mod nodes;
mod pod_templates;
mod sidecar;
mod startup_seconds;
mod wait_for;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::Value;

use crate::image;
use crate::object::ContainerFields;
use crate::read::{self, ReadError};
use crate::repair::universal;
use crate::rules::{self, Rule};

pub use container_match::ContainerMatch;
pub use hold_application::{HoldApplication, Scope};
pub use nodes::{Nodes, OldNodes, SidecarSupport};
pub use pod_templates::{PodTemplates, TemplatePath};
pub use sidecar::{Need, Position, Sidecar};
pub use startup_seconds::StartupSeconds;
pub use wait_for::{LabelSelector, WaitFor, WaitForContainer};

impl std::fmt::Display for Fix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Safe => "Safe",
            Self::All => "All",
        })
    }
}

/// The settings of the policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// The most that any rule does which [`Settings::rules`] does not name.
    default_action: Action,
    /// What single rules do.
    rules: BTreeMap<RuleName, Action>,
    /// What is repaired before the verdict.
    pub fix: Fix,
    /// Which containers are sidecars, before the catalogue is asked.
    pub sidecars: Vec<Sidecar>,
    /// Which containers some rules do not speak of.
    pub exempt: Vec<Exemption>,
    /// Which gates hold the application well enough.
    pub gates: Gates,
    /// How long a start may take.
    pub startup_seconds: StartupSeconds,
    /// Which Pods have to hold their application back for a classic sidecar.
    pub hold_application: HoldApplication,
    /// Init containers that some Pods must have.
    #[serde(deserialize_with = "wait_for::of_different_names")]
    pub wait_for: Vec<WaitFor>,
    /// Which nodes know sidecar containers.
    pub nodes: Nodes,
    /// How each mesh is to hold the application.
    pub mesh: Mesh,
    /// Where further kinds keep their Pod templates.
    pub pod_templates: Vec<PodTemplates>,
}

/// What happens to an object that breaks a rule, from the mildest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Action {
    /// Nothing, and nothing is said.
    Ignore,
    /// It is allowed, with a warning.
    Warn,
    /// It is denied.
    #[default]
    Deny,
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ignore => "Ignore",
            Self::Warn => "Warn",
            Self::Deny => "Deny",
        })
    }
}

/// What is repaired before the verdict, from the least.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Fix {
    /// Nothing; for a policy that may not change objects.
    #[default]
    None,
    /// What leaves each container where it is.
    Safe,
    /// What moves containers, too, or binds a Pod to some nodes.
    All,
}

/// How each mesh is to hold the application; one that is left out is not judged.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mesh {
    /// Istio.
    pub istio: Option<MeshHold>,
    /// Linkerd.
    pub linkerd: Option<MeshHold>,
}

/// How a mesh holds the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum MeshHold {
    /// With a hook of a classic proxy, or with a native one.
    Hold,
    /// With a native proxy.
    Native,
}

/// Containers that some rules do not speak of. They still count for order, ports and names.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exemption {
    /// Which containers.
    r#match: ContainerMatch,
    /// From which rules; from all when left out.
    #[serde(default, deserialize_with = "some_rules")]
    rules: Option<Vec<RuleName>>,
    /// Why, for the reader.
    #[serde(deserialize_with = "not_empty")]
    #[expect(dead_code, reason = "it is for whoever reads the settings")]
    reason: String,
}

impl Exemption {
    /// Whether a rule does not speak of a container with that name and image repository.
    #[must_use]
    pub fn covers(&self, rule: &Rule, name: &str, repository: &str) -> bool {
        let mut rules = self.rules.iter().flatten();
        (self.rules.is_none() || rules.any(|named| named.0 == rule.id))
            && self.r#match.matches(name, repository)
    }
}

fn some_rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<RuleName>>, D::Error> {
    let rules = Option::<Vec<RuleName>>::deserialize(deserializer)?;
    let is_empty = rules.as_ref().is_some_and(Vec::is_empty);
    if is_empty { Err(D::Error::custom("names no rule; leave it out for all of them")) } else { Ok(rules) }
}

fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() { Err(D::Error::custom("may not be empty")) } else { Ok(text) }
}

/// What holds an application back until a sidecar container is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Gate {
    /// A `startupProbe`.
    StartupProbe,
    /// A `postStart` hook that returns when the sidecar is ready. It is not run again after a restart of the kubelet.
    PostStart,
}

/// The gates that hold an application well enough. A `startupProbe` always does.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gates {
    /// Whether a `postStart` hook does.
    pub post_start: bool,
}

impl<'de> Deserialize<'de> for Gates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let gates = Vec::<Gate>::deserialize(deserializer)?;
        if !gates.contains(&Gate::StartupProbe) {
            return Err(D::Error::custom("must contain \"StartupProbe\", which is never the weaker gate"));
        }
        Ok(Self { post_start: gates.contains(&Gate::PostStart) })
    }
}

/// The id of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct RuleName(&'static str);

impl<'de> Deserialize<'de> for RuleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        let known = rules::IDS.iter().find(|known| **known == id);
        known.map(|id| Self(id)).ok_or_else(|| D::Error::unknown_variant(&id, rules::IDS))
    }
}

impl Settings {
    /// Reads the settings; `null` is `{}`.
    ///
    /// # Errors
    /// The first thing that is not as it should be, with its path.
    pub fn from_value(value: &Value) -> Result<Self, ReadError> {
        Ok(read::from_value::<Option<Self>>(value)?.unwrap_or_default())
    }

    /// What is done about a violation of `rule` by a container with that name and image.
    #[must_use]
    pub fn action_on(&self, rule: &Rule, container: &ContainerFields<'_>) -> Action {
        let repository = image::repository(&container.image);
        let is_exempt = self
            .exempt
            .iter()
            .any(|exemption| exemption.covers(rule, universal::declared_name(container), &repository));
        if is_exempt { Action::Ignore } else { self.action(rule) }
    }

    /// What is done about a violation of `rule`.
    #[must_use]
    pub fn action(&self, rule: &Rule) -> Action {
        let named = self.rules.get(&RuleName(rule.id)).copied();
        named.unwrap_or_else(|| rule.default.min(self.default_action))
    }

    /// What the operator says of a sidecar.
    #[must_use]
    pub fn declaration(&self, name: &str, repository: &str) -> Option<&Sidecar> {
        self.sidecars.iter().find(|sidecar| sidecar.r#match.matches(name, repository))
    }

    /// What the operator may not have meant, though it is valid.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        let sidecars = self.sidecars.iter().map(|sidecar| ("sidecars", &sidecar.r#match));
        let exempt = self.exempt.iter().map(|exemption| ("exempt", &exemption.r#match));
        let (list, _) = sidecars.chain(exempt).find(|(_, r#match)| r#match.is_everything())?;
        Some(format!("settings.{list}: a match chooses every container"))
    }
}
