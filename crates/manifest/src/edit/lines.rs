//! Lines, their indentation, and the comments that belong to a node in block style.

use super::obstacle::Obstacle;

/// A text, looked at in lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines<'t> {
    pub(super) text: &'t str,
}

/// What a line holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Blank,
    /// A comment, indented by this many spaces. One that is indented with tabs counts as deeper than anything.
    Comment(usize),
    Content,
}

impl<'t> Lines<'t> {
    /// A part of the text.
    pub(super) fn part(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The start of the line of a place.
    pub(super) fn start(&self, at: usize) -> usize {
        self.part(0, at).rfind('\n').map_or(0, |end| end + 1)
    }

    /// The start of the line after that of a place.
    pub(super) fn next(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.find('\n').map_or(self.text.len(), |end| at + end + 1)
    }

    /// The column of a place in block style, where only ASCII characters precede it.
    pub(super) fn column(&self, at: usize) -> usize {
        self.part(self.start(at), at).trim_start_matches('\u{feff}').len()
    }

    /// Whether only indentation precedes a place on its line.
    pub(super) fn is_first(&self, at: usize) -> bool {
        self.part(self.start(at), at).bytes().all(|byte| byte == b' ')
    }

    fn line(&self, start: usize) -> Line {
        let text = self.part(start, self.next(start));
        let trimmed = text.trim_start_matches(' ');
        match trimmed.trim() {
            "" => Line::Blank,
            _ if trimmed.starts_with('#') => Line::Comment(text.len() - trimmed.len()),
            comment if comment.starts_with('#') => Line::Comment(usize::MAX),
            _ => Line::Content,
        }
    }

    /// Where the lines of a node end that ends at `end` and begins in column `column`: its last line, and the comments below that are
    /// indented more than the node.
    ///
    /// # Errors
    /// Something else follows on its last line.
    pub(super) fn below(&self, end: usize, column: usize) -> Result<usize, Obstacle> {
        let mut bottom = self.next(end);
        let rest = self.part(end, bottom).trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            return Err(Obstacle::new(end, "something else follows on the same line"));
        }
        let mut line = bottom;
        while line < self.text.len() {
            match self.line(line) {
                Line::Blank => {}
                Line::Comment(indentation) if column < indentation => bottom = self.next(line),
                Line::Comment(_) | Line::Content => break,
            }
            line = self.next(line);
        }
        Ok(bottom)
    }

    /// Where the lines of a node begin that begins on the line at `start`, in column `column`: with the comments directly above it that
    /// have the same indentation. They do not begin before `floor`.
    pub(super) fn above(&self, start: usize, column: usize, floor: usize) -> usize {
        let mut top = start;
        while floor < top {
            let before = self.start(top - 1);
            if before < floor || self.line(before) != Line::Comment(column) {
                break;
            }
            top = before;
        }
        top
    }

    /// Where the blank lines above a line begin, but not before `floor`.
    pub(super) fn blank_above(&self, start: usize, floor: usize) -> usize {
        let mut top = start;
        while floor < top {
            let before = self.start(top - 1);
            if before < floor || self.line(before) != Line::Blank {
                break;
            }
            top = before;
        }
        top
    }

    /// Where the blank lines from a line on end.
    pub(super) fn blank_below(&self, start: usize) -> usize {
        let mut bottom = start;
        while bottom < self.text.len() && self.line(bottom) == Line::Blank {
            bottom = self.next(bottom);
        }
        bottom
    }
}

/// Lines that began in one column, moved to another one.
pub(super) fn moved(text: &str, from: usize, to: usize) -> String {
    let mut moved = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let is_empty = line.trim_end_matches(['\r', '\n']).is_empty();
        let indentation = line.len() - line.trim_start_matches(' ').len();
        let surplus = from.saturating_sub(to).min(indentation);
        if !is_empty {
            moved.extend(std::iter::repeat_n(' ', to.saturating_sub(from)));
        }
        moved.push_str(line.get(surplus..).unwrap_or_default());
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_belong_to_the_node_below_them_or_to_the_one_that_they_are_indented_under() {
        let text = "list:\n# one\n# more\n- a: 1 # here\n  # of a\n\n   # and this\n\n# two\n- b: 2\n";
        let lines = Lines { text };
        let dash = text.find("- a").unwrap();
        assert_eq!(lines.above(dash, 0, lines.next(0)), lines.next(0));
        let bottom = lines.below(text.find("1 # here").unwrap() + 1, 0).unwrap();
        assert!(text[bottom..].starts_with("\n# two"), "{:?}", &text[bottom..]);
        let dash = text.find("- b").unwrap();
        assert!(text[lines.above(dash, 0, bottom)..].starts_with("# two"));
        assert!(text[lines.blank_above(lines.above(dash, 0, bottom), 0)..].starts_with("\n# two"));
    }

    #[test]
    fn lines_move_sideways() {
        assert_eq!(
            moved("  - a: |\n      x\n\n    # c\n\t# tab\n", 2, 4),
            "    - a: |\n        x\n\n      # c\n  \t# tab\n"
        );
        assert_eq!(moved("    - a\r\n \r\n  # c\r\n", 4, 0), "- a\r\n\r\n# c\r\n");
    }
}
