//! The objects in manifests, each with its place in the text.

use std::io::Read as _;
use std::path::Path;
use std::{fs, io};

use anyhow::{Context as _, anyhow};
use manifest::{Document, Position};
use serde_json::Value;

/// One object of a manifest.
pub(crate) struct Object<'a> {
    /// What it says.
    pub(crate) value: &'a Value,
    /// The document that it stands in.
    document: &'a Document,
    /// Where in the document, as a JSON pointer.
    pointer: String,
}

/// Reads the settings or manifests at a path; `-` is standard input.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(text);
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The objects of a document; a `List` stands for those that it holds.
pub(crate) fn of(document: &Document) -> anyhow::Result<Vec<Object<'_>>> {
    let root = Object { value: &document.value, document, pointer: String::new() };
    let items = root.value.get("items").and_then(Value::as_array);
    let objects = match items {
        Some(items) if root.text("kind").is_some_and(|kind| kind.ends_with("List")) => items
            .iter()
            .enumerate()
            .map(|(index, value)| Object { value, document, pointer: format!("/items/{index}") })
            .collect(),
        _ => vec![root],
    };
    for object in &objects {
        if object.text("apiVersion").is_none() || object.text("kind").is_none() {
            let line = object.position("").line;
            return Err(anyhow!("line {line}: expected an object with apiVersion and kind"));
        }
    }
    Ok(objects)
}

impl Object<'_> {
    /// Where the field at a JSON pointer from the object on stands in the text.
    pub(crate) fn position(&self, pointer: &str) -> Position {
        self.document.position(&format!("{}{pointer}", self.pointer))
    }

    /// The API group, as in `apps` of `apps/v1`.
    pub(crate) fn group(&self) -> &str {
        self.text("apiVersion").and_then(|version| version.split_once('/')).map_or("", |(group, _)| group)
    }

    /// The kind.
    pub(crate) fn kind(&self) -> &str {
        self.text("kind").unwrap_or_default()
    }

    /// The name, or what stands in for it until there is one.
    pub(crate) fn name(&self) -> &str {
        let metadata = self.value.get("metadata");
        let text = |key| metadata.and_then(|metadata| metadata.get(key)).and_then(Value::as_str);
        text("name").or(text("generateName")).unwrap_or("(no name)")
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.value.get(key).and_then(Value::as_str)
    }
}
