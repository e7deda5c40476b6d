//! The nodes of JSON values with their places in the text. JSON need not be YAML: it may be indented with tabs.

use saphyr_parser::ScalarStyle;

use super::obstacle::Obstacle;
use super::tree::{Entry, Item, Kind, List, Map, Node};
use crate::position::MAX_DEPTH;

/// The roots of the JSON values that a text consists of.
///
/// # Errors
/// The text is not JSON, or nested too deeply.
pub(super) fn roots(text: &str) -> Result<Vec<Node>, Obstacle> {
    let mut reader = Reader { text, at: 0 };
    let mut roots = Vec::new();
    loop {
        reader.skip_space();
        if reader.rest().is_empty() {
            return Ok(roots);
        }
        roots.push(reader.value(0)?);
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn unclear(&self) -> Obstacle {
        Obstacle::new(self.at, "this JSON cannot be edited")
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn skips(&mut self, token: char) -> bool {
        self.skip_space();
        let is_next = self.rest().starts_with(token);
        self.at += if is_next { token.len_utf8() } else { 0 };
        is_next
    }

    fn expect(&mut self, token: char) -> Result<(), Obstacle> {
        if self.skips(token) { Ok(()) } else { Err(self.unclear()) }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Obstacle> {
        if MAX_DEPTH < depth {
            return Err(self.unclear());
        }
        let floor = self.at;
        self.skip_space();
        let start = self.at;
        let kind = if self.skips('{') {
            Kind::Map(Map { is_flow: true, entries: self.entries(depth)? })
        } else if self.skips('[') {
            Kind::List(List { is_flow: true, items: self.items(depth)? })
        } else if self.rest().starts_with('"') {
            self.string()?;
            Kind::Scalar(ScalarStyle::DoubleQuoted)
        } else {
            let rest = self.rest();
            let is_end = |c: char| c.is_whitespace() || ",]}".contains(c);
            self.at += rest.find(is_end).unwrap_or(rest.len());
            Kind::Scalar(ScalarStyle::Plain)
        };
        if self.at == start {
            return Err(self.unclear());
        }
        Ok(Node { floor, start, end: self.at, is_anchored: false, kind })
    }

    fn entries(&mut self, depth: usize) -> Result<Vec<Entry>, Obstacle> {
        let mut entries = Vec::new();
        while !self.skips('}') {
            if !entries.is_empty() {
                self.expect(',')?;
            }
            let floor = self.at;
            self.skip_space();
            let start = self.at;
            let name = self.string()?;
            let kind = Kind::Scalar(ScalarStyle::DoubleQuoted);
            let key = Node { floor, start, end: self.at, is_anchored: false, kind };
            self.expect(':')?;
            entries.push(Entry { name, key, value: self.value(depth + 1)? });
        }
        Ok(entries)
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Item>, Obstacle> {
        let mut items = Vec::new();
        while !self.skips(']') {
            if !items.is_empty() {
                self.expect(',')?;
            }
            let node = self.value(depth + 1)?;
            items.push(Item { dash: node.start, node });
        }
        Ok(items)
    }

    fn string(&mut self) -> Result<String, Obstacle> {
        let rest = self.rest();
        let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let Some(Ok(string)) = strings.next() else { return Err(self.unclear()) };
        self.at += strings.byte_offset();
        Ok(string)
    }
}
