//! Pod templates in JSON, for the laws of repairs.

use serde_json::{Map, Value};

/// Where the kinds keep their Pod templates.
pub(crate) const TEMPLATES: [&str; 4] =
    ["/spec/jobTemplate/spec/template", "/spec/template", "/template", ""];

pub(crate) fn take(object: &mut Value, place: &str) -> Map<String, Value> {
    let Some(Value::Object(template)) = object.pointer_mut(place) else { return Map::new() };
    let parts = ["metadata", "spec"].into_iter();
    parts.filter_map(|part| Some((part.to_owned(), template.shift_remove(part)?))).collect()
}

pub(crate) fn part(template: &Map<String, Value>, key: &str) -> Map<String, Value> {
    template.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The two lists of containers, together.
pub(crate) fn containers(spec: &mut Map<String, Value>) -> Vec<Value> {
    let lists = ["initContainers", "containers"].into_iter().filter_map(|key| spec.shift_remove(key));
    lists.filter_map(|list| list.as_array().cloned()).flatten().collect()
}

pub(crate) fn template(object: &Value) -> Map<String, Value> {
    let template = TEMPLATES.into_iter().find_map(|place| object.pointer(place)?.as_object());
    template.cloned().unwrap_or_default()
}
