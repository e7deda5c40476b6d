//! The entries of suggested settings.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sidecar_startup::model::image;
use sidecar_startup::{RuleId, Settings};

use super::workload::{Container, Id};
use crate::judge::with;

/// Why a container is exempt.
#[derive(Debug, Clone, Default)]
pub(super) struct Exempt {
    pub(super) rules: BTreeSet<RuleId>,
    pub(super) workloads: BTreeSet<Id>,
    pub(super) reason: String,
}

impl Exempt {
    /// The entry of the setting; none if no setting can name the container, since the API server would reject its name.
    pub(super) fn entry(&self, (name, image): &Container) -> Option<Value> {
        let rules: Vec<_> = self.rules.iter().map(|rule| rule.name()).collect();
        let reason = format!("{}: {}", described(&self.workloads), self.reason);
        let entry = |r#match: Value| json!({"match": r#match, "rules": rules, "reason": reason});
        let entries = [matched(name, image), matched(name, "")].map(entry);
        let entry = entries.into_iter().find(|entry| is_valid("exempt", entry))?;
        let narrow = namespaces(&self.workloads).map(|all| with(&entry, [("namespaces", all.into())]));
        Some(narrow.filter(|entry| is_valid("exempt", entry)).unwrap_or(entry))
    }
}

/// The exemption of the namespaces of workloads from a rule about Pods as a whole; none if a namespace is not known.
pub(super) fn pods_entry(rule: RuleId, workloads: &BTreeSet<Id>) -> Option<Value> {
    let reason = format!("{}: nothing repairs {rule}", described(workloads));
    let entry = json!({"namespaces": namespaces(workloads)?, "rules": [rule.name()], "reason": reason});
    is_valid("exempt", &entry).then_some(entry)
}

/// The namespaces of workloads, if they are known.
fn namespaces(workloads: &BTreeSet<Id>) -> Option<Vec<&str>> {
    let all: BTreeSet<_> = workloads.iter().map(|id| id.namespace.as_str()).collect();
    (!all.contains("")).then(|| all.into_iter().collect())
}

fn described(workloads: &BTreeSet<Id>) -> String {
    let some = workloads.first().map(|id| format!("{} {}", id.kind, id.name)).unwrap_or_default();
    match workloads.len() {
        0 | 1 => some,
        count => format!("{count} workloads such as {some}"),
    }
}

/// The entry of `sidecars` for a container.
pub(super) fn declaration(container: &Container, probe: &Value) -> Value {
    let (name, image) = container;
    json!({"name": name, "match": matched(name, image), "startupProbe": probe})
}

fn matched(name: &str, image: &str) -> Value {
    if image.is_empty() {
        json!({"containerNames": [name]})
    } else {
        json!({"containerNames": [name], "images": [image]})
    }
}

/// Whether an entry of a list is valid.
pub(super) fn is_valid(list: &str, entry: &Value) -> bool {
    Settings::from_value(&json!({list: [entry]})).is_ok()
}

/// Settings with more entries in a list.
pub(super) fn append(settings: &Value, list: &str, entries: Vec<Value>) -> Value {
    if entries.is_empty() {
        return settings.clone();
    }
    let mut all = settings.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
    all.extend(entries);
    with(settings, [(list, all.into())])
}

/// The name and image repository of a container.
pub(super) fn identity(container: &Value) -> Option<Container> {
    let text = |key| container.get(key).and_then(Value::as_str);
    let image = text("image").map(|image| image::repository(image).into_owned());
    Some((text("name")?.to_owned(), image.unwrap_or_default()))
}

/// The sidecar containers with a `startupProbe`.
pub(super) fn collect_probes(value: &Value, found: &mut Vec<(Container, Value)>) {
    let Some(fields) = value.as_object() else { return };
    for (key, value) in fields {
        for item in value.as_array().filter(|_| key == "initContainers").into_iter().flatten() {
            if let (Some(container), Some(probe)) = (identity(item), item.get("startupProbe")) {
                found.push((container, probe.clone()));
            }
        }
        collect_probes(value, found);
    }
}
