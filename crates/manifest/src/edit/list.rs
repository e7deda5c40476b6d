//! Changes the items of a list.

use std::collections::BTreeSet;

use serde_json::Value;

use super::editor::{Editor, MOVED_REFERENCE};
use super::lines::{self, Lines};
use super::matching::{Matching, matching, name};
use super::obstacle::Obstacle;
use super::splice::{self, Splice};
use super::tree::{List, Node};
use super::write::{self, Style};

/// An item that leaves its place.
#[derive(Clone, Copy)]
pub(super) struct Source<'n> {
    /// The list in which it is.
    pub(super) node: &'n Node,
    pub(super) list: &'n List,
    pub(super) index: usize,
    pub(super) value: &'n Value,
}

/// The items of a list that are not in it any more.
pub(super) fn leaving<'n>(
    node: &'n Node,
    list: &'n List,
    old: &'n [Value],
    new: Option<&'n Vec<Value>>,
) -> impl Iterator<Item = Source<'n>> {
    let is_left = move |value: &Value| {
        let mut kept = new.into_iter().flatten();
        name(value).is_some() && !kept.any(|other| name(other) == name(value))
    };
    let items = old.iter().enumerate().filter(move |(_, value)| is_left(value));
    items.map(move |(index, value)| Source { node, list, index, value })
}

/// New items, each with where it comes from, and the old item before which they go; none for the end.
pub(super) type Inserted<'n> = (Option<usize>, Vec<(Option<Source<'n>>, &'n Value)>);

/// The lines of an item in block style.
pub(super) struct Region {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Editor<'_> {
    /// Changes a list into another one; neither is empty.
    pub(super) fn list(
        &mut self,
        node: &Node,
        list: &List,
        old: &[Value],
        new: &[Value],
        moving: &[Source<'_>],
    ) -> Result<(), Obstacle> {
        let Matching { of_new, staying } = matching(old, new);
        if list.items.len() != old.len() || new.is_empty() || old.is_empty() {
            return Err(Obstacle::new(node.start, "this list would have to be written anew"));
        }
        let mut inserted: Vec<Inserted<'_>> = vec![(None, Vec::new())];
        for (value, of_old) in new.iter().zip(&of_new) {
            match of_old.and_then(|index| Some((index, list.items.get(index)?, old.get(index)?))) {
                Some((index, item, before)) if staying.contains(&index) => {
                    self.value(&item.node, before, value)?;
                    if let Some((before, _)) = inserted.last_mut() {
                        *before = Some(index);
                    }
                    inserted.push((None, Vec::new()));
                }
                of_old => {
                    let own = of_old.map(|(index, _, value)| Source { node, list, index, value });
                    let from = own
                        .or_else(|| moving.iter().find(|source| name(source.value) == name(value)).copied());
                    if let Some((_, values)) = inserted.last_mut() {
                        values.push((from, value));
                    }
                }
            }
        }
        inserted.retain(|(_, values)| !values.is_empty());
        if list.is_flow {
            self.change_flow_list(node, list, &staying, &inserted)
        } else {
            self.change_block_list(node, list, &staying, &inserted)
        }
    }

    fn change_block_list(
        &mut self,
        node: &Node,
        list: &List,
        staying: &BTreeSet<usize>,
        inserted: &[Inserted<'_>],
    ) -> Result<(), Obstacle> {
        let is_spaced = is_spaced(self.lines, node, list)?;
        for index in (0..list.items.len()).filter(|index| !staying.contains(index)) {
            let Region { mut start, mut end } = region(self.lines, node, list, index)?;
            if is_spaced && index != 0 {
                let before = region(self.lines, node, list, index - 1)?;
                start = self.lines.blank_above(start, before.end);
            } else if is_spaced && index + 1 < list.items.len() {
                end = self.lines.blank_below(end);
            }
            self.splices.push(Splice::replace(start, end, String::new()));
        }
        let column = list.items.first().map_or(0, |item| self.lines.column(item.dash));
        let style = self.manner.style(node, self.lines);
        for (before, values) in inserted {
            let mut text = String::new();
            for (source, value) in values {
                let item = self.block_item(column, source.as_ref(), value, style)?;
                let blank = if is_spaced { "\n" } else { "" };
                text += &if before.is_some() { format!("{item}{blank}") } else { format!("{blank}{item}") };
            }
            let at = match before {
                Some(index) => region(self.lines, node, list, *index)?.start,
                None => region(self.lines, node, list, list.items.len() - 1)?.end,
            };
            self.splices.push(Splice::lines(at, text));
        }
        Ok(())
    }

    /// The lines of a new list.
    pub(super) fn block_items(
        &mut self,
        column: usize,
        values: &[Value],
        moving: &[Source<'_>],
        style: Style,
    ) -> Result<String, Obstacle> {
        let mut text = String::new();
        for value in values {
            let source = moving.iter().find(|source| name(source.value) == name(value));
            let is_spaced = source
                .is_some_and(|source| is_spaced(self.lines, source.node, source.list).unwrap_or_default());
            text += if is_spaced && !text.is_empty() { "\n" } else { "" };
            text += &self.block_item(column, source, value, style)?;
        }
        Ok(text)
    }

    fn block_item(
        &mut self,
        column: usize,
        source: Option<&Source<'_>>,
        value: &Value,
        style: Style,
    ) -> Result<String, Obstacle> {
        let Some(source) = source else { return Ok(write::item(column, value, style)) };
        let Source { node, list, index, .. } = *source;
        let Some(item) = list.items.get(index) else { return Ok(write::item(column, value, style)) };
        if list.is_flow {
            let text = self.moved(source, item.node.start, item.node.end, value)?;
            let text = lines::moved(&text, self.lines.column(item.node.start), column + 2);
            return Ok(format!("{:column$}- {}\n", "", text.trim_start_matches(' ')));
        }
        let Region { start, end } = region(self.lines, node, list, index)?;
        let mut text = self.moved(source, start, end, value)?;
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Ok(lines::moved(&text, self.lines.column(item.dash), column))
    }

    /// The text of an item that leaves its place, with the changes in it.
    pub(super) fn moved(
        &mut self,
        source: &Source<'_>,
        start: usize,
        end: usize,
        value: &Value,
    ) -> Result<String, Obstacle> {
        let Some(item) = source.list.items.get(source.index) else { return Ok(String::new()) };
        let mut inner = Editor::new(self.lines, self.manner);
        inner.value(&item.node, source.value, value)?;
        self.doubts.append(&mut inner.doubts);
        if item.node.has_references() {
            self.doubts.push(Obstacle::new(item.node.start, MOVED_REFERENCE));
        }
        splice::apply(self.lines.text, start, end, inner.splices)
            .ok_or(Obstacle::new(item.node.start, "two changes are in each other's way"))
    }
}

/// The lines of an item in block style, with the comments that belong to it.
///
/// # Errors
/// It shares a line with something else.
pub(super) fn region(lines: Lines<'_>, node: &Node, list: &List, index: usize) -> Result<Region, Obstacle> {
    let Some(item) = list.items.get(index) else { return Ok(Region { start: node.end, end: node.end }) };
    if !lines.is_first(item.dash) {
        return Err(Obstacle::new(item.dash, "this item shares its line with what is around it"));
    }
    let column = lines.column(item.dash);
    let start = lines.start(item.dash);
    let floor = match index.checked_sub(1).and_then(|before| list.items.get(before)) {
        Some(before) => lines.below(before.node.end.max(before.dash + 1), column)?,
        None if lines.start(node.floor) == start => start,
        None => lines.next(node.floor),
    };
    let end = lines.below(item.node.end.max(item.dash + 1), column)?;
    Ok(Region { start: lines.above(start, column, floor), end })
}

/// Whether blank lines stand between the items of a list.
fn is_spaced(lines: Lines<'_>, node: &Node, list: &List) -> Result<bool, Obstacle> {
    if list.is_flow || list.items.len() < 2 {
        return Ok(false);
    }
    let (first, second) = (region(lines, node, list, 0)?, region(lines, node, list, 1)?);
    Ok(lines.blank_above(second.start, first.end) < second.start)
}
