//! Unified diffs, document by document: where nothing changes, nothing is compared.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use similar::{Algorithm, ChangeTag, DiffOp, capture_diff_slices, group_diff_ops};

/// The text of a document, and what it becomes if it changes.
pub(super) type Part<'t> = (&'t str, Option<String>);

/// The lines around a change that are shown.
const CONTEXT: usize = 3;

/// Prints what changes in a file.
pub(super) fn print(
    out: &mut impl Write,
    file: &str,
    parts: &[Part<'_>],
    has_colours: bool,
) -> io::Result<()> {
    let paint = |style: Style| if has_colours { style } else { Style::new() };
    let bold = paint(Style::new().bold());
    writeln!(out, "{bold}--- {file}{bold:#}\n{bold}+++ {file}{bold:#}")?;
    let (mut old, mut new, mut ops) = (Vec::new(), Vec::new(), Vec::new());
    for (before, after) in parts {
        let before: Vec<_> = before.split_inclusive('\n').collect();
        let (old_start, new_start) = (old.len(), new.len());
        if let Some(after) = after {
            let after: Vec<_> = after.split_inclusive('\n').collect();
            let changes = capture_diff_slices(Algorithm::Patience, &before, &after);
            ops.extend(changes.into_iter().map(|op| moved(op, old_start, new_start)));
            new.extend(after);
        } else {
            ops.push(DiffOp::Equal { old_index: old_start, new_index: new_start, len: before.len() });
            new.extend(&before);
        }
        old.extend(before);
    }
    for group in group_diff_ops(joined(ops), CONTEXT) {
        let head = paint(AnsiColor::Cyan.on_default());
        writeln!(out, "{head}{}{head:#}", header(&group))?;
        for change in group.iter().flat_map(|op| op.iter_changes(&old, &new)) {
            let (sign, style) = match change.tag() {
                ChangeTag::Equal => (' ', Style::new()),
                ChangeTag::Delete => ('-', paint(AnsiColor::Red.on_default())),
                ChangeTag::Insert => ('+', paint(AnsiColor::Green.on_default())),
            };
            let line = change.value();
            writeln!(out, "{style}{sign}{}{style:#}", line.strip_suffix('\n').unwrap_or(line))?;
            if !line.ends_with('\n') {
                writeln!(out, "\\ No newline at end of file")?;
            }
        }
    }
    Ok(())
}

/// An operation on a document, as one on the file.
fn moved(op: DiffOp, old: usize, new: usize) -> DiffOp {
    match op {
        DiffOp::Equal { old_index, new_index, len } => {
            DiffOp::Equal { old_index: old_index + old, new_index: new_index + new, len }
        }
        DiffOp::Delete { old_index, old_len, new_index } => {
            DiffOp::Delete { old_index: old_index + old, old_len, new_index: new_index + new }
        }
        DiffOp::Insert { old_index, new_index, new_len } => {
            DiffOp::Insert { old_index: old_index + old, new_index: new_index + new, new_len }
        }
        DiffOp::Replace { old_index, old_len, new_index, new_len } => {
            DiffOp::Replace { old_index: old_index + old, old_len, new_index: new_index + new, new_len }
        }
    }
}

/// Makes one operation of those in a row that change nothing.
fn joined(ops: Vec<DiffOp>) -> Vec<DiffOp> {
    let mut all: Vec<DiffOp> = Vec::new();
    for op in ops {
        match (all.last_mut(), op) {
            (Some(DiffOp::Equal { len, .. }), DiffOp::Equal { len: more, .. }) => *len += more,
            _ => all.push(op),
        }
    }
    all
}

/// The line that says where in the files a group of changes is.
fn header(group: &[DiffOp]) -> String {
    let range = |ranges: Vec<std::ops::Range<usize>>| {
        let start = ranges.first().map_or(0, |range| range.start);
        let length = ranges.last().map_or(0, |range| range.end) - start;
        // An empty range is named by the line before it.
        let line = if length == 0 { start } else { start + 1 };
        if length == 1 { format!("{line}") } else { format!("{line},{length}") }
    };
    let old = range(group.iter().map(DiffOp::old_range).collect());
    let new = range(group.iter().map(DiffOp::new_range).collect());
    format!("@@ -{old} +{new} @@")
}
