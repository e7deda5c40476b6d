//! What the author of an object has written, as far as the object records it.

use serde_json::{Map, Value};

use super::draft::ObjectText;
use crate::model::view::LAST_APPLIED;

/// The records of what was applied.
pub(crate) struct Author {
    /// The object that `kubectl apply` was given.
    applied: Option<Value>,
    /// The fields of those that apply on the server (`metadata.managedFields`).
    managed: Vec<Value>,
}

impl Author {
    /// The records in an object.
    pub(crate) fn of(text: ObjectText<'_>) -> Self {
        let payload: Value = serde_json::from_str(text.text).unwrap_or_default();
        let object = text.keys.iter().try_fold(&payload, |value, key| value.get(key));
        let metadata = object.and_then(|object| object.get("metadata"));
        let applied = metadata.and_then(|metadata| metadata.get("annotations")?.get(LAST_APPLIED)?.as_str());
        let entries = metadata.and_then(|metadata| metadata.get("managedFields")?.as_array());
        let is_applied =
            |entry: &&Value| entry.get("operation").is_some_and(|operation| operation == "Apply");
        let managed =
            entries.into_iter().flatten().filter(is_applied).filter_map(|entry| entry.get("fieldsV1"));
        Self {
            applied: applied.and_then(|applied| serde_json::from_str(applied).ok()),
            managed: managed.cloned().collect(),
        }
    }

    /// Whether the `startupProbe` of an init container is recorded as the author's own.
    pub(crate) fn has_written_probe_of(&self, container: &str) -> bool {
        let is_it = |item: &Value| {
            item.get("name").is_some_and(|name| name == container) && item.get("startupProbe").is_some()
        };
        let is_listed = |fields: &Map<String, Value>| {
            let items = fields.get("initContainers").and_then(Value::as_array);
            items.is_some_and(|items| items.iter().any(is_it))
        };
        let key = format!("k:{{\"name\":{}}}", Value::from(container));
        let is_managed = |fields: &Map<String, Value>| {
            let item = fields.get("f:initContainers").and_then(|items| items.get(&key));
            item.is_some_and(|item| item.get("f:startupProbe").is_some())
        };
        self.applied.iter().any(|applied| any_object(applied, &is_listed))
            || self.managed.iter().any(|fields| any_object(fields, &is_managed))
    }
}

/// Whether an object at any depth is such.
fn any_object(value: &Value, is_such: &dyn Fn(&Map<String, Value>) -> bool) -> bool {
    match value {
        Value::Object(fields) => is_such(fields) || fields.values().any(|value| any_object(value, is_such)),
        Value::Array(items) => items.iter().any(|item| any_object(item, is_such)),
        _ => false,
    }
}
