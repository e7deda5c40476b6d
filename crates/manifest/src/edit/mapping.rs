//! Changes the fields of a mapping.

use serde_json::{Map as Fields, Value};

use super::editor::Editor;
use super::flow::Layout;
use super::list::{Source, leaving};
use super::manner::list_indentation;
use super::obstacle::Obstacle;
use super::splice::Splice;
use super::tree::{Entry, Kind, Map, Node};
use super::write;

/// The lists of a Pod's spec between which containers move.
const CONTAINERS: [&str; 2] = ["initContainers", "containers"];

/// New fields that people write before others.
const BEFORE: [(&str, &[&str]); 3] = [
    ("initContainers", &["containers"]),
    ("metadata", &["spec"]),
    ("startupProbe", &["livenessProbe", "readinessProbe"]),
];

/// New fields that people write after others. All other fields go to the end.
const AFTER: [(&str, &[&str]); 1] = [("restartPolicy", &["image", "imagePullPolicy"])];

/// A mapping that is being changed.
#[derive(Clone, Copy)]
pub(super) struct Parent<'n> {
    pub(super) node: &'n Node,
    pub(super) map: &'n Map,
}

/// Where a new field goes.
enum Place<'n> {
    Before(usize, &'n Entry),
    After(&'n Entry),
}

impl Editor<'_> {
    pub(super) fn mapping(
        &mut self,
        node: &Node,
        map: &Map,
        old: &Fields<String, Value>,
        new: &Fields<String, Value>,
    ) -> Result<(), Obstacle> {
        let parent = Parent { node, map };
        let lists = CONTAINERS.iter().filter_map(|key| {
            let Kind::List(list) = &map.entry(key)?.value.kind else { return None };
            Some((
                &map.entry(key)?.value,
                list,
                old.get(*key)?.as_array()?,
                new.get(*key).and_then(Value::as_array),
            ))
        });
        let moving: Vec<Source<'_>> =
            lists.flat_map(|(node, list, old, new)| leaving(node, list, old, new)).collect();
        for (key, wanted) in new {
            match (old.get(key), map.entry(key)) {
                (Some(known), _) if known == wanted => {}
                (Some(known), Some(entry)) => self.field(parent, entry, known, wanted, &moving)?,
                // A field beside `<<` overrides a merged one.
                (Some(known), None) if !known.is_object() && !known.is_array() => {
                    self.insert_field(parent, key, wanted, &moving)?;
                }
                (Some(_), None) => {
                    return Err(Obstacle::new(node.start, "a merge key provides what would change here"));
                }
                (None, _) => self.insert_field(parent, key, wanted, &moving)?,
            }
        }
        for key in old.keys().filter(|key| !new.contains_key(*key)) {
            self.remove_field(parent, key)?;
        }
        Ok(())
    }

    fn insert_field(
        &mut self,
        parent: Parent<'_>,
        key: &str,
        value: &Value,
        moving: &[Source<'_>],
    ) -> Result<(), Obstacle> {
        let Parent { node, map } = parent;
        let Some(place) = place(map, key) else {
            let flow = self.manner.flow(None);
            let text = format!("{{{}}}", flow.entry(key, value, ""));
            self.splices.push(Splice::replace(node.start, node.end, text));
            return Ok(());
        };
        if map.is_flow {
            let layout = Layout::of_map(node, map, self.lines, self.manner.separator());
            let text = self.flow_field(parent, &layout, key, value, moving)?;
            self.splices.push(match place {
                Place::Before(_, entry) => {
                    Splice::replace(entry.key.start, entry.key.start, text + &layout.joint)
                }
                Place::After(entry) => {
                    Splice::replace(entry.value.end, entry.value.end, format!("{}{text}", layout.joint))
                }
            });
            return Ok(());
        }
        let first = map.entries.first().map_or(node.start, |entry| entry.key.start);
        let column = self.lines.column(first);
        let at = match place {
            Place::Before(index, entry) if self.lines.is_first(entry.key.start) => {
                self.top(parent, index, entry)?
            }
            Place::Before(_, entry) | Place::After(entry) => self.lines.below(entry.value.end, column)?,
        };
        let text = self.block_field(parent, column, key, value, moving)?;
        self.splices.push(Splice::lines(at, text));
        Ok(())
    }

    /// Where the lines of a field begin, comments included.
    fn top(&self, Parent { node, map }: Parent<'_>, index: usize, entry: &Entry) -> Result<usize, Obstacle> {
        let column = self.lines.column(entry.key.start);
        let start = self.lines.start(entry.key.start);
        let before = index.checked_sub(1).and_then(|index| map.entries.get(index));
        let floor = match before {
            Some(before) => self.lines.below(before.value.end, column)?,
            None if self.lines.start(node.floor) == start => start,
            None => self.lines.next(node.floor),
        };
        Ok(self.lines.above(start, column, floor))
    }

    /// The lines of a new field.
    pub(super) fn block_field(
        &mut self,
        parent: Parent<'_>,
        column: usize,
        key: &str,
        value: &Value,
        moving: &[Source<'_>],
    ) -> Result<String, Obstacle> {
        let style = self.style_in(parent);
        match (value.as_array(), moving.first()) {
            (Some(items), Some(first)) if CONTAINERS.contains(&key) && !first.list.is_flow => {
                let items = self.block_items(column + style.list, items, moving, style)?;
                Ok(format!("{:column$}{key}:\n{items}", ""))
            }
            (Some(items), Some(first)) if CONTAINERS.contains(&key) => {
                let text = self.flow_items(first, items, moving)?;
                Ok(format!("{:column$}{key}: {text}\n", ""))
            }
            _ => Ok(write::entry(column, key, value, style)),
        }
    }

    /// A new field in flow style.
    pub(super) fn flow_field(
        &mut self,
        parent: Parent<'_>,
        layout: &Layout<'_>,
        key: &str,
        value: &Value,
        moving: &[Source<'_>],
    ) -> Result<String, Obstacle> {
        let flow = self.manner.flow(layout.unit(parent.node, self.lines));
        match (value.as_array(), moving.first()) {
            (Some(items), Some(first)) if CONTAINERS.contains(&key) => {
                let text = self.flow_items(first, items, moving)?;
                let entry = flow.entry(key, &Value::Null, layout.indentation());
                Ok(entry.strip_suffix("null").map(|entry| format!("{entry}{text}")).unwrap_or_default())
            }
            _ => Ok(flow.entry(key, value, layout.indentation())),
        }
    }

    /// How block style is written around the fields of a mapping. Lists of containers are indented alike.
    pub(super) fn style_in(&self, Parent { node, map }: Parent<'_>) -> write::Style {
        let style = self.manner.style(node, self.lines);
        let mut lists = CONTAINERS.iter().filter_map(|key| map.entry(key));
        let list = lists.find_map(|entry| list_indentation(&entry.key, &entry.value, self.lines));
        write::Style { list: list.unwrap_or(style.list), ..style }
    }

    fn remove_field(&mut self, parent: Parent<'_>, key: &str) -> Result<(), Obstacle> {
        let Parent { node, map } = parent;
        let found = map.entries.iter().enumerate().find(|(_, entry)| entry.name == key);
        let Some((index, entry)) = found else {
            return Err(Obstacle::new(node.start, "a merge key provides what would be removed here"));
        };
        let next = map.entries.get(index + 1);
        let before = index.checked_sub(1).and_then(|index| map.entries.get(index));
        let (start, end) = match (before, next) {
            _ if !map.is_flow && self.lines.is_first(entry.key.start) && map.entries.len() != 1 => {
                let column = self.lines.column(entry.key.start);
                (self.top(parent, index, entry)?, self.lines.below(entry.value.end, column)?)
            }
            (None, Some(next)) => (entry.key.start, next.key.start),
            (Some(before), _) if map.is_flow => (before.value.end, entry.value.end),
            _ => return Err(Obstacle::new(entry.key.start, "the last field here would be removed")),
        };
        self.splices.push(Splice::replace(start, end, String::new()));
        Ok(())
    }
}

/// Where a new field goes; none if the mapping is empty.
fn place<'n>(map: &'n Map, key: &str) -> Option<Place<'n>> {
    let others = |table: &[(&str, &'static [&'static str])]| {
        table.iter().find(|(field, _)| *field == key).map_or(&[][..], |(_, others)| *others)
    };
    let mut entries = map.entries.iter().enumerate();
    let (before, after) = (others(&BEFORE), others(&AFTER));
    if let Some((index, entry)) = entries.clone().find(|(_, entry)| before.contains(&entry.name.as_str())) {
        return Some(Place::Before(index, entry));
    }
    let after = entries.rfind(|(_, entry)| after.contains(&entry.name.as_str()));
    after.map(|(_, entry)| entry).or(map.entries.last()).map(Place::After)
}
