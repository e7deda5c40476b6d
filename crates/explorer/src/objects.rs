//! The objects in a document.

use manifest::{Document, Position};
use serde_json::Value;
use sidecar_startup::Settings;
use sidecar_startup::model::request::{of_creation, payload};

/// One object of a manifest.
#[derive(Debug)]
pub(crate) struct Object {
    /// The number of its document among those of its piece of the text.
    pub(crate) document: usize,
    /// Its place in the document, as a JSON pointer.
    pub(crate) pointer: String,
    value: Value,
}

/// The objects in a document, including those in lists.
pub(crate) fn of(number: usize, document: &Document) -> Vec<Object> {
    let mut objects = Vec::new();
    let object = Object { document: number, pointer: String::new(), value: document.value.clone() };
    collect(object, &mut objects);
    objects
}

fn collect(object: Object, objects: &mut Vec<Object>) {
    let items = object.value.get("items").and_then(Value::as_array);
    let (Some(of_kind), Some(items)) = (object.kind().strip_suffix("List"), items) else {
        objects.push(object);
        return;
    };
    for (index, item) in items.iter().enumerate() {
        let mut value = item.clone();
        // Items of a typed list, such as PodList, may omit apiVersion and kind.
        if let (false, Some(fields)) = (of_kind.is_empty(), value.as_object_mut()) {
            fields.entry("apiVersion").or_insert_with(|| object.text("apiVersion").into());
            fields.entry("kind").or_insert_with(|| of_kind.into());
        }
        let pointer = format!("{}/items/{index}", object.pointer);
        collect(Object { document: object.document, pointer, value }, objects);
    }
}

impl Object {
    /// The API group, such as `apps` for `apps/v1`.
    fn group(&self) -> &str {
        self.text("apiVersion").split_once('/').map_or("", |(group, _)| group)
    }

    /// The kind; empty if this is no Kubernetes object.
    pub(crate) fn kind(&self) -> &str {
        if self.text("apiVersion").is_empty() { "" } else { self.text("kind") }
    }

    /// The name, or the `generateName` of an object without one.
    pub(crate) fn name(&self) -> &str {
        let text = |pointer| self.value.pointer(pointer).and_then(Value::as_str);
        text("/metadata/name").or(text("/metadata/generateName")).unwrap_or("(no name)")
    }

    /// Whether it is of a kind that creates Pods, by itself or by the setting `podTemplates`.
    pub(crate) fn is_workload(&self, settings: &Settings) -> bool {
        settings.judges(self.group(), self.kind())
    }

    /// The position in the piece of the text of a field, given by a JSON pointer relative to the object.
    pub(crate) fn position(&self, documents: &[Document], pointer: &str) -> Position {
        let document = documents.get(self.document);
        let place = document.map(|document| document.position(&format!("{}{pointer}", self.pointer)));
        place.unwrap_or(Position { line: 1, column: 1 })
    }

    /// The payload of `validate` for the request that the API server would send when the object, or what became of it, is created.
    pub(crate) fn payload(&self, object: &Value, settings: &Value) -> String {
        let namespace = self.value.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
        let request = of_creation(self.group(), self.kind(), namespace, &object.to_string());
        payload(&request, &settings.to_string())
    }

    /// The object itself.
    pub(crate) const fn value(&self) -> &Value {
        &self.value
    }

    fn text(&self, key: &str) -> &str {
        self.value.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}
