//! The manner in which a document is written.

use super::lines::Lines;
use super::tree::{Kind, Node};
use super::write::{Flow, Style};

/// The manner in which a document is written.
#[derive(Debug)]
pub(super) struct Manner {
    style: Style,
    is_json: bool,
    after_colon: &'static str,
}

impl Manner {
    /// The manner of a document.
    pub(super) fn of(root: &Node, text: &str) -> Self {
        let lines = Lines { text };
        let style = nested(root, lines).over(Style::default());
        let first = match &root.kind {
            Kind::Map(map) if map.is_flow => map.entries.first(),
            _ => None,
        };
        let is_json = first.is_some_and(|entry| lines.part(entry.key.start, entry.key.end).starts_with('"'));
        let is_tight = first.is_some_and(|entry| lines.part(entry.key.end, entry.value.start) == ":");
        Self { style, is_json, after_colon: if is_json && is_tight { "" } else { " " } }
    }

    /// How block style is written in a node, or else in the document.
    pub(super) fn style(&self, node: &Node, lines: Lines<'_>) -> Style {
        nested(node, lines).over(self.style)
    }

    /// What stands between the parts of a mapping or list in flow style.
    pub(super) const fn separator(&self) -> &'static str {
        if self.after_colon.is_empty() { "," } else { ", " }
    }

    /// How flow style is written, with each value on a line of its own if `unit` says by how much it is indented.
    pub(super) const fn flow(&self, unit: Option<usize>) -> Flow {
        Flow { is_json: self.is_json, after_colon: self.after_colon, unit }
    }
}

/// What a node shows of the style in which it is written.
#[derive(Default, Clone, Copy)]
struct Shown {
    mapping: Option<usize>,
    list: Option<usize>,
}

impl Shown {
    fn or(self, other: Self) -> Self {
        Self { mapping: self.mapping.or(other.mapping), list: self.list.or(other.list) }
    }

    fn over(self, style: Style) -> Style {
        Style { mapping: self.mapping.unwrap_or(style.mapping), list: self.list.unwrap_or(style.list) }
    }
}

fn nested(node: &Node, lines: Lines<'_>) -> Shown {
    match &node.kind {
        Kind::Map(map) if !map.is_flow => {
            let mut shown = Shown::default();
            for entry in &map.entries {
                shown = shown.or(below(&entry.key, &entry.value, lines)).or(nested(&entry.value, lines));
                if shown.mapping.is_some() && shown.list.is_some() {
                    break;
                }
            }
            shown
        }
        Kind::List(list) if !list.is_flow => {
            let items = list.items.iter().map(|item| nested(&item.node, lines));
            items.fold(Shown::default(), Shown::or)
        }
        _ => Shown::default(),
    }
}

/// By how much a value in block style is indented under its key.
fn below(key: &Node, value: &Node, lines: Lines<'_>) -> Shown {
    let mapping = match &value.kind {
        Kind::Map(map) if !map.is_flow => lines.column(value.start).checked_sub(lines.column(key.start)),
        _ => None,
    };
    Shown { mapping: mapping.filter(|unit| 0 < *unit), list: list_indentation(key, value, lines) }
}

/// By how much the dashes of a list in block style are indented under its key; none for other values.
pub(super) fn list_indentation(key: &Node, value: &Node, lines: Lines<'_>) -> Option<usize> {
    let Kind::List(list) = &value.kind else { return None };
    let first = list.items.first().filter(|_| !list.is_flow)?;
    lines.column(first.dash).checked_sub(lines.column(key.start))
}
