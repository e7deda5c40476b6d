//! Which items of a changed list are which items of the list before.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Where the items of a changed list come from.
#[derive(Debug)]
pub(super) struct Matching {
    /// For each new item, the old item that it is.
    pub(super) of_new: Vec<Option<usize>>,
    /// The old items that keep their place. The new items that they are have the same order.
    pub(super) staying: BTreeSet<usize>,
}

/// Matches items by name, as Kubernetes does in lists of containers, volumes and variables. Items without names are matched by their
/// places if there are as many as before. Else they are the same only if they are equal, and what is between the first and the last that
/// changed is new.
pub(super) fn matching(old: &[Value], new: &[Value]) -> Matching {
    let of_new = match (names(old), names(new)) {
        (Some(old), Some(new)) => new.in_order.iter().map(|name| old.places.get(name).copied()).collect(),
        _ if old.len() == new.len() && old.iter().zip(new).all(is_same_sort) => {
            (0..new.len()).map(Some).collect()
        }
        _ => equal(old, new),
    };
    let staying = longest_rise(&of_new);
    Matching { of_new, staying }
}

/// Whether one of two values can become the other in its place.
fn is_same_sort((old, new): (&Value, &Value)) -> bool {
    match (old, new) {
        (Value::Object(_), Value::Object(_)) | (Value::Array(_), Value::Array(_)) => true,
        _ => old == new || [old, new].iter().all(|value| !value.is_object() && !value.is_array()),
    }
}

/// The name of an item.
pub(super) fn name(item: &Value) -> Option<&str> {
    item.get("name").and_then(Value::as_str)
}

struct Names<'v> {
    in_order: Vec<&'v str>,
    places: BTreeMap<&'v str, usize>,
}

/// The names of the items; none if an item has no name or two have the same.
fn names(items: &[Value]) -> Option<Names<'_>> {
    let in_order: Vec<_> = items.iter().map(name).collect::<Option<_>>()?;
    let places: BTreeMap<_, _> = in_order.iter().enumerate().map(|(place, name)| (*name, place)).collect();
    (places.len() == in_order.len()).then_some(Names { in_order, places })
}

fn equal(old: &[Value], new: &[Value]) -> Vec<Option<usize>> {
    let same_start = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let longest_end = old.len().min(new.len()) - same_start;
    let ends = old.iter().rev().zip(new.iter().rev()).take(longest_end);
    let same_end = ends.take_while(|(old, new)| old == new).count();
    let of_new = |place: usize| {
        if place < same_start {
            Some(place)
        } else {
            let from_end = new.len() - place;
            (from_end <= same_end).then(|| old.len() - from_end)
        }
    };
    (0..new.len()).map(of_new).collect()
}

/// As many old items as possible that are in the same order as before.
fn longest_rise(of_new: &[Option<usize>]) -> BTreeSet<usize> {
    let items: Vec<usize> = of_new.iter().flatten().copied().collect();
    if items.is_sorted() {
        return items.into_iter().collect();
    }
    // For each item, the length of the longest rise that ends with it, and the item before it in that.
    let mut best: Vec<(usize, Option<usize>)> = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let before = best.iter().zip(&items).enumerate().take(place);
        let before =
            before.filter(|(_, (_, other))| *other < item).map(|(place, ((length, _), _))| (*length, place));
        let longest = before.max_by_key(|(length, place)| (*length, std::cmp::Reverse(*place)));
        best.push((longest.map_or(1, |(length, _)| length + 1), longest.map(|(_, place)| place)));
    }
    let mut last =
        best.iter().enumerate().max_by_key(|(place, (length, _))| (*length, std::cmp::Reverse(*place)));
    let mut staying = BTreeSet::new();
    while let Some((place, (_, before))) = last {
        staying.extend(items.get(place));
        last = before.and_then(|before| best.get(before).map(|entry| (before, entry)));
    }
    staying
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matched(old: &Value, new: &Value) -> (Vec<Option<usize>>, Vec<usize>) {
        let Matching { of_new, staying } = matching(old.as_array().unwrap(), new.as_array().unwrap());
        (of_new, staying.into_iter().collect())
    }

    #[test]
    fn items_are_matched_by_name_or_equality() {
        let list =
            |names: &[&str]| Value::from(names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>());
        let old = list(&["a", "b", "c"]);
        assert_eq!(matched(&old, &list(&["c", "a", "b"])), (vec![Some(2), Some(0), Some(1)], vec![0, 1]));
        assert_eq!(matched(&old, &list(&["x", "b"])), (vec![None, Some(1)], vec![1]));
        assert_eq!(
            matched(&json!([1, 2, 3]), &json!([1, 4, 5, 3])),
            (vec![Some(0), None, None, Some(2)], vec![0, 2])
        );
        assert_eq!(
            matched(&json!([1, 2, 3]), &json!([1, 4, 3])),
            (vec![Some(0), Some(1), Some(2)], vec![0, 1, 2])
        );
        assert_eq!(matched(&json!([1, 1]), &json!([1])), (vec![Some(0)], vec![0]));
        assert_eq!(matched(&json!([]), &json!([1])), (vec![None], vec![]));
    }
}
