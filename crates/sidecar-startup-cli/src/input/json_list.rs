//! Reads the objects of JSON. The items of a large list are read one by one, so that memory does not grow with the list.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use manifest::Position;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::found::{Found, NO_OBJECT, Sink, Unreadable};
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
    let mut cursor = Cursor { text, offset: 0, position: START };
    for value in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        read_value((value?.get(), None), None, &mut cursor, sink)?;
    }
    Ok(())
}

const START: Position = Position { line: 1, column: 1 };

/// Finds the positions of parts of a text, from first to last.
struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    position: Position,
}

impl<'a> Cursor<'a> {
    /// The position of a part of the text.
    fn position_of(&mut self, part: &'a str) -> Position {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        for char in self.text.get(self.offset..offset).unwrap_or_default().chars() {
            advance(&mut self.position, char == '\n');
        }
        self.offset = self.offset.max(offset);
        self.position
    }
}

fn advance(position: &mut Position, is_end_of_line: bool) {
    if is_end_of_line {
        *position = Position { line: position.line + 1, column: 1 };
    } else {
        position.column += 1;
    }
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
    items.into_iter().try_for_each(|item| read_value((item.get(), None), Some(&head), cursor, sink))
}

/// Reads a stream of JSON values, the items of each list one by one.
pub(super) fn read(reader: impl BufRead, sink: Sink<'_>) -> anyhow::Result<()> {
    let place = Rc::new(Cell::new(START));
    let mut failed = Ok(());
    let mut json = serde_json::Deserializer::from_reader(Tracked { reader, place: Rc::clone(&place) });
    while json.end().is_err() {
        let list = Large { place: &place, sink, failed: &mut failed };
        let outcome = list.deserialize(&mut json);
        failed?;
        if let Err(error) = outcome {
            return sink(Found::Unreadable(unreadable(&error, "")));
        }
        failed = Ok(());
    }
    Ok(())
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text).to_owned()
}

/// Counts lines and columns.
struct Tracked<R> {
    reader: R,
    /// Where the next byte is.
    place: Rc<Cell<Position>>,
}

impl<R: BufRead> Read for Tracked<R> {
    /// Gives single bytes, as `serde_json` asks for them, so that the place is that of its next byte.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (Some(byte), Some(place)) = (self.reader.fill_buf()?.first().copied(), buffer.first_mut()) else {
            return Ok(0);
        };
        self.reader.consume(1);
        *place = byte;
        // Continuation bytes of UTF-8 belong to the character before.
        if byte & 0xC0 != 0x80 {
            let mut position = self.place.get();
            advance(&mut position, byte == b'\n');
            self.place.set(position);
        }
        Ok(1)
    }
}

/// A value that is too large to be anything but a list.
struct Large<'s, 'f> {
    place: &'s Cell<Position>,
    sink: Sink<'s>,
    /// An error of the sink.
    failed: &'f mut anyhow::Result<()>,
}

impl<'de> DeserializeSeed<'de> for Large<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Large<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut list = serde_json::Map::new();
        // Items without a kind, until the kind of the list is known; kubectl writes it after them.
        let mut waiting = Vec::new();
        let mut has_items = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "apiVersion" | "kind" => {
                    list.insert(key, map.next_value()?);
                }
                "items" => {
                    has_items = true;
                    let head = Head::of_value(&list.clone().into()).unwrap_or_default();
                    let items = ItemsOf { list: &head, large: &mut self, waiting: &mut waiting };
                    map.next_value_seed(items)?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let head = Head::of_value(&list.into()).unwrap_or_default();
        if !has_items {
            return self.give(Found::Unreadable(Unreadable {
                position: None,
                reason: format!("a {} of more than 8 MiB, which no cluster holds", head.kind()),
                line: None,
            }));
        }
        for (text, position) in waiting {
            self.item((&text, None), position, &head)?;
        }
        Ok(())
    }
}

impl Large<'_, '_> {
    fn give<E: serde::de::Error>(&mut self, found: Found<'_>) -> Result<(), E> {
        (self.sink)(found).map_err(|error| {
            *self.failed = Err(error);
            E::custom("stopped")
        })
    }

    fn item<E: serde::de::Error>(
        &mut self,
        (text, head): (&str, Option<Head>),
        start: Position,
        list: &Head,
    ) -> Result<(), E> {
        let mut cursor = Cursor { text, offset: 0, position: start };
        read_value((text, head), Some(list), &mut cursor, self.sink).map_err(|error| {
            *self.failed = Err(error);
            E::custom("stopped")
        })
    }
}

/// The items of a list, as they are read.
struct ItemsOf<'l, 's, 'f> {
    list: &'l Head,
    large: &'l mut Large<'s, 'f>,
    waiting: &'l mut Vec<(String, Position)>,
}

impl<'de> DeserializeSeed<'de> for ItemsOf<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ItemsOf<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some((text, start)) = items.next_element_seed(Item(self.large.place))? {
            let head = Head::of_json(text.get());
            let is_complete = head.as_ref().is_some_and(Head::is_complete);
            if !is_complete && self.list.kind().is_empty() {
                self.waiting.push((text.get().to_owned(), start));
            } else {
                self.large.item((text.get(), head), start, self.list)?;
            }
        }
        Ok(())
    }
}

/// An item, with the position of its first byte.
struct Item<'p>(&'p Cell<Position>);

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = (Box<RawValue>, Position);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        // The first byte has been looked at, so it is read already.
        let Position { line, column } = self.0.get();
        let start = Position { line, column: column - 1 };
        let text = Box::<RawValue>::deserialize(deserializer)?;
        if text.get().is_empty() {
            return Err(D::Error::custom("an item is empty"));
        }
        Ok((text, start))
    }
}
