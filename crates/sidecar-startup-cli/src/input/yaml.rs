//! Reads the objects of a stream of YAML documents.

use std::io::{self, BufRead};
use std::num::NonZero;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::{iter, thread};

use manifest::stream::{Documents, Part};
use manifest::{Document, Position};
use serde_json::Value;

use super::found::{Found, NO_OBJECT, Sink, Unreadable, is_list_of_others};
use crate::object::{Head, Object};

/// From this many bytes on, documents are read while the ones before are judged.
const LONG: usize = 256 << 10;

/// How many documents each thread may read ahead.
const AHEAD: usize = 8;

/// As many threads keep up with the one that judges.
const MOST_THREADS: usize = 4;

/// Reads the objects of a stream, document by document.
pub(super) fn read(reader: impl BufRead + Send + 'static, sink: Sink<'_>) -> anyhow::Result<()> {
    let mut documents = Documents::new(reader);
    let mut bytes = 0;
    while bytes < LONG {
        let Some(part) = documents.next() else { return Ok(()) };
        bytes += part.as_ref().map_or(LONG, |part| part.bytes.len());
        give(part.map(Parsed::of), sink)?;
    }
    let threads = thread::available_parallelism().map_or(1, NonZero::get).clamp(1, MOST_THREADS);
    let (parts, parsed): (Vec<_>, Vec<_>) = iter::repeat_with(parser).take(threads).unzip();
    // All threads end with the stream, or when nobody takes what they send. Nobody waits for them: the input may block them.
    thread::spawn(move || {
        for (part, parser) in documents.zip(parts.iter().cycle()) {
            if parser.send(part).is_err() {
                break;
            }
        }
    });
    // In the order in which they were dealt out.
    for parsed in parsed.iter().cycle() {
        let Ok(part) = parsed.recv() else { break };
        give(part, sink)?;
    }
    Ok(())
}

/// A thread that parses what it is sent: where to send it, and where it comes out.
fn parser() -> (SyncSender<io::Result<Part>>, Receiver<io::Result<Parsed>>) {
    let (parts, taken) = mpsc::sync_channel::<io::Result<Part>>(AHEAD);
    let (sender, parsed) = mpsc::sync_channel(AHEAD);
    thread::spawn(move || {
        for part in taken {
            if sender.send(part.map(Parsed::of)).is_err() {
                break;
            }
        }
    });
    (parts, parsed)
}

/// A document, and its JSON if it is plain.
struct Parsed {
    part: Part,
    json: Option<String>,
}

impl Parsed {
    fn of(part: Part) -> Self {
        let json = std::str::from_utf8(&part.bytes).ok().and_then(manifest::plain_json);
        Self { part, json }
    }
}

fn give(parsed: io::Result<Parsed>, sink: Sink<'_>) -> anyhow::Result<()> {
    let Parsed { part, json } = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            return sink(Found::Unreadable(Unreadable::whole(format!("cannot be read: {error}"))));
        }
    };
    let text = match text_of(&part.bytes) {
        Ok(text) => text,
        Err((line, reason)) => {
            let position = Position { line: line + part.line - 1, column: 1 };
            return sink(Found::Unreadable(Unreadable { position: Some(position), reason, line: None }));
        }
    };
    let plain = json.and_then(|json| Head::of_json(&json).map(|head| (json, head)));
    if let Some((json, head)) = plain.filter(|(_, head)| head.item_kind().is_none()) {
        return sink(if head.is_complete() {
            Found::Object(Object::of_plain_yaml((text, part.line), json, head))
        } else {
            Found::Fragment
        });
    }
    match manifest::parse(text) {
        Ok(documents) => {
            documents.iter().try_for_each(|document| read_document((document, text, part.line), sink))
        }
        Err(manifest::Error { position, message }) => {
            let reason = not_yaml(text, position, &message);
            sink(unreadable((text, part.line), position, reason))
        }
    }
}

/// Reads the objects of a document, of whose text the first line has this number in the file.
pub(crate) fn read_document(
    (document, text, line): (&Document, &str, usize),
    sink: Sink<'_>,
) -> anyhow::Result<()> {
    Source { document, text, line }.read(String::new(), &document.value, None, sink)
}

/// The text of a document, or the line from which on it is none.
fn text_of(bytes: &[u8]) -> Result<&str, (usize, String)> {
    let line_at = |offset: usize| 1 + bytes.iter().take(offset).filter(|byte| **byte == b'\n').count();
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        return Err((line_at(offset), "contains a NUL byte, so it is not a text file".to_owned()));
    }
    std::str::from_utf8(bytes).map_err(|error| (line_at(error.valid_up_to()), "is not UTF-8".to_owned()))
}

/// Why a text is not YAML; the parser's message alone helps nobody with a template.
pub(crate) fn not_yaml(text: &str, position: Position, message: &str) -> String {
    let line = position.line.checked_sub(1).and_then(|line| text.lines().nth(line)).unwrap_or_default();
    let hint = if line.contains("{{") || line.contains("${") {
        "; this looks like a template: check what it renders, such as the output of helm template"
    } else {
        ""
    };
    format!("not YAML: {message}{hint}")
}

/// What cannot be read at a position in a text, which begins at a line of the file.
fn unreadable((text, first): (&str, usize), position: Position, reason: String) -> Found<'static> {
    // Whatever is wrong with a Secret, its lines are not shown.
    let shown = if text.contains("kind: Secret") { "" } else { text };
    let line = position.line.checked_sub(1).and_then(|line| shown.lines().nth(line)).map(str::to_owned);
    let position = Position { line: position.line + first - 1, ..position };
    Found::Unreadable(Unreadable { position: Some(position), reason, line })
}

/// A document, its text, and the number of its first line.
#[derive(Clone, Copy)]
struct Source<'a> {
    document: &'a Document,
    text: &'a str,
    line: usize,
}

impl Source<'_> {
    fn read(self, pointer: String, value: &Value, list: Option<&Head>, sink: Sink<'_>) -> anyhow::Result<()> {
        let Some(head) = Head::of_value(value) else {
            if list.is_none() && is_list_of_others(value) {
                return sink(Found::Fragment);
            }
            let position = self.document.position(&pointer);
            return sink(unreadable((self.text, self.line), position, NO_OBJECT.to_owned()));
        };
        let head = if let Some(list) = list { head.in_list(list) } else { head };
        if !head.is_complete() {
            return sink(Found::Fragment);
        }
        if let (Some(_), Some(items)) = (head.item_kind(), value.get("items").and_then(Value::as_array)) {
            return items.iter().enumerate().try_for_each(|(index, item)| {
                self.read(format!("{pointer}/items/{index}"), item, Some(&head), sink)
            });
        }
        let source = (self.document, self.text, self.line);
        sink(Found::Object(Object::of_yaml(source, pointer, value, head)))
    }
}
