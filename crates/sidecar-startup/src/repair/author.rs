//! What the author of an object has written, as far as the object records it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::draft::ObjectText;
use crate::model::view::LAST_APPLIED;

/// What the records of what was applied name as the author's own.
pub(crate) struct Author {
    /// The init containers whose `startupProbe` is, each as `metadata.managedFields` names it.
    probes: BTreeSet<String>,
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
        let mut probes = BTreeSet::new();
        // The object that `kubectl apply` was given.
        let applied: Option<Value> = applied.and_then(|applied| serde_json::from_str(applied).ok());
        each_object(&applied.unwrap_or_default(), &mut |fields| {
            let items = fields.get("initContainers").and_then(Value::as_array).into_iter().flatten();
            let with_probe = items.filter(|item| item.get("startupProbe").is_some());
            probes.extend(with_probe.filter_map(|item| Some(key(item.get("name")?.as_str()?))));
        });
        // The fields of those that apply on the server.
        for fields in
            entries.into_iter().flatten().filter(is_applied).filter_map(|entry| entry.get("fieldsV1"))
        {
            each_object(fields, &mut |fields| {
                let items = fields.get("f:initContainers").and_then(Value::as_object).into_iter().flatten();
                let with_probe = items.filter(|(_, item)| item.get("f:startupProbe").is_some());
                probes.extend(with_probe.map(|(key, _)| key.clone()));
            });
        }
        Self { probes }
    }

    /// Whether the `startupProbe` of an init container is recorded as the author's own.
    pub(crate) fn has_written_probe_of(&self, container: &str) -> bool {
        self.probes.contains(&key(container))
    }
}

/// The key of a container among the fields of a list.
fn key(container: &str) -> String {
    format!("k:{{\"name\":{}}}", Value::from(container))
}

/// Looks at the objects at any depth.
fn each_object(value: &Value, look: &mut dyn FnMut(&Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            look(fields);
            fields.values().for_each(|value| each_object(value, look));
        }
        Value::Array(items) => items.iter().for_each(|item| each_object(item, look)),
        _ => {}
    }
}
