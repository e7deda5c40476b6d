//! Cuts a text into pieces that can be read, judged and edited one at a time.

/// A piece of a text: as a rule one document, with the comments and directives before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'t> {
    /// Its text. Those of all chunks together are the whole text, byte for byte.
    pub text: &'t str,
    /// The number of lines before it.
    pub lines_before: usize,
}

/// Cuts a text at its document markers, `---` and `...`. No scalar can contain a line that starts with one, so each chunk can be read
/// alone. JSON values that follow each other without a marker stay together.
pub fn chunks(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = text;
    let mut line = 0;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (length, lines) = first_chunk(rest);
        let (text, after) = rest.split_at_checked(length)?;
        let chunk = Chunk { text, lines_before: line };
        rest = after;
        line += lines;
        Some(chunk)
    })
}

/// The length of the first chunk, in bytes and in lines.
fn first_chunk(text: &str) -> (usize, usize) {
    let mut length = 0;
    // Comments and directives go with the document after them.
    let mut has_begun = false;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if is_marker(line, "---") {
            if has_begun {
                return (length, number);
            }
            has_begun = true;
        } else if is_marker(line, "...") {
            return (length + line.len(), number + 1);
        } else if !line.trim().is_empty() && !line.trim_start().starts_with('#') && !line.starts_with('%') {
            has_begun = true;
        }
        length += line.len();
    }
    (length, text.split_inclusive('\n').count())
}

/// Whether a text begins with `---`, but for comments and directives.
#[must_use]
pub fn begins_with_marker(text: &str) -> bool {
    let is_content = |line: &&str| !line.trim().is_empty() && !line.starts_with(['#', '%']);
    text.lines().find(is_content).is_some_and(|line| is_marker(line, "---"))
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(usize, &str)> {
        let cut: Vec<_> = chunks(text).map(|chunk| (chunk.lines_before, chunk.text)).collect();
        assert_eq!(cut.iter().map(|(_, text)| *text).collect::<String>(), text);
        cut
    }

    #[test]
    fn documents_are_cut_at_their_markers() {
        assert_eq!(cut("a: 1\n---\nb: 2\n"), [(0, "a: 1\n"), (1, "---\nb: 2\n")]);
        assert_eq!(
            cut("a: |\n  ---\nb: ---x\n--- # c\r\nb: 2"),
            [(0, "a: |\n  ---\nb: ---x\n"), (3, "--- # c\r\nb: 2")]
        );
        assert_eq!(cut("a: 1\n...\n# next\n---\nb: 2\n"), [(0, "a: 1\n...\n"), (2, "# next\n---\nb: 2\n")]);
        assert_eq!(cut(""), []);
    }

    #[test]
    fn comments_and_directives_go_with_the_document_after_them() {
        let text = "# first\n%YAML 1.1\n\n---\na: 1\n";
        assert_eq!(cut(text), [(0, text)]);
        assert_eq!(cut("---\n---\n# x\n---\n"), [(0, "---\n"), (1, "---\n# x\n"), (3, "---\n")]);
    }
}
