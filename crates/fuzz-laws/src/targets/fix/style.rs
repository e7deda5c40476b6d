//! Writes an object as people write YAML: with comments, quotes, flow style, their own indentation, or as JSON.

use serde_json::Value;

use crate::draw::Draw;

/// A text, and the comments in it.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) comments: Vec<String>,
}

struct Writer<'d, 'b> {
    draw: &'d mut Draw<'b>,
    step: usize,
    /// Whether the items of a list are indented deeper than its key.
    is_list_indented: bool,
    comments: Vec<String>,
    text: String,
}

/// Writes an object in one of many ways.
pub(super) fn written(draw: &mut Draw<'_>, value: &Value) -> Written {
    match draw.below(12) {
        10 => return Written { text: value.to_string(), comments: Vec::new() },
        11 => {
            let text = serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
            return Written { text, comments: Vec::new() };
        }
        _ => {}
    }
    let step = draw.one_of(&[2, 4, 3]);
    let is_list_indented = draw.once_in(2);
    let has_windows_lines = draw.once_in(6);
    let has_marker = draw.once_in(4);
    let has_end = !draw.once_in(8);
    let mut writer = Writer { draw, step, is_list_indented, comments: Vec::new(), text: String::new() };
    if has_marker {
        writer.text += "---\n";
    }
    writer.block(value, 0);
    let Writer { mut text, comments, .. } = writer;
    if !has_end {
        text.truncate(text.trim_end().len());
    }
    if has_windows_lines {
        text = text.replace('\n', "\r\n");
    }
    Written { text, comments }
}

impl Writer<'_, '_> {
    /// Writes a value whose lines begin at that column.
    fn block(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Object(fields) => {
                for (key, field) in fields {
                    self.comment_line(indent);
                    self.text += &" ".repeat(indent);
                    let key = self.scalar(&Value::from(key.as_str()));
                    self.text += &format!("{key}:");
                    self.field(field, indent);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.comment_line(indent);
                    self.item(item, indent);
                }
            }
            scalar => {
                let text = self.scalar(scalar);
                self.text += &format!("{}{text}\n", " ".repeat(indent));
            }
        }
    }

    fn field(&mut self, value: &Value, indent: usize) {
        if is_empty(value) || self.draw.once_in(12) {
            let text = self.flow(value);
            self.text += &format!(" {text}");
            self.end_line();
            return;
        }
        if self.draw.once_in(24) {
            self.text += &format!(" &a{}", self.text.len());
        }
        self.end_line();
        match value {
            Value::Array(_) if !self.is_list_indented => self.block(value, indent),
            _ => self.block(value, indent + self.step),
        }
    }

    fn item(&mut self, item: &Value, indent: usize) {
        if is_empty(item) || self.draw.once_in(12) {
            let text = self.flow(item);
            self.text += &format!("{}- {text}", " ".repeat(indent));
            self.end_line();
            return;
        }
        // The item's own lines, the first of which begins with the dash.
        let begin = self.text.len();
        self.block(item, indent + 2);
        let own = self.text.split_off(begin);
        let own = own.trim_start_matches('\n');
        self.text += &format!("{}-{}", " ".repeat(indent), own.get(indent + 1..).unwrap_or_default());
    }

    fn flow(&mut self, value: &Value) -> String {
        match value {
            Value::Object(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(key, field)| format!("{}: {}", quoted(key), self.flow(field)))
                    .collect();
                let (open, close) = if self.draw.once_in(2) { ("{ ", " }") } else { ("{", "}") };
                format!("{open}{}{close}", fields.join(", "))
            }
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items.join(if self.draw.once_in(2) { "," } else { ", " }))
            }
            Value::String(text) => quoted(text),
            scalar => scalar.to_string(),
        }
    }

    /// A scalar on one line.
    fn scalar(&mut self, value: &Value) -> String {
        let Value::String(text) = value else { return value.to_string() };
        let is_simple = !text.contains(char::is_control);
        match self.draw.below(4) {
            1 => quoted(text),
            2 if is_simple => format!("'{}'", text.replace('\'', "''")),
            _ if is_simple => manifest::to_yaml(value).trim_end().to_owned(),
            _ => quoted(text),
        }
    }

    fn comment_line(&mut self, indent: usize) {
        if self.draw.once_in(10) {
            let comment = self.comment();
            self.text += &format!("{}# {comment}\n", " ".repeat(indent));
        } else if self.draw.once_in(24) {
            self.text += "\n";
        }
    }

    fn end_line(&mut self) {
        if self.draw.once_in(12) {
            let comment = self.comment();
            self.text += &format!(" # {comment}");
        }
        self.text += "\n";
    }

    fn comment(&mut self) -> String {
        let comment = format!("comment {}", self.comments.len());
        self.comments.push(comment.clone());
        comment
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
