//! What the operator writes.
//!
//! Every field may be left out, and `{}` is valid. What is unknown is an error, so that a slip never switches a check off
//! unnoticed.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::Value;

use crate::glob::Glob;
use crate::read::{self, ReadError};
use crate::rules::{self, RULES, Rule};

/// The settings of the policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// The most that any rule does which [`Settings::rules`] does not name.
    default_action: Action,
    /// What single rules do.
    rules: RuleActions,
    /// Which containers are sidecars, before the catalogue is asked.
    pub sidecars: Vec<Sidecar>,
    /// Which gates hold the application well enough.
    pub gates: Gates,
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

/// A declaration of sidecars.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sidecar {
    /// What messages call the declaration.
    #[serde(default)]
    pub name: Option<String>,
    /// Which containers it is about.
    pub r#match: ContainerMatch,
    /// How much the application needs it.
    #[serde(default)]
    pub need: Need,
}

/// How much an application needs a sidecar when it starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Need {
    /// It needs it up: rules act as set.
    #[default]
    AtStart,
    /// It loses little without it: rules warn at most.
    Helper,
    /// Not at all: no start-up rule speaks of it.
    None,
}

/// Chooses containers by name, by image, or, where both are given, by both.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Globs")]
pub struct ContainerMatch(Globs);

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Globs {
    /// On the container name.
    container_names: Vec<Glob>,
    /// On the image repository, without tag and digest.
    images: Vec<Glob>,
}

impl TryFrom<Globs> for ContainerMatch {
    type Error = &'static str;

    fn try_from(globs: Globs) -> Result<Self, Self::Error> {
        if globs.container_names.is_empty() && globs.images.is_empty() {
            return Err("must hold containerNames or images");
        }
        Ok(Self(globs))
    }
}

impl ContainerMatch {
    /// Whether a container with that name and that image repository is chosen.
    #[must_use]
    pub fn matches(&self, name: &str, repository: &str) -> bool {
        let fits = |globs: &[Glob], text| globs.is_empty() || globs.iter().any(|glob| glob.matches(text));
        fits(&self.0.container_names, name) && fits(&self.0.images, repository)
    }
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

/// The actions of the rules that the operator names.
#[derive(Debug, Clone, Default)]
struct RuleActions(Vec<(&'static str, Action)>);

impl<'de> Deserialize<'de> for RuleActions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut actions = Vec::new();
        for (id, action) in std::collections::BTreeMap::<String, Action>::deserialize(deserializer)? {
            match RULES.iter().find(|rule| rule.id == id) {
                Some(rule) => actions.push((rule.id, action)),
                None => return Err(D::Error::unknown_field(&id, rules::IDS)),
            }
        }
        Ok(Self(actions))
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

    /// What is done about a violation of `rule`.
    #[must_use]
    pub fn action(&self, rule: &Rule) -> Action {
        let named = self.rules.0.iter().find(|(id, _)| *id == rule.id);
        named.map_or(rule.default.min(self.default_action), |(_, action)| *action)
    }
}
