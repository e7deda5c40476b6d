//! How a mapping or list in flow style is laid out.

use super::lines::Lines;
use super::tree::{List, Map, Node};

/// The white space and commas of a mapping or list in flow style.
#[derive(Debug)]
pub(super) struct Layout<'t> {
    /// What stands between the opening bracket and the first part.
    pub(super) lead: &'t str,
    /// What stands between two parts.
    pub(super) joint: String,
    /// What stands between the last part and the closing bracket.
    pub(super) tail: &'t str,
}

impl<'t> Layout<'t> {
    pub(super) fn of_map(node: &Node, map: &Map, lines: Lines<'t>, separator: &str) -> Self {
        let parts: Vec<_> =
            map.entries.iter().take(2).map(|entry| (entry.key.start, entry.value.end)).collect();
        Self::new(node, &parts, map.entries.last().map(|entry| entry.value.end), lines, separator)
    }

    pub(super) fn of_list(node: &Node, list: &List, lines: Lines<'t>, separator: &str) -> Self {
        let parts: Vec<_> = list.items.iter().take(2).map(|item| (item.node.start, item.node.end)).collect();
        Self::new(node, &parts, list.items.last().map(|item| item.node.end), lines, separator)
    }

    /// `parts` are where the first two parts start and end, and `last` is where the last one ends.
    fn new(
        node: &Node,
        parts: &[(usize, usize)],
        last: Option<usize>,
        lines: Lines<'t>,
        separator: &str,
    ) -> Self {
        let without_comments = |text: &'t str| if text.contains('#') { "" } else { text };
        let (lead, tail) = match (parts, last) {
            ([(first, _), ..], Some(last)) => {
                (lines.part(node.start + 1, *first), lines.part(last, node.end.saturating_sub(1)))
            }
            _ => ("", ""),
        };
        let joint = match parts {
            [(_, end), (start, _)] => lines.part(*end, *start),
            _ => "",
        };
        let joint = if joint.trim() == "," {
            joint.to_owned()
        } else if lead.contains('\n') {
            format!(",{}", lead.get(lead.rfind('\n').unwrap_or_default()..).unwrap_or_default())
        } else {
            separator.to_owned()
        };
        Self { lead: without_comments(lead), joint, tail: without_comments(tail) }
    }

    /// The indentation of the parts, if each has a line of its own.
    pub(super) fn indentation(&self) -> &str {
        self.joint.rsplit_once('\n').map_or("", |(_, indentation)| indentation)
    }

    /// By how much the parts are indented, if each has a line of its own.
    pub(super) fn unit(&self, node: &Node, lines: Lines<'_>) -> Option<usize> {
        let (_, indentation) = self.joint.rsplit_once('\n')?;
        let closing = lines.part(lines.start(node.end), node.end).len().saturating_sub(1);
        indentation.len().checked_sub(closing).filter(|unit| 0 < *unit)
    }
}
