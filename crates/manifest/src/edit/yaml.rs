//! Reads the nodes of YAML documents.
//!
//! The parser's events say which nodes there are. Its spans leave out what an edit has to know (dashes, anchors, the head of a block
//! scalar) and take in what it must not touch (comments after a quoted scalar), so the text between the events is walked through, too.

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use super::obstacle::Obstacle;
use super::tree::{Entry, Item, Kind, List, Map, Node};
use crate::position::MAX_DEPTH;
use crate::scalar;

/// The roots of all documents in a text, without the empty ones.
///
/// # Errors
/// The text is not YAML, or is written in a way that is not edited.
pub(super) fn roots(text: &str) -> Result<Vec<Node>, Obstacle> {
    let mut builder = Builder { text, parser: Parser::new_from_str(text), at: 0, known: (0, 0) };
    let mut roots = Vec::new();
    if text.starts_with('\u{feff}') {
        builder.at = '\u{feff}'.len_utf8();
    }
    loop {
        match builder.next()? {
            (Event::DocumentStart(is_explicit), _) => {
                builder.skip_trivia();
                while builder.rest().starts_with('%') {
                    builder.skip_line();
                    builder.skip_trivia();
                }
                if is_explicit {
                    builder.expect("---")?;
                }
                let event = builder.next()?;
                let root = builder.node(event, false, 0)?;
                if !is_null(text, &root) {
                    roots.push(root);
                }
            }
            (Event::DocumentEnd, _) => {
                // Its span may be that of the next document's marker.
                builder.skip_trivia();
                if builder.rest().starts_with("...") {
                    builder.expect("...")?;
                }
            }
            (Event::StreamEnd, _) => return Ok(roots),
            _ => {}
        }
    }
}

fn is_null(text: &str, node: &Node) -> bool {
    match node.kind {
        Kind::Nothing => true,
        Kind::Scalar(ScalarStyle::Plain) => text
            .get(node.start..node.end)
            .is_some_and(|text| scalar::plain(text) == Ok(serde_json::Value::Null)),
        _ => false,
    }
}

type Step<'t> = (Event<'t>, Span);

struct Builder<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    /// How far the text has been walked through.
    at: usize,
    /// A place as a number of characters and of bytes: the parser counts characters.
    known: (usize, usize),
}

impl<'t> Builder<'t> {
    fn next(&mut self) -> Result<Step<'t>, Obstacle> {
        match self.parser.next_event() {
            Some(Ok(step)) => Ok(step),
            _ => Err(self.unclear()),
        }
    }

    fn unclear(&self) -> Obstacle {
        Obstacle::new(self.at, "this YAML is written in a way that cannot be edited")
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn expect(&mut self, token: &str) -> Result<(), Obstacle> {
        if !self.rest().starts_with(token) {
            return Err(self.unclear());
        }
        self.at += token.len();
        Ok(())
    }

    /// Skips white space and comments.
    fn skip_trivia(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            self.at += rest.len() - trimmed.len();
            let before = self.text.get(..self.at).unwrap_or_default();
            let may_be_comment =
                before.is_empty() || before.ends_with([' ', '\t', '\r', '\n', '\u{feff}', ',', '{', '[']);
            if !(may_be_comment && trimmed.starts_with('#')) {
                return;
            }
            self.skip_line();
        }
    }

    fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
    }

    /// Skips anchor and tag.
    fn skip_properties(&mut self) {
        loop {
            self.skip_trivia();
            let rest = self.rest();
            if !rest.starts_with(['&', '!']) {
                return;
            }
            let is_end = |c: char| c.is_whitespace() || ",[]{}".contains(c);
            self.at += rest.find(is_end).unwrap_or(rest.len());
        }
    }

    /// The place in bytes of a place in characters.
    fn bytes(&mut self, chars: usize) -> usize {
        let (known_chars, known_bytes) = if chars < self.known.0 { (0, 0) } else { self.known };
        let rest = self.text.get(known_bytes..).unwrap_or_default();
        let step = rest.char_indices().nth(chars - known_chars).map_or(rest.len(), |(bytes, _)| bytes);
        self.known = (chars, known_bytes + step);
        known_bytes + step
    }

    /// The node that an event begins.
    fn node(
        &mut self,
        (event, span): Step<'t>,
        nested_in_flow: bool,
        depth: usize,
    ) -> Result<Node, Obstacle> {
        if MAX_DEPTH < depth {
            return Err(self.unclear());
        }
        let floor = self.at;
        let (anchor, has_tag) = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(anchor, tag)
            | Event::MappingStart(anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        if anchor != 0 || has_tag {
            let before = self.at;
            self.skip_properties();
            if matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty()) {
                // Nothing follows; the next token is not its own.
                self.at = before + self.text.get(before..self.at).unwrap_or_default().trim_end().len();
            }
        }
        let (start, kind) = match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty() => (self.at, Kind::Nothing),
            Event::Scalar(_, style, ..) => {
                self.skip_trivia();
                let start = self.at;
                self.at = self.scalar_end(style, span)?;
                (start, Kind::Scalar(style))
            }
            Event::Alias(_) => {
                self.skip_trivia();
                let start = self.at;
                self.expect("*")?;
                self.at = self.bytes(span.end.index());
                (start, Kind::Alias)
            }
            Event::MappingStart(..) => {
                self.skip_trivia();
                let start = self.at;
                let is_flow = self.rest().starts_with('{') && span.end.index() != span.start.index();
                (start, Kind::Map(self.map(is_flow, nested_in_flow, depth)?))
            }
            Event::SequenceStart(..) => {
                self.skip_trivia();
                let start = self.at;
                let is_flow = self.rest().starts_with('[') && span.end.index() != span.start.index();
                (start, Kind::List(self.list(is_flow, depth)?))
            }
            _ => return Err(self.unclear()),
        };
        Ok(Node { floor, start, end: self.at, is_anchored: anchor != 0, kind })
    }

    fn scalar_end(&mut self, style: ScalarStyle, span: Span) -> Result<usize, Obstacle> {
        let rest = self.rest();
        let length = match style {
            ScalarStyle::Plain => return Ok(self.bytes(span.end.index()).max(self.at)),
            ScalarStyle::SingleQuoted => quoted(rest, '\'', |rest| rest.starts_with("''").then_some(2)),
            ScalarStyle::DoubleQuoted => quoted(rest, '"', |rest| {
                let escaped = rest.strip_prefix('\\')?.chars().next()?;
                Some(1 + escaped.len_utf8())
            }),
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let end = self.bytes(span.end.index());
                let whole = self.text.get(self.at..end).unwrap_or_default();
                let head = rest.lines().next().unwrap_or_default();
                let whole = if whole.len() < head.len() { head } else { whole };
                let keeps_blank_lines = head.split('#').next().is_some_and(|head| head.contains('+'));
                let text = if keeps_blank_lines {
                    let text = whole.trim_end_matches([' ', '\t']);
                    let text = text.strip_suffix('\n').unwrap_or(text);
                    text.strip_suffix('\r').unwrap_or(text)
                } else {
                    whole.trim_end()
                };
                Some(text.len())
            }
        };
        length.map(|length| self.at + length).ok_or_else(|| self.unclear())
    }

    fn map(&mut self, is_flow: bool, nested_in_flow: bool, depth: usize) -> Result<Map, Obstacle> {
        // `[a: b]`, a mapping without braces.
        if nested_in_flow && !is_flow {
            return Err(self.unclear());
        }
        let mut entries = Vec::new();
        if is_flow {
            self.expect("{")?;
        }
        loop {
            let event = self.next()?;
            if is_flow {
                self.skip_comma();
            }
            if matches!(event.0, Event::MappingEnd) {
                break;
            }
            let Event::Scalar(name, style, _, tag) = &event.0 else { return Err(self.unclear()) };
            let name = scalar::key(name, *style, tag.as_deref());
            self.skip_trivia();
            if self.rest().starts_with("? ") {
                return Err(self.unclear());
            }
            let key = self.node(event, is_flow, depth + 1)?;
            let after_key = self.at;
            self.skip_trivia();
            if self.rest().starts_with(':') {
                self.at += 1;
            } else if is_flow {
                self.at = after_key;
            } else {
                return Err(self.unclear());
            }
            let event = self.next()?;
            let value = self.node(event, is_flow, depth + 1)?;
            entries.push(Entry { name, key, value });
        }
        if is_flow {
            self.expect("}")?;
        }
        Ok(Map { is_flow, entries })
    }

    fn list(&mut self, is_flow: bool, depth: usize) -> Result<List, Obstacle> {
        let mut items = Vec::new();
        if is_flow {
            self.expect("[")?;
        }
        loop {
            let event = self.next()?;
            if is_flow {
                self.skip_comma();
            }
            if matches!(event.0, Event::SequenceEnd) {
                break;
            }
            let mut dash = self.at;
            if !is_flow {
                self.skip_trivia();
                dash = self.at;
                self.expect("-")?;
            }
            let node = self.node(event, is_flow, depth + 1)?;
            let dash = if is_flow { node.start } else { dash };
            items.push(Item { dash, node });
        }
        if is_flow {
            self.expect("]")?;
        }
        Ok(List { is_flow, items })
    }

    fn skip_comma(&mut self) {
        self.skip_trivia();
        if self.rest().starts_with(',') {
            self.at += 1;
            self.skip_trivia();
        }
    }
}

/// The length of a quoted scalar. `escape` is the length of an escape sequence at the start of a text, if there is one.
fn quoted(text: &str, quote: char, escape: impl Fn(&str) -> Option<usize>) -> Option<usize> {
    let mut rest = text.strip_prefix(quote)?;
    loop {
        let special = rest.find([quote, '\\'])?;
        rest = rest.get(special..)?;
        let skipped = match escape(rest) {
            Some(length) => length,
            None if rest.starts_with(quote) => return Some(text.len() - rest.len() + 1),
            None => 1,
        };
        rest = rest.get(skipped..)?;
    }
}
