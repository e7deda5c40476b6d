//! What a repair changes in a text, line by line.

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// A line of a comparison.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `-` for a line that is removed, `+` for one that is added, and a space for one that stays.
    pub sign: char,
    /// Its number before, starting at 1.
    pub old: Option<usize>,
    /// Its number after.
    pub new: Option<usize>,
    /// Its text, without the line end.
    pub text: String,
}

/// Compares two texts in front of which are so many lines. Each group is a change with the lines around it.
pub(crate) fn between(old: &str, new: &str, lines_before: usize) -> Vec<Vec<Line>> {
    let diff = TextDiff::from_lines(old, new);
    let number = |index: Option<usize>| index.map(|index| index + 1 + lines_before);
    let mut groups = Vec::new();
    for group in diff.grouped_ops(CONTEXT) {
        let changes = group.iter().flat_map(|operation| diff.iter_changes(operation));
        let lines = changes.map(|change| Line {
            sign: match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            },
            old: number(change.old_index()),
            new: number(change.new_index()),
            text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
        });
        groups.push(lines.collect());
    }
    groups
}
