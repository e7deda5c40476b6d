//! Init containers that selected Pods must have.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::Value;

use super::text::{name_error, not_empty};
use crate::model::view::TextMap;

/// An init container that Pods selected by label must have.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WaitFor {
    /// The name of the init container.
    #[serde(deserialize_with = "container_name")]
    pub name: String,
    /// The Pods.
    pub pod_selector: LabelSelector,
    /// The container, without its name.
    pub container: WaitForContainer,
}

/// The container that waits.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WaitForContainer {
    /// Its image. An existing container matches whatever its tag or digest.
    #[serde(deserialize_with = "not_empty")]
    pub image: String,
    /// Its command.
    #[serde(default)]
    pub command: Vec<String>,
    /// Its arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// This and the following fields are copied into the Pod unchanged. They do not count for whether the Pod has the container
    /// already.
    #[serde(default)]
    env: Option<Value>,
    #[serde(default)]
    env_from: Option<Value>,
    #[serde(default)]
    image_pull_policy: Option<Value>,
    #[serde(default)]
    resources: Option<Value>,
    #[serde(default)]
    security_context: Option<Value>,
    #[serde(default)]
    volume_mounts: Option<Value>,
    #[serde(default)]
    working_dir: Option<Value>,
}

impl WaitForContainer {
    /// The optional fields that are set, other than `command` and `args`, by name.
    pub fn further_fields(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let fields = [
            ("env", &self.env),
            ("envFrom", &self.env_from),
            ("imagePullPolicy", &self.image_pull_policy),
            ("resources", &self.resources),
            ("securityContext", &self.security_context),
            ("volumeMounts", &self.volume_mounts),
            ("workingDir", &self.working_dir),
        ];
        fields.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)))
    }
}

fn container_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    name_error(&name).map_or(Ok(name), |error| Err(D::Error::custom(error)))
}

/// A `metav1.LabelSelector`. An empty one selects everything.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelSelector {
    match_labels: BTreeMap<String, String>,
    match_expressions: Vec<LabelRequirement>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawLabelRequirement")]
struct LabelRequirement {
    key: String,
    operator: LabelOperator,
    values: Vec<String>,
}

impl TryFrom<RawLabelRequirement> for LabelRequirement {
    type Error = &'static str;

    fn try_from(raw: RawLabelRequirement) -> Result<Self, Self::Error> {
        let RawLabelRequirement { key, operator, values } = raw;
        match (operator, values.is_empty()) {
            (LabelOperator::In | LabelOperator::NotIn, true) => Err("operators In and NotIn require values"),
            (LabelOperator::Exists | LabelOperator::DoesNotExist, false) => {
                Err("operators Exists and DoesNotExist take no values")
            }
            _ => Ok(Self { key, operator, values }),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLabelRequirement {
    key: String,
    operator: LabelOperator,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum LabelOperator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl LabelSelector {
    /// Whether it selects every Pod.
    pub(super) fn is_everything(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// Whether it selects a Pod with these labels.
    #[must_use]
    pub fn matches(&self, labels: &TextMap<'_>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|LabelRequirement { key, operator, values }| {
                let is_one_of = |value: &str| values.iter().any(|listed| listed == value);
                match (operator, labels.get(key)) {
                    (LabelOperator::In, value) => value.is_some_and(is_one_of),
                    (LabelOperator::NotIn, value) => !value.is_some_and(is_one_of),
                    (LabelOperator::Exists, value) => value.is_some(),
                    (LabelOperator::DoesNotExist, value) => value.is_none(),
                }
            })
    }
}

/// Reads `waitFor` and refuses duplicate names: container names are unique in a Pod, so only one of two entries could be met.
pub(super) fn of_different_names<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<WaitFor>, D::Error> {
    let entries = Vec::<WaitFor>::deserialize(deserializer)?;
    let mut names = entries.iter().map(|entry| entry.name.as_str());
    let mut are_different = true;
    while let Some(name) = names.next() {
        are_different &= names.clone().all(|other| other != name);
    }
    if are_different { Ok(entries) } else { Err(D::Error::custom("two entries have the same name")) }
}
