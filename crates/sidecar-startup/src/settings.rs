//! What the operator writes.
//!
//! Every field may be left out, and `{}` is valid. What is unknown is an error, so that a slip never switches a check off
//! unnoticed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::Value;

use crate::glob::{ImageGlob, NameGlob};
use crate::image;
use crate::object::{ContainerFields, TextMap};
use crate::read::{self, ReadError};
use crate::rules::{self, Rule};

/// The settings of the policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// The most that any rule does which [`Settings::rules`] does not name.
    default_action: Action,
    /// What single rules do.
    rules: BTreeMap<RuleName, Action>,
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
    #[serde(deserialize_with = "of_different_names")]
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

/// A declaration of sidecars.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sidecar {
    /// What the reader calls the declaration.
    #[serde(default)]
    pub name: Option<String>,
    /// Which containers it is about.
    pub r#match: ContainerMatch,
    /// How much the application needs it.
    #[serde(default)]
    pub need: Need,
    /// The init containers that need it.
    #[serde(default)]
    pub starts_before: Vec<NameGlob>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawStartupSeconds {
    minimum: u32,
    maximum: u32,
}

impl Default for RawStartupSeconds {
    fn default() -> Self {
        Self { minimum: 5, maximum: 600 }
    }
}

impl TryFrom<RawStartupSeconds> for StartupSeconds {
    type Error = &'static str;

    fn try_from(RawStartupSeconds { minimum, maximum }: RawStartupSeconds) -> Result<Self, Self::Error> {
        if maximum < minimum {
            Err("minimum may not be greater than maximum")
        } else {
            Ok(Self { minimum, maximum })
        }
    }
}

/// How long the gates of a sidecar container may take, in seconds.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "RawStartupSeconds")]
pub struct StartupSeconds {
    /// A sidecar has at least this long to become ready.
    pub minimum: u32,
    /// And at most this long, before it is started anew.
    pub maximum: u32,
}

impl Default for StartupSeconds {
    fn default() -> Self {
        let RawStartupSeconds { minimum, maximum } = RawStartupSeconds::default();
        Self { minimum, maximum }
    }
}

/// Which Pods have to hold their application back for a classic sidecar.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HoldApplication {
    /// Which.
    pub scope: Scope,
}

/// A choice of Pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Scope {
    /// All.
    #[default]
    All,
    /// Those whose annotations ask for it.
    Annotated,
}

/// An init container that the Pods chosen by their labels must have.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WaitFor {
    /// The name of the init container.
    #[serde(deserialize_with = "not_empty")]
    pub name: String,
    /// Which Pods.
    pub pod_selector: LabelSelector,
    /// The container, without its name.
    pub container: WaitForContainer,
}

/// The container that waits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitForContainer {
    /// Its image; the tag does not count.
    #[serde(deserialize_with = "not_empty")]
    pub image: String,
    /// Its command.
    #[serde(default)]
    pub command: Vec<String>,
    /// Its arguments.
    #[serde(default)]
    pub args: Vec<String>,
}

/// A `metav1.LabelSelector`. An empty one chooses everything.
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
            (LabelOperator::In | LabelOperator::NotIn, true) => Err("In and NotIn need values"),
            (LabelOperator::Exists | LabelOperator::DoesNotExist, false) => {
                Err("Exists and DoesNotExist take no values")
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
    /// Whether it chooses a Pod with these labels.
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

/// Which nodes know sidecar containers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "RawNodes")]
pub struct Nodes {
    /// The labels that Pods with sidecar containers have to require of their node; none where every node knows them.
    pub label: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct RawNodes {
    sidecar_support: SidecarSupport,
    label: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
enum SidecarSupport {
    /// Every node does.
    #[default]
    Assumed,
    /// Those with a label do.
    Labelled,
}

impl TryFrom<RawNodes> for Nodes {
    type Error = &'static str;

    fn try_from(nodes: RawNodes) -> Result<Self, Self::Error> {
        match nodes.sidecar_support {
            SidecarSupport::Assumed if !nodes.label.is_empty() => {
                Err("a label needs sidecarSupport: Labelled")
            }
            SidecarSupport::Assumed => Ok(Self::default()),
            SidecarSupport::Labelled if nodes.label.is_empty() => {
                Err("sidecarSupport: Labelled needs a label")
            }
            SidecarSupport::Labelled => Ok(Self { label: nodes.label }),
        }
    }
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

/// A Pod can only have one init container of a name, so two entries of one name could never both be met.
fn of_different_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<WaitFor>, D::Error> {
    let entries = Vec::<WaitFor>::deserialize(deserializer)?;
    let mut names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    let are_different = names.is_sorted_by(|one, next| one < next);
    if are_different { Ok(entries) } else { Err(D::Error::custom("two entries have the same name")) }
}

fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() { Err(D::Error::custom("may not be empty")) } else { Ok(text) }
}

/// Where a kind keeps its Pod templates.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawPodTemplates")]
pub struct PodTemplates {
    /// The API group.
    group: String,
    /// The kind.
    kind: String,
    /// The path to the Pod templates.
    pub path: TemplatePath,
}

impl PodTemplates {
    /// Whether it is about a kind of an API group.
    #[must_use]
    pub fn is_of(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawPodTemplates {
    api_version: String,
    kind: String,
    path: TemplatePath,
}

impl TryFrom<RawPodTemplates> for PodTemplates {
    type Error = &'static str;

    fn try_from(raw: RawPodTemplates) -> Result<Self, Self::Error> {
        let RawPodTemplates { api_version, kind, path } = raw;
        match api_version.split_once('/') {
            Some((group, version)) if group.contains('.') && version.starts_with('v') && !kind.is_empty() => {
                Ok(Self { group: group.to_owned(), kind, path })
            }
            _ => Err(
                "apiVersion must have the form group.example.com/v1, and kind may not be empty; built-in kinds are known",
            ),
        }
    }
}

/// A JSON pointer in which `*` stands for every item of a list or every field of an object.
#[derive(Debug, Clone)]
pub struct TemplatePath(Vec<String>);

impl TemplatePath {
    /// Its steps, from the object.
    #[must_use]
    pub fn steps(&self) -> &[String] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for TemplatePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.strip_prefix('/') {
            Some(steps) if !steps.split('/').any(str::is_empty) => {
                Ok(Self(steps.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect()))
            }
            _ => Err(D::Error::custom("must be a path such as /spec/template or /spec/tasks/*/template")),
        }
    }
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
    container_names: Vec<NameGlob>,
    /// On the image repository, without tag and digest.
    images: Vec<ImageGlob>,
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
        let Globs { container_names, images } = &self.0;
        (container_names.is_empty() || container_names.iter().any(|glob| glob.matches(name)))
            && (images.is_empty() || images.iter().any(|glob| glob.matches(repository)))
    }

    /// Whether the name of a container counts.
    #[must_use]
    pub fn goes_by_name(&self) -> bool {
        let Globs { container_names, .. } = &self.0;
        !container_names.is_empty() && !container_names.iter().any(NameGlob::is_everything)
    }

    /// Whether it chooses every container there is.
    fn is_everything(&self) -> bool {
        let Globs { container_names, images } = &self.0;
        (container_names.is_empty() || container_names.iter().any(NameGlob::is_everything))
            && (images.is_empty() || images.iter().any(ImageGlob::is_everything))
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
        let is_exempt =
            self.exempt.iter().any(|exemption| exemption.covers(rule, &container.name, &repository));
        if is_exempt { Action::Ignore } else { self.action(rule) }
    }

    /// What is done about a violation of `rule`.
    #[must_use]
    pub fn action(&self, rule: &Rule) -> Action {
        let named = self.rules.get(&RuleName(rule.id)).copied();
        named.unwrap_or_else(|| rule.default.min(self.default_action))
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
