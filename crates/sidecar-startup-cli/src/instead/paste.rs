//! Finds the lines that a change replaces, and indents its YAML for them.
//!
//! That is only done in block style, where a line belongs to an item or field as long as it is indented further. In flow style and in
//! JSON, the value is given as JSON, which is valid there.

use serde_json::{Value, json};

use super::changes::{Change, Target};
use super::passage::{Action, Instead};
use crate::object::Object;

/// The text of a change, and the lines that it replaces.
pub(super) fn paste(object: &Object<'_>, value: &Value, change: &Change) -> Instead {
    let source = Source { object, value };
    let block = if object.is_json() { None } else { in_block_style(source, change) };
    let (lines, text) = match block {
        Some((lines, text)) => (Some(lines), text),
        None => (None, change.value.as_ref().map(as_json).unwrap_or_default()),
    };
    let action = match (&change.target, &change.value) {
        (_, None) => Action::Remove,
        (Target::Present(_), _) => Action::Replace,
        (Target::Field(..), _) => Action::Add,
        (Target::Item(_, before), _) => Action::Insert(*before),
    };
    Instead { container: change.container.clone(), action, pointer: change.target.pointer(), lines, text }
}

/// An object, and the same as a value.
#[derive(Clone, Copy)]
struct Source<'o> {
    object: &'o Object<'o>,
    value: &'o Value,
}

fn as_json(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default())
}

type Edit = ((usize, usize), String);

fn in_block_style(source: Source<'_>, change: &Change) -> Option<Edit> {
    match &change.target {
        Target::Present(pointer) => {
            let place = Place::of(source, pointer)?;
            let text = change.value.as_ref().map(|value| place.text(value)).unwrap_or_default();
            Some(((place.line, place.end(source.object)), text))
        }
        Target::Item(list, before) => {
            let items = source.value.pointer(list)?.as_array()?;
            let sibling = before.or(items.len().checked_sub(1))?;
            let place = Place::of(source, &format!("{list}/{sibling}"))?;
            let line = if before.is_some() { place.line } else { place.end(source.object) + 1 };
            Some(((line, line - 1), place.text(change.value.as_ref()?)))
        }
        Target::Field(parent, key) => {
            let fields = source.value.pointer(parent)?.as_object()?;
            let mut siblings = fields.keys().filter_map(|sibling| {
                let pointer = format!("{parent}/{}", sibling.replace('~', "~0").replace('/', "~1"));
                Place::of(source, &pointer)
            });
            // A new list of init containers is expected next to the other containers.
            let next = if fields.contains_key("containers") { "containers" } else { "" };
            let place = Place::of(source, &format!("{parent}/{next}")).or_else(|| siblings.next())?;
            let text = place.text_of_field(key, change.value.as_ref()?);
            Some(((place.line, place.line - 1), text))
        }
    }
}

/// The place of a field or item that begins its line.
struct Place {
    line: usize,
    /// The blanks before it.
    indent: usize,
    /// The key of a field; none for an item.
    key: Option<String>,
}

impl Place {
    /// The place of what a JSON pointer leads to; none if it is not there or something else is before it on its line.
    fn of(Source { object, value }: Source<'_>, pointer: &str) -> Option<Self> {
        value.pointer(pointer)?;
        let (_, key) = pointer.rsplit_once('/')?;
        let position = object.position(pointer);
        let line = object.lines_from(position.line).next()?.into_owned();
        let before: String = line.chars().take(position.column - 1).collect();
        let indent = before.find(|char: char| char != ' ').unwrap_or(before.len());
        let after: String = line.chars().skip(position.column - 1).collect();
        let is_item = key.parse::<usize>().is_ok();
        let begins_line = if is_item { before.trim() == "-" } else { before.trim().is_empty() };
        // An anchor is needed elsewhere, and flow style may go on in a line that is not indented.
        let is_open = after.matches(['{', '[']).count() != after.matches(['}', ']']).count();
        if !begins_line || (is_item && (after.starts_with(['&', '!']) || (after.starts_with('{') && is_open)))
        {
            return None;
        }
        let key = (!is_item).then(|| key.replace("~1", "/").replace("~0", "~"));
        Some(Self { line: position.line, indent, key })
    }

    /// Its last line.
    fn end(&self, object: &Object<'_>) -> usize {
        let mut end = self.line;
        for (index, line) in object.lines_from(self.line).enumerate().skip(1) {
            let text = line.trim_start_matches(' ');
            let is_item = text == "-" || text.starts_with("- ");
            let indent = line.len() - text.len();
            // A list may be as far to the left as the key that holds it.
            let is_inside = self.indent < indent || (self.key.is_some() && is_item && self.indent == indent);
            if text.trim().is_empty() || (text.starts_with('#') && !is_inside) {
                continue;
            }
            if !is_inside || line.starts_with("---") {
                break;
            }
            end = self.line + index;
        }
        end
    }

    fn text(&self, value: &Value) -> String {
        match &self.key {
            Some(key) => self.text_of_field(key, value),
            None => self.indented(&manifest::to_yaml(&json!([value]))),
        }
    }

    fn text_of_field(&self, key: &str, value: &Value) -> String {
        self.indented(&manifest::to_yaml(&json!({key: value})))
    }

    fn indented(&self, yaml: &str) -> String {
        let indent = " ".repeat(self.indent);
        yaml.lines()
            .map(|line| if line.is_empty() { "\n".into() } else { format!("{indent}{line}\n") })
            .collect()
    }
}
