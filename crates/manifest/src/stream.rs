//! Splits a stream into documents while it is read, so that memory is bounded by the largest document.
//!
//! In YAML, a line that begins with `---` or `...` is always a marker: the text of block scalars is indented, and a quoted string must
//! not have such a line (YAML 1.2.2, production `c-forbidden`).

use std::io::{self, BufRead};
use std::mem;

/// The text of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its bytes, with the marker before it.
    pub bytes: Vec<u8>,
    /// The number of its first line in the stream, from 1.
    pub line: usize,
}

/// The documents of a stream of YAML, without those that hold nothing but blanks and comments.
#[derive(Debug)]
pub struct Documents<R> {
    reader: R,
    /// The part that is being read.
    part: Part,
    /// The lines read so far.
    lines: usize,
    has_content: bool,
    has_directive: bool,
    /// Nothing follows an error.
    has_failed: bool,
}

/// What a line means for the split.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    Blank,
    Directive,
    Content,
    /// `---`, and whether content follows on its line.
    Start(bool),
    /// `...`
    End,
}

impl<R: BufRead> Documents<R> {
    /// Splits what `reader` gives.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            part: Part { bytes: Vec::new(), line: 1 },
            lines: 0,
            has_content: false,
            has_directive: false,
            has_failed: false,
        }
    }

    /// Reads up to the end of a document; none at the end of the stream.
    fn read_part(&mut self) -> io::Result<Option<Part>> {
        loop {
            let before = self.part.bytes.len();
            if self.reader.read_until(b'\n', &mut self.part.bytes)? == 0 {
                return Ok(self.has_content.then(|| self.finish(Vec::new())));
            }
            self.lines += 1;
            if self.lines == 1 && self.part.bytes.starts_with(b"\xef\xbb\xbf") {
                self.part.bytes.drain(..3);
            }
            match kind(self.part.bytes.get(before..).unwrap_or_default()) {
                Line::Blank => {}
                Line::Directive => self.has_directive |= !self.has_content,
                Line::Content => self.has_content = true,
                Line::Start(_) if !self.has_content && self.has_directive => self.has_directive = false,
                Line::Start(opens) => {
                    let marker = self.part.bytes.split_off(before);
                    let is_complete = self.has_content;
                    let part = self.finish(marker);
                    self.has_content = opens;
                    if is_complete {
                        return Ok(Some(part));
                    }
                }
                Line::End => {
                    let is_complete = self.has_content;
                    let part = self.finish(Vec::new());
                    self.part.line = self.lines + 1;
                    if is_complete {
                        return Ok(Some(part));
                    }
                }
            }
        }
    }

    /// Takes the part that is complete. The next one begins with `marker`, the last line that was read.
    fn finish(&mut self, marker: Vec<u8>) -> Part {
        self.has_content = false;
        self.has_directive = false;
        mem::replace(&mut self.part, Part { bytes: marker, line: self.lines })
    }
}

impl<R: BufRead> Iterator for Documents<R> {
    type Item = io::Result<Part>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let part = self.read_part();
        self.has_failed = part.is_err();
        part.transpose()
    }
}

/// Whether a text has a line that begins a document.
#[must_use]
pub fn has_marker(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').any(|line| matches!(kind(line), Line::Start(_)))
}

fn kind(line: &[u8]) -> Line {
    let after = |marker: &[u8]| {
        let rest = line.strip_prefix(marker)?;
        rest.first().is_none_or(u8::is_ascii_whitespace).then(|| rest.trim_ascii())
    };
    // A carriage return ends a comment, too, and what follows may be content.
    let is_content = |text: &[u8]| text.first().is_some_and(|first| *first != b'#') || text.contains(&b'\r');
    match line.first() {
        Some(b'%') => Line::Directive,
        Some(b'-') if let Some(rest) = after(b"---") => Line::Start(is_content(rest)),
        Some(b'.') if after(b"...").is_some() => Line::End,
        _ if is_content(line.trim_ascii()) => Line::Content,
        _ => Line::Blank,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(usize, String)> {
        let parts = Documents::new(text.as_bytes()).map(Result::unwrap);
        parts.map(|part| (part.line, String::from_utf8(part.bytes).unwrap())).collect()
    }

    #[test]
    fn a_carriage_return_ends_a_comment() {
        assert_eq!(split("# x\ra: 1\n"), [(1, "# x\ra: 1\n".into())]);
        assert_eq!(split("# x\r\n"), []);
    }

    #[test]
    fn splits_at_markers() {
        assert_eq!(split("a: 1\n---\nb: 2\n"), [(1, "a: 1\n".into()), (2, "---\nb: 2\n".into())]);
        assert_eq!(split("# x\n---\n\n---\r\na: 1\n---"), [(4, "---\r\na: 1\n".into())]);
        assert_eq!(
            split("--- {a: 1}\n--- # y\nb: 2"),
            [(1, "--- {a: 1}\n".into()), (2, "--- # y\nb: 2".into())]
        );
        assert_eq!(split(""), []);
    }

    #[test]
    fn what_is_no_marker_stays() {
        let text = "a: |\n  ---\n  ...\nb: ---x\n----: c\n";
        assert_eq!(split(text), [(1, text.into())]);
    }

    #[test]
    fn directives_belong_to_what_follows() {
        let text = "%YAML 1.1\n---\na: 1\n";
        assert_eq!(split(text), [(1, text.into())]);
        assert_eq!(split("a: 1\n...\nb: 2\n"), [(1, "a: 1\n...\n".into()), (3, "b: 2\n".into())]);
    }

    #[test]
    fn an_error_is_the_end() {
        struct Failing;
        impl io::Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let documents: Vec<_> = Documents::new(io::BufReader::new(Failing)).collect();
        assert!(matches!(documents.as_slice(), [Err(_)]));
    }

    #[test]
    fn a_byte_order_mark_is_dropped() {
        assert_eq!(split("\u{feff}a: 1\n"), [(1, "a: 1\n".into())]);
    }
}
