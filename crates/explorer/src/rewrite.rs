//! The text of a manifest with repaired objects in it.

use std::borrow::Cow;

use manifest::Document;
use serde_json::Value;

/// A piece of a text that can be read and rewritten alone: its text, and the number of lines before it.
pub(crate) type Piece<'t> = (Cow<'t, str>, usize);

/// Cuts a text before each `---`.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut end, mut lines_before) = (0, 0, 0);
    for (line, text_of_line) in text.split_inclusive('\n').enumerate() {
        if text_of_line.trim_end() == "---" && start < end {
            pieces.push((text.get(start..end).unwrap_or_default().into(), lines_before));
            (start, lines_before) = (end, line);
        }
        end += text_of_line.len();
    }
    pieces.push((text.get(start..).unwrap_or_default().into(), lines_before));
    pieces
}

/// The text of a piece whose documents shall say what is wanted.
///
/// # Errors
/// Why the text cannot be changed to say that.
#[expect(clippy::unnecessary_wraps, reason = "a text that is edited in place may not allow it")]
pub(crate) fn rewrite(text: &str, _documents: &[Document], wanted: &[Value]) -> Result<String, String> {
    let marker = if text.starts_with("---") { "---\n" } else { "" };
    let documents: Vec<_> = wanted.iter().map(manifest::to_yaml).collect();
    Ok(format!("{marker}{}", documents.join("---\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_its_markers() {
        for (text, expected) in [
            ("", vec![("", 0)]),
            ("a: 1\n---\nb: 2", vec![("a: 1\n", 0), ("---\nb: 2", 1)]),
            ("---\na: 1\n---\n---\n", vec![("---\na: 1\n", 0), ("---\n", 2), ("---\n", 3)]),
        ] {
            let pieces = pieces(text);
            let pieces: Vec<_> = pieces.iter().map(|(text, before)| (&**text, *before)).collect();
            assert_eq!(pieces, expected, "{text}");
        }
    }
}
