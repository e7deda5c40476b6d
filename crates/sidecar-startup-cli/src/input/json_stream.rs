//! Reads JSON that is too large to be anything but a list: the items one by one, so that memory does not grow with the list.
//!
//! Items are cut out by their brackets and quotes, and then read from their text: to read them from the stream takes twice as long.

use std::io::{self, BufRead};

use manifest::Position;
use serde_json::{Map, Value};

use super::found::{Found, Sink, Unreadable};
use super::json_list::{START, advance, error, read_item, unreadable};
use crate::object::Head;

/// Reads a stream of JSON values, the items of each list one by one.
pub(super) fn read(reader: impl BufRead, sink: Sink<'_>) -> anyhow::Result<()> {
    let mut stream = Stream { reader, position: START, text: Vec::new() };
    loop {
        let read = match stream.peek() {
            Ok(None) => return Ok(()),
            Ok(Some(_)) => stream.list(sink),
            Err(error) => Err(error.into()),
        };
        match read {
            Ok(()) => {}
            Err(Stop::Unreadable(unreadable)) => return sink(Found::Unreadable(unreadable)),
            Err(Stop::Sink(error)) => return Err(error),
        }
    }
}

/// Why reading ends.
enum Stop {
    /// What follows cannot be read.
    Unreadable(Unreadable),
    /// An error of the sink.
    Sink(anyhow::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(Unreadable::whole(format!("cannot be read: {error}")))
    }
}

/// A stream of JSON.
struct Stream<R> {
    reader: R,
    /// Where the next byte is.
    position: Position,
    /// The last value.
    text: Vec<u8>,
}

impl<R: BufRead> Stream<R> {
    /// Reads an object. It must have items.
    fn list(&mut self, sink: Sink<'_>) -> Result<(), Stop> {
        let mut fields = Map::new();
        // Items without a kind, until the kind of the list is known; kubectl writes it after them.
        let mut waiting = Vec::new();
        let mut has_items = false;
        self.take(b"{")?;
        let mut separators: &[u8] = b"}";
        while self.goes_on(&mut separators)? {
            let key = self.small()?;
            self.take(b":")?;
            match key.as_str() {
                Some(key @ ("apiVersion" | "kind")) => {
                    fields.insert(key.to_owned(), self.small()?);
                }
                Some("items") if self.peek()? == Some(b'[') => {
                    has_items = true;
                    let list = Head::of_value(&fields.clone().into()).unwrap_or_default();
                    self.items(&list, &mut waiting, sink)?;
                }
                _ => self.value(false)?,
            }
        }
        let list = Head::of_value(&fields.into()).unwrap_or_default();
        if !has_items {
            let reason = format!("a {} of more than 8 MiB, which no cluster holds", list.kind());
            return sink(Found::Unreadable(Unreadable::whole(reason))).map_err(Stop::Sink);
        }
        waiting
            .into_iter()
            .try_for_each(|(text, start)| read_item((&text, None), start, &list, sink))
            .map_err(Stop::Sink)
    }

    fn items(
        &mut self,
        list: &Head,
        waiting: &mut Vec<(String, Position)>,
        sink: Sink<'_>,
    ) -> Result<(), Stop> {
        self.take(b"[")?;
        let mut separators: &[u8] = b"]";
        while self.goes_on(&mut separators)? {
            self.peek()?;
            let start = self.position;
            self.value(true)?;
            let Ok(text) = std::str::from_utf8(&self.text) else {
                let reason = "is not UTF-8".to_owned();
                let unreadable = Unreadable { position: Some(start), reason, line: None };
                sink(Found::Unreadable(unreadable)).map_err(Stop::Sink)?;
                continue;
            };
            let head = Head::of_json(text);
            let read = if let (None, Some(error)) = (&head, error(text)) {
                sink(Found::Unreadable(below(start, unreadable(&error, text))))
            } else if list.kind().is_empty() && !head.as_ref().is_some_and(Head::is_complete) {
                waiting.push((text.to_owned(), start));
                Ok(())
            } else {
                read_item((text, head), start, list, sink)
            };
            read.map_err(Stop::Sink)?;
        }
        Ok(())
    }

    /// Whether another value follows. Takes what separates it from the one before: one of two bytes, of which the first is the bracket
    /// that ends the list or object; before the first value, only that may follow.
    fn goes_on(&mut self, separators: &mut &'static [u8]) -> Result<bool, Stop> {
        let bracket = *separators.first().unwrap_or(&b'}');
        let next = self.peek()?;
        if separators.len() == 1 && next != Some(bracket) {
            *separators = if bracket == b'}' { b"}," } else { b"]," };
            return Ok(true);
        }
        Ok(self.take(separators)? != bracket)
    }

    /// Reads a value that is small, such as a key.
    fn small(&mut self) -> Result<Value, Stop> {
        self.value(true)?;
        serde_json::from_slice(&self.text).map_err(|_| self.wrong("expected a value"))
    }

    /// Takes a value into `text`, or passes over it.
    fn value(&mut self, keeps: bool) -> Result<(), Stop> {
        self.peek()?;
        let start = self.position;
        self.text.clear();
        let mut scan = Scan::default();
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Err(self.wrong("it ends within a value"));
            }
            let end = buffer.iter().position(|byte| scan.ends_before(*byte));
            let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
            if keeps {
                self.text.extend_from_slice(part);
            }
            advance(&mut self.position, part);
            let length = part.len();
            self.reader.consume(length);
            if end.is_some() {
                return if self.position == start { Err(self.wrong("expected a value")) } else { Ok(()) };
            }
        }
    }

    /// The next byte that is not blank, which stays; none at the end.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            let buffer = self.reader.fill_buf()?;
            let blanks = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let next = buffer.get(blanks).copied();
            let is_end = buffer.is_empty();
            advance(&mut self.position, buffer.get(..blanks).unwrap_or_default());
            self.reader.consume(blanks);
            if next.is_some() || is_end {
                return Ok(next);
            }
        }
    }

    /// Takes one of these bytes, after blanks.
    fn take(&mut self, expected: &[u8]) -> Result<u8, Stop> {
        match self.peek()? {
            Some(byte) if expected.contains(&byte) => {
                self.reader.consume(1);
                self.position.column += 1;
                Ok(byte)
            }
            _ => Err(self
                .wrong(&format!("expected `{}`", String::from_utf8_lossy(expected).replace(',', "` or `,")))),
        }
    }

    /// What is wrong at the next byte.
    fn wrong(&self, what: &str) -> Stop {
        let reason = format!("not JSON: {what}");
        Stop::Unreadable(Unreadable { position: Some(self.position), reason, line: None })
    }
}

/// The same in a text that begins at a position.
fn below(start: Position, unreadable: Unreadable) -> Unreadable {
    let position = unreadable.position.map(|Position { line, column }| Position {
        line: line + start.line - 1,
        column: if line == 1 { column + start.column - 1 } else { column },
    });
    Unreadable { position, line: None, ..unreadable }
}

/// Finds the end of a value.
#[derive(Default)]
struct Scan {
    /// The brackets that are open.
    depth: usize,
    in_text: bool,
    /// Whether a backslash came before.
    is_escaped: bool,
}

impl Scan {
    /// Whether the value ends before this byte.
    fn ends_before(&mut self, byte: u8) -> bool {
        if self.in_text {
            self.in_text = self.is_escaped || byte != b'"';
            self.is_escaped = !self.is_escaped && byte == b'\\';
            return false;
        }
        match byte {
            b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' if self.depth == 0 => return true,
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests;
