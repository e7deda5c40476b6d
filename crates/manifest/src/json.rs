//! Finds the position of a field in a JSON text, without reading the rest as a tree.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::position::Position;

/// The position of the value at a JSON pointer in a JSON text, as [`Document::position`](crate::Document::position) gives it.
#[must_use]
pub fn position_in_json(text: &str, pointer: &str) -> Position {
    let mut offset = text.len() - text.trim_start().len();
    let mut value = text.trim_start();
    for step in pointer.split('/').skip(1) {
        let Some((at, below)) = child(value, &step.replace("~1", "/").replace("~0", "~")) else { break };
        offset = offset_of(text, at);
        value = below;
    }
    let before = text.get(..offset).unwrap_or_default();
    let line = before.rsplit_once('\n').map_or(before, |(_, line)| line);
    Position { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
}

/// The text of the field or item of a value, and that of its key or, without one, of itself.
fn child<'a>(value: &'a str, step: &str) -> Option<(&'a str, &'a str)> {
    if value.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(value).ok()?;
        let item = items.get(step.parse::<usize>().ok()?)?.get();
        return Some((item, item));
    }
    let Fields(fields) = serde_json::from_str(value).ok()?;
    // Of duplicate keys the last counts.
    let (key, field) = fields.into_iter().rfind(|(key, _)| key == step)?;
    let at = match key {
        // With the quote before it.
        Cow::Borrowed(key) => value.get(offset_of(value, key) - 1..),
        Cow::Owned(_) => None,
    };
    Some((at.unwrap_or(field.get()), field.get()))
}

/// Where a part of a text begins.
fn offset_of(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// The fields of an object.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A key, which borrows from the text unless it has escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &RawValue>()? {
                    fields.push((key, value));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_as_that_of_a_document() {
        let text = "\n {\"a\": [1, {\"b/c\": {\n  \"d\": \"é\", \"e\\u0041\": 2}}],\n\"f\": {}}";
        let document = crate::parse(text).unwrap().pop().unwrap();
        for pointer in
            ["", "/a", "/a/0", "/a/1", "/a/1/b~1c", "/a/1/b~1c/d", "/f", "/f/g/h", "/a/7", "/a/x", "/a/0/z"]
        {
            assert_eq!(position_in_json(text, pointer), document.position(pointer), "{pointer}");
        }
        assert_eq!(position_in_json(text, "/a/1/b~1c/eA"), Position { line: 3, column: 24 });
        assert_eq!(position_in_json("not JSON", "/a"), Position { line: 1, column: 1 });
    }
}
