//! Finds the splices that turn one value into another, node by node.

use saphyr_parser::ScalarStyle;
use serde_json::Value;

use super::lines::Lines;
use super::manner::Manner;
use super::obstacle::Obstacle;
use super::splice::Splice;
use super::tree::{Kind, Node};
use super::write;

/// Collects the splices for the changes of a document.
pub(super) struct Editor<'e> {
    pub(super) lines: Lines<'e>,
    pub(super) manner: &'e Manner,
    pub(super) splices: Vec<Splice>,
    /// What may be the reason if the result does not say what it should.
    pub(super) doubts: Vec<Obstacle>,
}

const ALIAS: &str = "an alias stands here; the text at its anchor is used elsewhere, too";
const ANCHOR: &str = "this is used elsewhere, too, by an alias";
pub(super) const MOVED_REFERENCE: &str =
    "this would move, but has an anchor or alias that depends on the order";

impl<'e> Editor<'e> {
    pub(super) const fn new(lines: Lines<'e>, manner: &'e Manner) -> Self {
        Self { lines, manner, splices: Vec::new(), doubts: Vec::new() }
    }

    /// Changes the value of a node.
    ///
    /// # Errors
    /// It has to be rewritten as a whole, together with what introduces it.
    pub(super) fn value(&mut self, node: &Node, old: &Value, new: &Value) -> Result<(), Obstacle> {
        if old == new {
            return Ok(());
        }
        if node.is_anchored {
            self.doubts.push(Obstacle::new(node.start, ANCHOR));
        }
        match (&node.kind, old, new) {
            // The same change at the anchor may be what is wanted here, too.
            (Kind::Alias, ..) => self.doubts.push(Obstacle::new(node.start, ALIAS)),
            (Kind::Map(map), Value::Object(old), Value::Object(new)) => self.mapping(node, map, old, new)?,
            (Kind::List(list), Value::Array(old), Value::Array(new)) => {
                self.list(node, list, old, new, &[])?;
            }
            (Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded), ..) => {
                return Err(Obstacle::new(node.start, "this text would have to be written anew"));
            }
            (Kind::Scalar(style), _, new) if !new.is_object() && !new.is_array() => {
                let text = self.scalar(*style, new);
                self.splices.push(Splice::replace(node.start, node.end, text));
            }
            _ => return Err(Obstacle::new(node.start, "this value would have to be written anew")),
        }
        Ok(())
    }

    /// A scalar on one line, quoted as the one before.
    pub(super) fn scalar(&self, style: ScalarStyle, new: &Value) -> String {
        match (style, new.as_str()) {
            (ScalarStyle::DoubleQuoted, Some(text)) => write::quoted(text),
            (ScalarStyle::SingleQuoted, Some(text)) if !text.chars().any(char::is_control) => {
                format!("'{}'", text.replace('\'', "''"))
            }
            _ => self.manner.flow(None).value(new, ""),
        }
    }
}
