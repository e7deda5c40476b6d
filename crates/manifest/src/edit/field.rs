//! Changes the value of a field.

use saphyr_parser::ScalarStyle;
use serde_json::Value;

use super::editor::Editor;
use super::flow::Layout;
use super::list::Source;
use super::mapping::Parent;
use super::obstacle::Obstacle;
use super::splice::Splice;
use super::tree::{Entry, Kind};
use super::write;

impl Editor<'_> {
    pub(super) fn field(
        &mut self,
        parent: Parent<'_>,
        entry: &Entry,
        old: &Value,
        new: &Value,
        moving: &[Source<'_>],
    ) -> Result<(), Obstacle> {
        let is_filled = |value: &Value| match value {
            Value::Object(fields) => !fields.is_empty(),
            Value::Array(items) => !items.is_empty(),
            _ => false,
        };
        let node = &entry.value;
        match (&node.kind, old, new) {
            (Kind::List(list), Value::Array(old), Value::Array(new))
                if !old.is_empty() && !new.is_empty() =>
            {
                self.list(node, list, old, new, moving)
            }
            (Kind::Map(_), Value::Object(_), Value::Object(_)) if is_filled(old) && is_filled(new) => {
                self.value(node, old, new)
            }
            (Kind::Alias, ..) => self.value(node, old, new),
            _ if parent.map.is_flow => self.flow_value(parent, entry, new, moving),
            _ if is_filled(new) => self.open(parent, entry, new, moving),
            _ => {
                self.scalar_field(parent, entry, new);
                Ok(())
            }
        }
    }

    fn flow_value(
        &mut self,
        parent: Parent<'_>,
        entry: &Entry,
        new: &Value,
        moving: &[Source<'_>],
    ) -> Result<(), Obstacle> {
        let Entry { name, key, value } = entry;
        let layout = Layout::of_map(parent.node, parent.map, self.lines, self.manner.separator());
        let text = match &value.kind {
            Kind::Scalar(style) if !new.is_object() && !new.is_array() => {
                let text = self.scalar(*style, new);
                self.splices.push(Splice::replace(value.start, value.end, text));
                return Ok(());
            }
            _ => self.flow_field(parent, &layout, name, new, moving)?,
        };
        self.splices.push(Splice::replace(key.start, value.end, text));
        Ok(())
    }

    /// Puts lines below a key, in place of what stands after it. A comment there stays.
    fn open(
        &mut self,
        parent: Parent<'_>,
        entry: &Entry,
        new: &Value,
        moving: &[Source<'_>],
    ) -> Result<(), Obstacle> {
        let Entry { name, key, value } = entry;
        let column = self.lines.column(key.start);
        let text = self.block_field(parent, column, name, new, moving)?;
        let (head, lines) = text.split_once('\n').unwrap_or_default();
        if !head.ends_with(':') {
            // In flow style, on the line of the key.
            let text = head.trim_start().split_once(": ").map(|(_, text)| format!(" {text}"));
            self.splices.push(Splice::replace(value.floor, value.end, text.unwrap_or_default()));
            return Ok(());
        }
        if value.floor < value.end {
            self.splices.push(Splice::replace(value.floor, value.end, String::new()));
        }
        self.splices.push(Splice::lines(self.lines.next(value.end), lines.to_owned()));
        Ok(())
    }

    /// Writes a scalar, or an empty collection, after a key.
    fn scalar_field(&mut self, parent: Parent<'_>, entry: &Entry, new: &Value) {
        let Entry { key, value, .. } = entry;
        let column = self.lines.column(key.start);
        let is_block = |style: &ScalarStyle| matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let literal = match (&value.kind, new.as_str()) {
            (Kind::Scalar(style), Some(text)) if is_block(style) => {
                write::literal(column + self.style_in(parent).mapping, text)
            }
            _ => None,
        };
        let splice = match (&value.kind, literal) {
            (_, Some(text)) => {
                Splice::replace(value.floor, value.end, text.trim_end_matches('\n').to_owned())
            }
            (Kind::Scalar(style @ (ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted)), None)
                if new.is_string() =>
            {
                Splice::replace(value.start, value.end, self.scalar(*style, new))
            }
            (Kind::Scalar(ScalarStyle::Plain), None) => {
                Splice::replace(value.start, value.end, write::scalar(new))
            }
            _ => Splice::replace(value.floor, value.end, format!(" {}", write::scalar(new))),
        };
        self.splices.push(splice);
    }
}
