//! Reads the objects of JSON.

use manifest::Position;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::found::{Found, NO_OBJECT, Sink, Unreadable, is_list_of_others};
use crate::object::{Head, Object};

/// Why a text is not JSON, that is, any number of values; none if it is.
pub(super) fn error(text: &str) -> Option<serde_json::Error> {
    serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>().find_map(Result::err)
}

/// What is said about a text that is not JSON.
pub(super) fn unreadable(error: &serde_json::Error, text: &str) -> Unreadable {
    let position = Position { line: error.line(), column: error.column().max(1) };
    let line = position.line.checked_sub(1).and_then(|line| text.lines().nth(line)).map(str::to_owned);
    Unreadable { position: Some(position), reason: format!("not JSON: {}", without_place(error)), line }
}

/// Reads the values in a JSON text.
pub(super) fn read_text(text: &str, sink: Sink<'_>) -> anyhow::Result<()> {
    let mut cursor = Cursor { text, offset: 0, position: START, depth: 0 };
    for value in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        read_value((value?.get(), None), None, &mut cursor, sink)?;
    }
    Ok(())
}

pub(super) const START: Position = Position { line: 1, column: 1 };

/// Finds the positions of parts of a text, from first to last.
struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    position: Position,
    /// How many lists enclose what is read.
    depth: usize,
}

/// How deep lists may be nested: each level is read once more.
const MAX_DEPTH: usize = 32;

impl<'a> Cursor<'a> {
    /// The position of a part of the text.
    fn position_of(&mut self, part: &'a str) -> Position {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        advance(&mut self.position, self.text.as_bytes().get(self.offset..offset).unwrap_or_default());
        self.offset = self.offset.max(offset);
        self.position
    }
}

/// Moves a position past bytes of a text.
pub(super) fn advance(position: &mut Position, bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
    let last = bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    // Continuation bytes of UTF-8 belong to the character before.
    let columns = last.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
    position.column = if lines == 0 { position.column + columns } else { 1 + columns };
    position.line += lines;
}

/// The items of a list.
#[derive(Deserialize)]
struct Items<'a> {
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

fn read_value<'a>(
    (text, head): (&'a str, Option<Head>),
    list: Option<&Head>,
    cursor: &mut Cursor<'a>,
    sink: Sink<'_>,
) -> anyhow::Result<()> {
    let position = cursor.position_of(text);
    let Some(own) = head.or_else(|| Head::of_json(text)) else {
        if list.is_none() && serde_json::from_str(text).is_ok_and(|value| is_list_of_others(&value)) {
            return sink(Found::Fragment);
        }
        let reason = NO_OBJECT.to_owned();
        return sink(Found::Unreadable(Unreadable { position: Some(position), reason, line: None }));
    };
    let says_its_kind = own.is_complete();
    let head = if let Some(list) = list { own.in_list(list) } else { own };
    if !head.is_complete() {
        return sink(Found::Fragment);
    }
    let items = head.item_kind().and_then(|_| serde_json::from_str::<Items<'_>>(text).ok()?.items);
    let Some(items) = items else {
        return sink(Found::Object(Object::of_json(text, position, head, says_its_kind)));
    };
    if cursor.depth == MAX_DEPTH {
        let reason = format!("expected an object, but found a list in {MAX_DEPTH} others");
        return sink(Found::Unreadable(Unreadable { position: Some(position), reason, line: None }));
    }
    cursor.depth += 1;
    items.into_iter().try_for_each(|item| read_value((item.get(), None), Some(&head), cursor, sink))?;
    cursor.depth -= 1;
    Ok(())
}

/// Reads an item of a list, whose text begins at `start`.
pub(super) fn read_item(
    (text, head): (&str, Option<Head>),
    start: Position,
    list: &Head,
    sink: Sink<'_>,
) -> anyhow::Result<()> {
    read_value((text, head), Some(list), &mut Cursor { text, offset: 0, position: start, depth: 1 }, sink)
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text).to_owned()
}
