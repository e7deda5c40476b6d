//! Reads the objects of a stream of YAML documents.

use std::io::BufRead;

use manifest::stream::{Documents, Part};
use manifest::{Document, Position};
use serde_json::Value;

use super::{Found, Sink, Unreadable};
use crate::object::{Head, Object};

/// Reads the objects of a stream, document by document.
pub(super) fn read(reader: impl BufRead, sink: Sink<'_>) -> anyhow::Result<()> {
    for part in Documents::new(reader) {
        match part {
            Ok(part) => read_part(&part, sink)?,
            Err(error) => {
                return sink(Found::Unreadable(Unreadable::whole(format!("cannot be read: {error}"))));
            }
        }
    }
    Ok(())
}

fn read_part(part: &Part, sink: Sink<'_>) -> anyhow::Result<()> {
    let unreadable = |position: Position, reason: String, line: Option<&str>| {
        let line = line.map(str::to_owned);
        let position = Position { line: position.line + part.line - 1, ..position };
        Found::Unreadable(Unreadable { position: Some(position), reason, line })
    };
    let text = match text_of(&part.bytes) {
        Ok(text) => text,
        Err((line, reason)) => return sink(unreadable(Position { line, column: 1 }, reason, None)),
    };
    let documents = match manifest::parse(text) {
        Ok(documents) => documents,
        Err(manifest::Error { position, message }) => {
            let line = text.lines().nth(position.line - 1);
            return sink(unreadable(position, format!("not YAML: {message}"), line));
        }
    };
    documents.iter().try_for_each(|document| read_document((document, text, part.line), sink))
}

/// Reads the objects of a document, of whose text the first line has this number in the file.
pub(crate) fn read_document(source: (&Document, &str, usize), sink: Sink<'_>) -> anyhow::Result<()> {
    let (document, text, first) = source;
    if document.value.is_object() {
        return read_value(source, String::new(), &document.value, None, sink);
    }
    let Position { line, column } = document.position("");
    sink(Found::Unreadable(Unreadable {
        position: Some(Position { line: line + first - 1, column }),
        reason: "expected an object with apiVersion and kind".to_owned(),
        line: text.lines().nth(line - 1).map(str::to_owned),
    }))
}

/// The text of a document, or the line from which on it is none.
fn text_of(bytes: &[u8]) -> Result<&str, (usize, String)> {
    let line_at = |offset: usize| 1 + bytes.iter().take(offset).filter(|byte| **byte == b'\n').count();
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        return Err((line_at(offset), "contains a NUL byte, so it is no text".to_owned()));
    }
    std::str::from_utf8(bytes).map_err(|error| (line_at(error.valid_up_to()), "is not UTF-8".to_owned()))
}

fn read_value(
    source: (&Document, &str, usize),
    pointer: String,
    value: &Value,
    list: Option<&Head>,
    sink: Sink<'_>,
) -> anyhow::Result<()> {
    let head = Head::of_value(value).unwrap_or_default();
    let head = if let Some(list) = list { head.in_list(list) } else { head };
    if !head.is_complete() {
        return sink(Found::Fragment);
    }
    if let (Some(_), Some(items)) = (head.item_kind(), value.get("items").and_then(Value::as_array)) {
        for (index, item) in items.iter().enumerate() {
            read_value(source, format!("{pointer}/items/{index}"), item, Some(&head), sink)?;
        }
        return Ok(());
    }
    sink(Found::Object(Object::of_yaml(source, pointer, value, head)))
}
