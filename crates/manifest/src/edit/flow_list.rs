//! Changes the items of a list in flow style.

use std::collections::BTreeSet;

use serde_json::Value;

use super::editor::Editor;
use super::flow::Layout;
use super::list::{Inserted, Region, Source, region};
use super::matching::name;
use super::obstacle::Obstacle;
use super::splice::Splice;
use super::tree::{Item, List, Node};

impl Editor<'_> {
    pub(super) fn change_flow_list(
        &mut self,
        node: &Node,
        list: &List,
        staying: &BTreeSet<usize>,
        inserted: &[Inserted<'_>],
    ) -> Result<(), Obstacle> {
        let layout = Layout::of_list(node, list, self.lines, self.manner.separator());
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
                let between = self.lines.part(start, item.node.start);
                let comment = between.strip_prefix(',').filter(|between| between.contains('#'));
                if let (None, Some((comment, _))) =
                    (next, comment.and_then(|comment| comment.rsplit_once('\n')))
                {
                    // The comment is that of the item before.
                    self.splices.push(Splice::replace(start, start + 1, String::new()));
                    self.splices.push(Splice::replace(start + 1 + comment.len(), end, String::new()));
                    continue;
                }
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
                (None, end) => {
                    let at = end.map_or(node.end, |item| item.node.end);
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
        let layout = Layout::of_list(like.node, like.list, self.lines, self.manner.separator());
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

fn ends(items: &[Item]) -> Option<(usize, usize)> {
    Some((items.first()?.node.start, items.last()?.node.end))
}
