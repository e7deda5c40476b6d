//! The nodes of a document with their places in the text, to the byte.

use saphyr_parser::ScalarStyle;

/// A node.
#[derive(Debug)]
pub(super) struct Node {
    /// Where what introduces it ends: its key's colon, its dash, or the bracket or comma before it.
    pub(super) floor: usize,
    /// Its first byte, without anchor and tag.
    pub(super) start: usize,
    /// The end of its last line, or of its closing bracket. Comments after it are not part of it.
    pub(super) end: usize,
    /// Whether it has an anchor.
    pub(super) is_anchored: bool,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Nothing is written where a value could be.
    Nothing,
    /// A scalar.
    Scalar(ScalarStyle),
    /// A reference to an anchor.
    Alias,
    /// A mapping.
    Map(Map),
    /// A list.
    List(List),
}

/// A mapping, in flow style if it has braces.
#[derive(Debug)]
pub(super) struct Map {
    pub(super) is_flow: bool,
    pub(super) entries: Vec<Entry>,
}

/// A list, in flow style if it has brackets.
#[derive(Debug)]
pub(super) struct List {
    pub(super) is_flow: bool,
    pub(super) items: Vec<Item>,
}

/// A field of a mapping.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) key: Node,
    pub(super) value: Node,
}

/// An item of a list.
#[derive(Debug)]
pub(super) struct Item {
    /// Its dash, in block style; else its first byte.
    pub(super) dash: usize,
    pub(super) node: Node,
}

impl Map {
    /// The field of this name, if it stands here rather than in a merged mapping.
    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

impl Node {
    /// Whether it has anchors or aliases, itself or below.
    pub(super) fn has_references(&self) -> bool {
        self.is_anchored
            || match &self.kind {
                Kind::Nothing | Kind::Scalar(_) => false,
                Kind::Alias => true,
                Kind::Map(map) => map.entries.iter().any(|entry| entry.value.has_references()),
                Kind::List(list) => list.items.iter().any(|item| item.node.has_references()),
            }
    }
}
