//! The objects in manifests, with their positions in the text.

use std::borrow::Cow;
use std::io::Read as _;
use std::path::Path;
use std::{fs, io};

use anyhow::{Context as _, anyhow};
use manifest::{Document, Position};
use serde_json::Value;

/// One object of a manifest.
pub(crate) struct Object<'a> {
    /// The object itself.
    pub(crate) value: Cow<'a, Value>,
    /// The document that contains it.
    document: &'a Document,
    /// Its place in the document, as a JSON pointer.
    pointer: String,
}

/// Reads a file; `-` is standard input.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(text);
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The objects in a document, including those in lists.
pub(crate) fn of(document: &Document) -> anyhow::Result<Vec<Object<'_>>> {
    let mut objects = Vec::new();
    collect(
        Object { value: Cow::Borrowed(&document.value), document, pointer: String::new() },
        &mut objects,
    )?;
    Ok(objects)
}

fn collect<'a>(object: Object<'a>, objects: &mut Vec<Object<'a>>) -> anyhow::Result<()> {
    if object.text("apiVersion").is_none() || object.text("kind").is_none() {
        let line = object.position("").line;
        return Err(anyhow!("line {line}: expected an object with apiVersion and kind"));
    }
    let items = object.value.get("items").and_then(Value::as_array);
    let (Some(of_kind), Some(items)) = (object.kind().strip_suffix("List"), items) else {
        objects.push(object);
        return Ok(());
    };
    for (index, item) in items.iter().enumerate() {
        let mut value = item.clone();
        // Items of a typed list, such as PodList, may omit apiVersion and kind.
        if let (false, Some(fields)) = (of_kind.is_empty(), value.as_object_mut()) {
            let version = object.text("apiVersion").unwrap_or_default();
            fields.entry("apiVersion").or_insert_with(|| version.into());
            fields.entry("kind").or_insert_with(|| of_kind.into());
        }
        let pointer = format!("{}/items/{index}", object.pointer);
        collect(Object { value: Cow::Owned(value), document: object.document, pointer }, objects)?;
    }
    Ok(())
}

impl Object<'_> {
    /// The position in the text of a field, given by a JSON pointer relative to the object.
    pub(crate) fn position(&self, pointer: &str) -> Position {
        self.document.position(&format!("{}{pointer}", self.pointer))
    }

    /// The kind.
    pub(crate) fn kind(&self) -> &str {
        self.text("kind").unwrap_or_default()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.value.get(key).and_then(Value::as_str)
    }
}
