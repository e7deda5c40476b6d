//! Finds the part of a value that keeps the whole from being read.
//!
//! `serde_json` says at which byte it stopped and quotes what it found there, which may be a secret. So the parts of the value
//! are read one by one, each alone on its place, down to the smallest one that cannot be. That is slow, and only ever done once
//! a request has been found unreadable; in return, every type is compiled for one way of reading only: whoever has read the
//! request hands over the very function that failed.

use serde_json::{Map, Value, json};

use crate::model::field::Segment;
use crate::model::read::{ReadError, ReadErrorKind};

/// Tries to read a value.
pub(crate) type Reading<'a> = &'a dyn Fn(&Value) -> Result<(), serde_json::Error>;

/// Where and why a value cannot be read; nothing, if it can be.
pub(crate) fn explain(value: &Value, read: Reading<'_>) -> Option<ReadError> {
    let mut error = read(value).err()?;
    let mut path = Vec::new();
    let mut culprit = value;
    // Where not even the empty list or object can be read, what is in it does not matter.
    while read(&alone(&path, emptied(culprit))).is_ok() {
        let unreadable = children(culprit).find_map(|(segment, child)| {
            path.push(segment);
            let error = read(&alone(&path, child.clone())).err();
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
        kind: ReadErrorKind::Type { expected: expected(&error), found: name_of(culprit) },
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

/// A value at the end of a path, with nothing beside it.
fn alone(path: &[Segment], value: Value) -> Value {
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

/// What was expected, from the end of the text of an error; what was found stands before it.
fn expected(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line").map_or(text.as_str(), |(text, _)| text);
    match text.rsplit_once(", expected ").map(|(_, expected)| expected) {
        Some("a sequence") => "a list".to_owned(),
        Some("i32") => "a 32-bit integer".to_owned(),
        Some("IntOrString") => "an integer or a string".to_owned(),
        Some(text) if text.starts_with("a ") || text.starts_with("an ") => text.to_owned(),
        // The visitors of k8s-openapi give the name of their type.
        Some(_) => "an object".to_owned(),
        None => "another value".to_owned(),
    }
}

/// The JSON type of a value, as it stands in a message.
fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
