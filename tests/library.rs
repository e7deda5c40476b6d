//! All that the tests use of the inside of the library, in one place. They judge by what the user sees; this is for what no
//! user sees: what the rules and the catalogue's rows are, and what the command proposes.

use std::collections::BTreeMap;

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
    /// Whether it denies nothing unless the settings say so.
    pub only_warns: bool,
    /// Whether it can repair what it finds.
    pub can_repair: bool,
    /// Its documentation, in Markdown.
    pub doc: String,
}

/// All rules.
pub fn rules() -> impl Iterator<Item = Rule> {
    RULES.iter().map(|rule| Rule {
        id: rule.id.name(),
        only_warns: rule.default_action() <= Action::Warn,
        can_repair: rule.repaired_with().is_some(),
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
