//! A passage of a manifest to write instead.

use sidecar_startup::model::field::{FieldPath, Segment};

/// One change of a manifest, as text to paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instead {
    /// The container, if it is one.
    pub(crate) container: Option<String>,
    /// What to do.
    pub(crate) action: Action,
    /// The field, or for a new item its list, as a JSON pointer.
    pub(crate) pointer: String,
    /// The lines that the text replaces. If the last one is before the first one, it goes above the first one.
    pub(crate) lines: Option<(usize, usize)>,
    /// The text: YAML at its indentation, or JSON where the lines are not known. Empty to remove the lines.
    pub(crate) text: String,
}

/// What to do with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Write it in place of a field or item.
    Replace,
    /// Write it as a new field.
    Add,
    /// Write it as a new item, before the item with this index or at the end.
    Insert(Option<usize>),
    /// Remove a field or item.
    Remove,
}

impl Instead {
    /// The field as the policy writes it.
    pub(crate) fn field(&self) -> String {
        let segment = |step: &str| match step.parse() {
            Ok(index) => Segment::Index(index),
            Err(_) => Segment::Key(step.replace("~1", "/").replace("~0", "~")),
        };
        self.pointer.split('/').skip(1).map(segment).collect::<FieldPath>().to_string()
    }
}
