//! All that the tests use of the inside of the library, in one place. They judge by what the user sees; this is for what no
//! user sees: what the rules and the catalogue's rows are, and what the command proposes.

use std::collections::BTreeMap;

use serde::Deserialize as _;
use serde::de::{Deserializer, Error as _, Visitor};
use serde_json::Value;
use sidecar_startup::catalogue::ROWS;
use sidecar_startup::model::object::Object;
use sidecar_startup::model::template::{Kind, PodTemplate};
use sidecar_startup::pod::Pod;
use sidecar_startup::pod::container::ContainerKind;
use sidecar_startup::rules::RULES;
use sidecar_startup::{Action, Answer, Settings};

/// The catalogue itself, for what is generated from it.
pub use sidecar_startup::catalogue;
pub use sidecar_startup::model::cluster::{Cluster, Node, NodesUnavailable};
pub use sidecar_startup::rules::markdown as documentation_of_rules;

/// What a rule is.
#[derive(Debug)]
pub struct Rule {
    /// Its id.
    pub id: &'static str,
    /// Its action by default.
    pub default_action: String,
    /// Whether it denies nothing unless the settings say so.
    pub only_warns: bool,
    /// Whether it can repair what it finds.
    pub can_repair: bool,
    /// The lowest value of the setting `fix` with which it does.
    pub repaired_with: Option<String>,
    /// Its documentation, in Markdown.
    pub doc: String,
}

/// All rules.
pub fn rules() -> impl Iterator<Item = Rule> {
    RULES.iter().map(|rule| Rule {
        id: rule.id.name(),
        default_action: rule.default_action().to_string(),
        only_warns: rule.default_action() <= Action::Warn,
        can_repair: rule.repaired_with().is_some(),
        repaired_with: rule.repaired_with().map(|fix| fix.to_string()),
        doc: rule.doc(),
    })
}

/// What a row of the catalogue is.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// What of a container has to match.
    pub matched_by: String,
    /// How much an application needs such a sidecar.
    pub need: String,
    /// When it was last compared with its source.
    pub checked: &'static str,
}

/// The rows of the catalogue.
pub fn rows() -> impl Iterator<Item = Row> {
    ROWS.iter().map(|row| Row {
        name: row.name,
        matched_by: format!("{:?}", row.matched_by),
        need: format!("{:?}", row.need),
        checked: row.checked,
    })
}

/// The rows of the sidecars in a Pod.
///
/// # Errors
/// It is no Pod.
pub fn rows_of(pod: &Value) -> anyhow::Result<Vec<&'static str>> {
    let text = pod.to_string();
    let object: Object<'_> = serde_json::from_str(&text)?;
    let template = PodTemplate::of(Kind::Pod, &object)?;
    let settings = Settings::default();
    let pod = Pod::new(Kind::Pod, &object, &template, &settings);
    let row = |kind| match kind {
        ContainerKind::Sidecar(facts) | ContainerKind::ClassicSidecar(facts) => facts.row,
        _ => None,
    };
    Ok(pod.containers.iter().filter_map(|container| Some(row(container.kind)?.name)).collect())
}

/// What the command proposes to put where: a field path and a value each, in the order of the violations.
#[must_use]
pub fn proposals(answer: &Answer) -> Vec<BTreeMap<String, Value>> {
    let proposals = answer.violations().iter().filter_map(|violation| {
        let path = violation.finding.path.to_string();
        Some(BTreeMap::from([(path, violation.proposal.clone()?)]))
    });
    proposals.collect()
}

/// What a valid setting is warned about when the policy is loaded.
#[must_use]
pub fn settings_warning(settings: &Value) -> Option<String> {
    Settings::from_value(settings).ok()?.warning()
}

/// The names of the settings.
#[must_use]
pub fn setting_names() -> &'static [&'static str] {
    let mut names: &[&str] = &[];
    // It stops at the fields that are asked for, before any value.
    _ = Settings::deserialize(Fields(&mut names));
    names
}

/// The settings as the policy reads them, for comparisons.
///
/// # Errors
/// They are not valid.
pub fn read_settings(settings: &Value) -> anyhow::Result<String> {
    let settings = Settings::from_value(settings).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(format!("{settings:?}"))
}

/// Takes down the fields of a structure that is to be read.
struct Fields<'f>(&'f mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(Self::Error::custom("seen"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("no structure"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}
