//! Replacements in a text.

/// A replacement of a part of a text.
#[derive(Debug)]
pub(super) struct Splice {
    start: usize,
    end: usize,
    text: String,
    /// Whether the new text is whole lines, which must begin on a line of their own.
    is_lines: bool,
}

impl Splice {
    /// Replaces a part of the text.
    pub(super) const fn replace(start: usize, end: usize, text: String) -> Self {
        Self { start, end, text, is_lines: false }
    }

    /// Inserts whole lines, with `\n` at the end of each, before a line.
    pub(super) const fn lines(at: usize, text: String) -> Self {
        Self { start: at, end: at, text, is_lines: true }
    }
}

/// The part `start..end` of a text with the splices in it; none if two of them change the same place.
pub(super) fn apply(text: &str, start: usize, end: usize, splices: Vec<Splice>) -> Option<String> {
    let newline = newline(text);
    let mut splices = splices;
    splices.sort_by_key(|splice| (splice.start, splice.end));
    let mut result = String::with_capacity(end - start);
    let mut at = start;
    for splice in splices {
        if splice.start < at {
            return None;
        }
        result.push_str(text.get(at..splice.start)?);
        // At the end of a text without a final newline.
        if splice.is_lines && !result.is_empty() && !result.ends_with('\n') {
            result.push_str(newline);
        }
        if newline == "\n" {
            result.push_str(&splice.text);
        } else {
            // What is moved has its line ends already.
            result.push_str(&splice.text.replace("\r\n", "\n").replace('\n', newline));
        }
        at = splice.end;
    }
    result.push_str(text.get(at..end)?);
    if end == text.len() && !text.ends_with('\n') && result.ends_with('\n') {
        result.truncate(
            result.trim_end_matches('\n').trim_end_matches('\r').len().max(result.len() - newline.len()),
        );
    }
    Some(result)
}

/// How the lines of a text end.
fn newline(text: &str) -> &'static str {
    let first = text.find('\n').and_then(|end| text.get(..end));
    if first.is_some_and(|line| line.ends_with('\r')) { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splices_replace_and_insert() {
        let text = "a\nb\nc";
        let splices = vec![Splice::lines(5, "d\n".to_owned()), Splice::replace(2, 3, "B".to_owned())];
        assert_eq!(apply(text, 0, 5, splices).unwrap(), "a\nB\nc\nd");
        let splices = vec![Splice::replace(4, 5, String::new()), Splice::lines(5, "d\ne\n".to_owned())];
        assert_eq!(apply(text, 0, 5, splices).unwrap(), "a\nb\nd\ne");
        assert_eq!(
            apply("a\r\nb\r\n", 0, 6, vec![Splice::lines(3, "x\n".to_owned())]).unwrap(),
            "a\r\nx\r\nb\r\n"
        );
        let splices = vec![Splice::replace(0, 2, String::new()), Splice::replace(1, 3, String::new())];
        assert_eq!(apply(text, 0, 5, splices), None);
    }
}
