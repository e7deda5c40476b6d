//! A mapping in YAML, as far as it takes to find one entry at its top level.
//!
//! Nested entries, quoted text and block scalars are passed over as libyaml does, from which Istio's parser was ported
//! (`go.yaml.in/yaml/v2/scannerc.go`). What is too unusual to be passed over safely makes the whole text unreadable.

mod scanner;

use std::ops::Range;

use self::scanner::Scanner;

/// A mapping in YAML or JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mapping {
    /// Where its entries begin.
    pub(super) start: Start,
    /// The text of the value that was looked for, with its quotes if it has any.
    pub(super) value: Option<Range<usize>>,
}

/// Where the entries of a mapping begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// There are none: the text has no content.
    Empty,
    /// After the opening brace of a mapping in flow style.
    Flow(usize),
    /// A line of a mapping in block style, and its indentation in spaces.
    Block(usize, usize),
}

impl Mapping {
    /// Reads a mapping and looks for an entry with one of these keys. `None` if the text is not a mapping, has the entry twice, or
    /// is written in a way that is not understood.
    pub(super) fn read(text: &str, keys: &[&str]) -> Option<Self> {
        let mut scanner = Scanner { text, at: 0, value: None, scalar: None };
        scanner.header();
        let line = scanner.at;
        scanner.skip(|c| c == ' ');
        let indentation = scanner.at - line;
        match scanner.peek() {
            None => Some(Self { start: Start::Empty, value: None }),
            Some('{') => {
                scanner.flow(keys)?;
                let start = Start::Flow(line + indentation + 1);
                scanner.is_at_end().then_some(Self { start, value: scanner.value })
            }
            Some(_) => {
                scanner.at = line;
                scanner.block(indentation, keys)?;
                Some(Self { start: Start::Block(line, indentation), value: scanner.value })
            }
        }
    }
}

impl<'t> Scanner<'t> {
    /// Passes over empty lines, comments and marks of the document's start.
    fn header(&mut self) {
        while !self.rest().is_empty() {
            let line = self.line();
            let is_mark = line.split(" #").next().unwrap_or_default().trim_end() == "---";
            let content = line.trim();
            if !(is_mark || content.is_empty() || content.starts_with('#') || line.starts_with('%')) {
                return;
            }
            self.skip_line();
        }
    }

    /// Whether only comments follow, or another document, which nobody reads.
    fn is_at_end(&mut self) -> bool {
        loop {
            self.skip(char::is_whitespace);
            match self.peek() {
                None => return true,
                Some('#') => self.skip_line(),
                Some(_) => return self.column(self.at) == 0 && is_document_mark(self.line()),
            }
        }
    }

    /// Passes over a mapping in block style whose entries have this indentation, and finds the value of the entry with one of these
    /// keys.
    fn block(&mut self, indentation: usize, keys: &[&str]) -> Option<()> {
        let mut is_wanted = false;
        let first = self.at;
        while !self.rest().is_empty() {
            let line = self.line();
            let content = line.trim_start_matches(' ');
            let column = line.len() - content.len();
            self.scalar = self.scalar.filter(|parent| content.is_empty() || *parent < column);
            if self.scalar.is_some() || content.trim().is_empty() || content.starts_with('#') {
                self.skip_line();
                continue;
            }
            if is_document_mark(line) {
                break;
            }
            if column < indentation || content.starts_with('\t') {
                return None;
            }
            let is_item = content.starts_with("- ") || content == "-";
            let is_entry = column == indentation && (!is_item || self.at == first);
            self.at += column;
            if is_entry {
                is_wanted = keys.contains(&self.key()?);
                if is_wanted {
                    let value = self.value_ahead()?;
                    if self.value.replace(value).is_some() {
                        return None;
                    }
                }
            } else if is_wanted {
                return None;
            }
            self.line_end(column)?;
            self.skip_line();
        }
        Some(())
    }

    /// Passes over a key and its colon.
    fn key(&mut self) -> Option<&'t str> {
        let key = match self.peek()? {
            '"' | '\'' => self.quoted()?,
            '&' | '!' | '*' | '?' | '[' | ']' | '{' | '}' | ',' | '|' | '>' | '@' | '`' | '%' => return None,
            '-' if self.is_alone() => return None,
            _ => self.plain(false)?,
        };
        self.skip(|c| c == ' ');
        (self.peek()? == ':' && self.is_alone()).then_some(())?;
        self.at += 1;
        Some(key)
    }

    /// Where the value is that follows in the same line.
    fn value_ahead(&self) -> Option<Range<usize>> {
        let mut ahead = Self { text: self.text, at: self.at, value: None, scalar: None };
        loop {
            ahead.skip(|c| matches!(c, ' ' | '\t'));
            let at = ahead.at;
            match ahead.peek()? {
                '&' | '!' => ahead.property(false),
                '"' | '\'' => {
                    ahead.quoted()?;
                    return Some(at..ahead.at);
                }
                // Whether it is a boolean is checked later.
                _ => {
                    ahead.plain(false)?;
                    return Some(at..ahead.at);
                }
            }
        }
    }

    /// Passes over the rest of a line, and further lines if a quoted text or a collection in flow style does not end in it. `column` is
    /// that of the line's content.
    fn line_end(&mut self, column: usize) -> Option<()> {
        let mut parent = column;
        let mut last = column;
        loop {
            self.skip(|c| matches!(c, ' ' | '\t' | '\r'));
            let at = self.at;
            let Some(c) = self.peek() else { return Some(()) };
            match c {
                '\n' | '#' => return Some(()),
                '"' | '\'' => _ = self.quoted()?,
                '{' | '[' => self.flow(&[])?,
                '|' | '>' => {
                    let header = self.line().split(" #").next().unwrap_or_default().trim_end();
                    let indicators = header.trim_start_matches(['|', '>']);
                    let is_header = indicators.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-'));
                    self.scalar = Some(parent);
                    return is_header.then_some(());
                }
                '&' | '!' | '*' => self.property(false),
                '-' | '?' if self.is_alone() => {
                    parent = self.column(at);
                    self.at += 1;
                }
                ':' if self.is_alone() => {
                    parent = last;
                    self.at += 1;
                }
                '}' | ']' | ',' | '@' | '`' | '%' => return None,
                _ => _ = self.plain(false)?,
            }
            last = self.column(at);
        }
    }
}

/// Whether a line ends a document or begins another one.
fn is_document_mark(line: &str) -> bool {
    let rest = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
    rest.is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace))
}
