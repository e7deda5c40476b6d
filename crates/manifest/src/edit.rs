//! Changes values in a text and leaves every other byte as it is.
//!
//! [`rewrite`] compares what a text says with what it should say, and changes the text only where the two differ: comments, quotes,
//! anchors, block scalars, indentation and line ends stay. What moves from one of a Pod's lists of containers to the other takes its
//! lines and comments along. The result is read again and must say exactly what was wanted, so an edit that cannot be made faithfully is
//! not made: where an anchor is shared, for example, the text stays as it is.

mod editor;
mod field;
mod flow;
mod flow_list;
mod json;
mod lines;
mod list;
mod manner;
mod mapping;
mod matching;
mod obstacle;
mod splice;
mod tree;
pub mod write;
mod yaml;

use std::fmt;

use serde_json::Value;
use serde_json::value::RawValue;

use self::editor::Editor;
use self::lines::Lines;
use self::manner::Manner;
use self::obstacle::Obstacle;
use self::tree::Node;
use crate::document::{Document, parse};

/// Why a text was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The line that is in the way, starting at 1.
    pub line: usize,
    /// The reason.
    pub reason: &'static str,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for Refusal {}

/// Changes a text so that its documents, as [`parse`] returned them, become the values `wanted`.
///
/// # Errors
/// The text cannot be changed so that it says exactly that and stays the same elsewhere.
pub fn rewrite(text: &str, documents: &[Document], wanted: &[Value]) -> Result<String, Refusal> {
    edited(text, documents, wanted).map_err(|Obstacle { at, reason }| {
        let before = text.get(..at).unwrap_or(text);
        Refusal { line: before.matches('\n').count() + 1, reason }
    })
}

fn edited(text: &str, documents: &[Document], wanted: &[Value]) -> Result<String, Obstacle> {
    let roots = roots(text)?;
    if roots.len() != documents.len() || roots.len() != wanted.len() {
        return Err(Obstacle::new(0, "the documents of this text cannot be told apart"));
    }
    let mut splices = Vec::new();
    let mut doubts = Vec::new();
    for (root, (document, wanted)) in roots.iter().zip(documents.iter().zip(wanted)) {
        if document.value != *wanted {
            let manner = Manner::of(root, text);
            let mut editor = Editor::new(Lines { text }, &manner);
            editor.value(root, &document.value, wanted)?;
            splices.append(&mut editor.splices);
            doubts.append(&mut editor.doubts);
        }
    }
    let result = splice::apply(text, 0, text.len(), splices);
    result.filter(|result| says(result, wanted)).ok_or_else(|| {
        let unknown = Obstacle::new(
            roots.first().map_or(0, |root| root.start),
            "the change cannot be made without rewriting more",
        );
        doubts.first().copied().unwrap_or(unknown)
    })
}

fn says(text: &str, wanted: &[Value]) -> bool {
    parse(text).is_ok_and(|documents| {
        documents.len() == wanted.len()
            && documents.iter().zip(wanted).all(|(document, wanted)| document.value == *wanted)
    })
}

fn roots(text: &str) -> Result<Vec<Node>, Obstacle> {
    let is_json = text.trim_start().starts_with('{')
        && serde_json::Deserializer::from_str(text).into_iter::<&RawValue>().all(|value| value.is_ok());
    if is_json { json::roots(text) } else { yaml::roots(text) }
}

#[cfg(test)]
mod tests;
