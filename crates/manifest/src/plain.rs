//! Turns a plain YAML document into JSON without a tree, in half the time: most objects are fine, so nobody asks for their positions.

use std::borrow::Cow;

use saphyr::ScalarStyle;
use saphyr_parser::{Event, Parser};
use serde_json::Value;

use crate::position::MAX_DEPTH;
use crate::{depth, scalar};

/// A mapping with more keys is left to the tree, which finds duplicates faster.
const MAX_KEYS: usize = 256;

/// The JSON of the only document of a text, as [`parse`](crate::parse) reads it. None if it is not plain: it is JSON already, has errors,
/// anchors, tags, merge keys or keys that are no strings, or is not one document.
#[must_use]
pub fn plain_json(text: &str) -> Option<String> {
    if text.trim_start().starts_with('{') || depth::too_deep(text).is_some() {
        return None;
    }
    let mut writer = Writer { json: Vec::with_capacity(text.len()), ..Writer::default() };
    for event in Parser::new_from_str(text) {
        writer.add(event.ok()?.0)?;
    }
    String::from_utf8(writer.json).ok().filter(|json| writer.documents == 1 && !json.is_empty())
}

#[derive(Default)]
struct Writer<'t> {
    json: Vec<u8>,
    /// The collections around the next value.
    open: Vec<Collection>,
    /// The keys of the open mappings so far.
    keys: Vec<Cow<'t, str>>,
    documents: usize,
}

enum Collection {
    List {
        is_empty: bool,
    },
    Map {
        /// Where its keys begin.
        keys: usize,
        /// Whether a key comes next, not a value.
        wants_key: bool,
    },
}

impl<'t> Writer<'t> {
    /// Adds an event; none if it is not plain.
    fn add(&mut self, event: Event<'t>) -> Option<()> {
        match event {
            Event::DocumentStart(_) => self.documents += 1,
            Event::Scalar(text, style, 0, None) => {
                if let Some(Collection::Map { keys, wants_key: wants_key @ true }) = self.open.last_mut() {
                    *wants_key = false;
                    let keys = *keys;
                    return self.key(text, style, keys);
                }
                return self.scalar(&text, style);
            }
            Event::SequenceStart(0, None) => {
                self.begin()?;
                self.json.push(b'[');
                self.open.push(Collection::List { is_empty: true });
            }
            Event::MappingStart(0, None) => {
                self.begin()?;
                self.json.push(b'{');
                self.open.push(Collection::Map { keys: self.keys.len(), wants_key: true });
            }
            Event::SequenceEnd => {
                self.open.pop();
                self.json.push(b']');
            }
            Event::MappingEnd => {
                if let Some(Collection::Map { keys, .. }) = self.open.pop() {
                    self.keys.truncate(keys);
                }
                self.json.push(b'}');
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::Alias(_) | Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) => {
                return None;
            }
        }
        Some(())
    }

    /// Adds a key to the innermost mapping, whose keys begin at `first`.
    fn key(&mut self, text: Cow<'t, str>, style: ScalarStyle, first: usize) -> Option<()> {
        // Merge keys, and keys that are no strings.
        let is_special = style == ScalarStyle::Plain && (text == "<<" || !scalar::is_plain_key(&text));
        let others = self.keys.get(first..).unwrap_or_default();
        if is_special || MAX_KEYS < others.len() || others.contains(&text) {
            return None;
        }
        if !others.is_empty() {
            self.json.push(b',');
        }
        serde_json::to_writer(&mut self.json, &text).ok()?;
        self.json.push(b':');
        self.keys.push(text);
        Some(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle) -> Option<()> {
        self.begin()?;
        let other = if style == ScalarStyle::Plain { scalar::other_than_text(text).ok()? } else { None };
        match other {
            // An empty document is none.
            Some(Value::Null) if self.open.is_empty() => None,
            Some(value) => serde_json::to_writer(&mut self.json, &value).ok(),
            None => serde_json::to_writer(&mut self.json, text).ok(),
        }
    }

    /// Begins a value; none if it is a key, or nested too deeply.
    fn begin(&mut self) -> Option<()> {
        match self.open.last_mut() {
            Some(Collection::List { is_empty: false }) => self.json.push(b','),
            Some(Collection::List { is_empty }) => *is_empty = false,
            Some(Collection::Map { wants_key: true, .. }) => return None,
            Some(Collection::Map { wants_key, .. }) => *wants_key = true,
            None => {}
        }
        (self.open.len() <= MAX_DEPTH).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_the_tree_says() {
        let plain = [
            "a: 1\nb: [x, {c: yes}, ~, '~']\n\"d\\n\": |\n  text\n  more\ne:\n- - 0644\n  - \"0644\"\n- f: >-\n    folded\n    text\n",
            "---\na: {}\nb: []\n...\n",
            "- a\n- 'b'\n",
            "text",
            "a:\nb:\n",
            "a: {b: 1, c: {d: 2, e: 3}, f: 4}\ng: 5\n",
            "\"on\": 1\n'2': 3\n",
            "'on': 1\nnull: 2\n~: 3\n-a: 4\n.inf: 5\n\"1\": 6\n",
        ];
        for text in plain {
            let json: Value = serde_json::from_str(&plain_json(text).unwrap()).unwrap();
            assert_eq!(json, crate::parse_one(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_alone() {
        for text in [
            "a: &x 1",
            "a: &x {}\nb: *x",
            "a: !!str 1",
            "<<: {a: 1}",
            "a: 1\na: 2",
            "a: {b: 1, c: {}, b: 2}",
            "on: 1",
            "80: 1",
            "a: 1\n---\nb: 2",
            "{a: 1}",
            "{\"a\": 1}",
            "[a]: 1",
            "on: 1",
            "a: {0x10: 1}",
            "a: .nan",
            "a: [",
            "",
            "# nothing",
            "~",
        ] {
            assert_eq!(plain_json(text), None, "{text}");
        }
    }
}
