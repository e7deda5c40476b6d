//! Finds the field because of which a value cannot be read.
//!
//! `serde_json` reports a byte position and quotes what it found there, which may be a secret. So this module reads the parts of
//! the value one by one, each alone at its path, down to the smallest one that fails. That is slow, but only needed for requests
//! that cannot be read. It calls the same function that failed on the whole, so that every type is compiled for one deserializer
//! only.

use serde_json::{Map, Value, json};

use crate::model::field::Segment;
use crate::model::read::{ReadError, ReadErrorKind};

/// Tries to read a value, and discards the result.
pub(crate) type Reading<'a> = &'a dyn Fn(&Value) -> Result<(), serde_json::Error>;

/// The path and reason why `read` fails on `value`; `None` if it succeeds.
pub(crate) fn explain(value: &Value, read: Reading<'_>) -> Option<ReadError> {
    let mut error = read(value).err()?;
    let mut path = Vec::new();
    let mut culprit = value;
    // If even an empty list or object fails, its content does not matter.
    while read(&nested_at(&path, emptied(culprit))).is_ok() {
        let unreadable = children(culprit).find_map(|(segment, child)| {
            path.push(segment);
            let error = read(&nested_at(&path, child.clone())).err();
            if error.is_none() {
                path.pop();
            }
            Some((child, error?))
        });
        let Some((child, child_error)) = unreadable else {
            break;
        };
        culprit = child;
        error = child_error;
    }
    let path = path.into_iter().collect();
    Some(ReadError {
        path,
        kind: ReadErrorKind::Type { expected: expected(&error), found: type_name(culprit) },
    })
}

fn children(value: &Value) -> Box<dyn Iterator<Item = (Segment, &Value)> + '_> {
    match value {
        Value::Array(items) => {
            Box::new(items.iter().enumerate().map(|(index, item)| (Segment::Index(index), item)))
        }
        Value::Object(fields) => {
            Box::new(fields.iter().map(|(key, field)| (Segment::Key(key.clone()), field)))
        }
        _ => Box::new(std::iter::empty()),
    }
}

/// Wraps a value so that it is at `path`, with nothing else around it.
fn nested_at(path: &[Segment], value: Value) -> Value {
    path.iter().rev().fold(value, |value, segment| match segment {
        Segment::Key(key) => Value::Object(Map::from_iter([(key.clone(), value)])),
        Segment::Index(_) => Value::Array(vec![value]),
    })
}

fn emptied(value: &Value) -> Value {
    match value {
        Value::Array(_) => json!([]),
        Value::Object(_) => json!({}),
        scalar => scalar.clone(),
    }
}

/// What an error expected. Only the end of its text is used: the part before it quotes what was found.
fn expected(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line").map_or(text.as_str(), |(text, _)| text);
    match text.rsplit_once(", expected ").map(|(_, expected)| expected) {
        Some("a sequence") => "a list".to_owned(),
        Some("i32") => "a 32-bit integer".to_owned(),
        Some("i64") => "an integer".to_owned(),
        Some("IntOrString") => "an integer or a string".to_owned(),
        Some(text) if text.starts_with("a ") || text.starts_with("an ") => text.to_owned(),
        // The visitors of k8s-openapi report the name of their type.
        Some(_) => "an object".to_owned(),
        None => "another value".to_owned(),
    }
}

/// The JSON type of a value, for messages.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
