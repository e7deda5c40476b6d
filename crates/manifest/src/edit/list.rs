//! Changes the items of a list.

use std::collections::BTreeSet;

use serde_json::Value;

use super::editor::{Editor, MOVED_REFERENCE};
use super::flow::Layout;
use super::lines::{self, Lines};
use super::matching::{Matching, matching, name};
use super::obstacle::Obstacle;
use super::splice::{self, Splice};
use super::tree::{Item, List, Node};
use super::write::{self, Style};

/// An item that leaves its place.
#[derive(Clone, Copy)]
pub(super) struct Source<'n> {
    /// The list in which it is.
    node: &'n Node,
    pub(super) list: &'n List,
    index: usize,
    value: &'n Value,
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

/// The lines of an item in block style.
struct Region {
    start: usize,
    end: usize,
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
        let mut inserted: Vec<(Option<usize>, Vec<(Option<Source<'_>>, &Value)>)> = vec![(None, Vec::new())];
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
        inserted: &[(Option<usize>, Vec<(Option<Source<'_>>, &Value)>)],
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
    fn moved(
        &mut self,
        source: &Source<'_>,
        start: usize,
        end: usize,
        value: &Value,
    ) -> Result<String, Obstacle> {
        let Some(item) = source.list.items.get(source.index) else { return Ok(String::new()) };
        if item.node.has_references() {
            self.doubts.push(Obstacle::new(item.node.start, MOVED_REFERENCE));
        }
        let mut inner = Editor::new(self.lines, self.manner);
        inner.value(&item.node, source.value, value)?;
        self.doubts.append(&mut inner.doubts);
        splice::apply(self.lines.text, start, end, inner.splices)
            .ok_or(Obstacle::new(item.node.start, "two changes are in each other's way"))
    }

    fn change_flow_list(
        &mut self,
        node: &Node,
        list: &List,
        staying: &BTreeSet<usize>,
        inserted: &[(Option<usize>, Vec<(Option<Source<'_>>, &Value)>)],
    ) -> Result<(), Obstacle> {
        let layout = Layout::of_list(node, list, self.lines);
        let mut texts = Vec::new();
        for (before, values) in inserted {
            let values =
                values.iter().map(|(source, value)| self.flow_item(source.as_ref(), value, &layout, node));
            texts.push((before, values.collect::<Result<Vec<_>, _>>()?.join(&layout.joint)));
        }
        let Some(first) = staying.first() else {
            let text: Vec<_> = texts.into_iter().map(|(_, text)| text).collect();
            let (start, end) = ends(&list.items).unwrap_or((node.end, node.end));
            self.splices.push(Splice::replace(start, end, text.join(&layout.joint)));
            return Ok(());
        };
        let mut before: Option<&Item> = None;
        for (index, item) in list.items.iter().enumerate() {
            let next = list.items.get(index + 1);
            let (start, end) = match (before, next) {
                (_, Some(next)) if index < *first => (item.node.start, next.node.start),
                (Some(before), _) => (before.node.end, item.node.end),
                _ => (item.node.start, item.node.end),
            };
            if !staying.contains(&index) {
                let around = [self.lines.part(start, item.node.start), self.lines.part(item.node.end, end)];
                if around.iter().any(|text| text.contains('#')) {
                    return Err(Obstacle::new(
                        item.node.start,
                        "the comments beside this item would be lost",
                    ));
                }
                self.splices.push(Splice::replace(start, end, String::new()));
            }
            before = Some(item);
        }
        for (before, text) in texts {
            let before = before.and_then(|index| list.items.get(index));
            self.splices.push(match (before, list.items.last()) {
                (Some(item), _) => Splice::replace(item.node.start, item.node.start, text + &layout.joint),
                (None, last) => {
                    let at = last.map_or(node.end, |item| item.node.end);
                    Splice::replace(at, at, format!("{}{text}", layout.joint))
                }
            });
        }
        Ok(())
    }

    /// A new list in flow style, laid out as the one from which an item comes.
    pub(super) fn flow_items(
        &mut self,
        like: &Source<'_>,
        values: &[Value],
        moving: &[Source<'_>],
    ) -> Result<String, Obstacle> {
        let layout = Layout::of_list(like.node, like.list, self.lines);
        let mut texts = Vec::new();
        for value in values {
            let source = moving.iter().find(|source| name(source.value) == name(value));
            texts.push(self.flow_item(source, value, &layout, like.node)?);
        }
        let tail = layout.tail.trim_start_matches(',');
        Ok(format!("[{}{}{tail}]", layout.lead, texts.join(&layout.joint)))
    }

    fn flow_item(
        &mut self,
        source: Option<&Source<'_>>,
        value: &Value,
        layout: &Layout<'_>,
        like: &Node,
    ) -> Result<String, Obstacle> {
        let item = source.and_then(|source| Some((source, source.list.items.get(source.index)?)));
        match item {
            Some((source, item)) if source.list.is_flow => {
                self.moved(source, item.node.start, item.node.end, value)
            }
            Some((source, item)) => {
                let Region { start, end } = region(self.lines, source.node, source.list, source.index)?;
                if self.lines.part(start, end).contains('#') || item.node.has_references() {
                    return Err(Obstacle::new(
                        item.node.start,
                        "this would move into a list in flow style and lose its comments",
                    ));
                }
                Ok(self.new_flow_item(value, layout, like))
            }
            None => Ok(self.new_flow_item(value, layout, like)),
        }
    }

    fn new_flow_item(&self, value: &Value, layout: &Layout<'_>, like: &Node) -> String {
        self.manner.flow(layout.unit(like, self.lines)).value(value, layout.indentation())
    }
}

/// The lines of an item in block style, with the comments that belong to it.
///
/// # Errors
/// It shares a line with something else.
fn region(lines: Lines<'_>, node: &Node, list: &List, index: usize) -> Result<Region, Obstacle> {
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

fn ends(items: &[Item]) -> Option<(usize, usize)> {
    Some((items.first()?.node.start, items.last()?.node.end))
}
