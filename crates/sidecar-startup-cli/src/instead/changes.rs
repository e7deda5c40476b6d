//! The difference between two forms of an object, with containers compared by name.

use serde_json::{Map, Value};

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    /// The container, if it is one.
    pub(crate) container: Option<String>,
    /// What is changed.
    pub(crate) target: Target,
    /// What it becomes; none if it is removed.
    pub(crate) value: Option<Value>,
}

/// What is changed, as JSON pointers into the object as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A field or an item that is there.
    Present(String),
    /// A new field of an object that is there.
    Field(String, String),
    /// A new item of a list that is there, before the item with this index or at the end.
    Item(String, Option<usize>),
}

impl Target {
    /// The JSON pointer of the field or, for a new item, of its list.
    pub(crate) fn pointer(&self) -> String {
        match self {
            Self::Present(pointer) | Self::Item(pointer, _) => pointer.clone(),
            Self::Field(parent, key) => format!("{parent}/{}", escaped(key)),
        }
    }
}

/// The changes that turn `old` into `new`.
pub(crate) fn between(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(old, new, "", &mut changes);
    changes
}

fn compare(old: &Value, new: &Value, pointer: &str, changes: &mut Vec<Change>) {
    let set = |value: &Value| {
        let target = Target::Present(pointer.to_owned());
        Change { container: None, target, value: Some(value.clone()) }
    };
    match (old, new) {
        (old, new) if old == new => {}
        (Value::Object(old), Value::Object(new)) => compare_fields(old, new, pointer, changes),
        (Value::Array(old), Value::Array(new)) if new.starts_with(old) => {
            changes.extend(new.iter().skip(old.len()).map(|added| Change {
                container: None,
                target: Target::Item(pointer.to_owned(), None),
                value: Some(added.clone()),
            }));
        }
        (_, new) => changes.push(set(new)),
    }
}

/// The lists of containers in a Pod's spec, which containers are moved between.
const LISTS: [&str; 2] = ["initContainers", "containers"];

fn compare_fields(
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    pointer: &str,
    changes: &mut Vec<Change>,
) {
    let is_spec = LISTS.iter().any(|list| old.get(*list).is_some_and(Value::is_array));
    if is_spec {
        compare_containers(old, new, pointer, changes);
    }
    for (key, value) in new {
        if is_spec && LISTS.contains(&key.as_str()) {
            continue;
        }
        match old.get(key) {
            Some(old) => compare(old, value, &format!("{pointer}/{}", escaped(key)), changes),
            None => changes.push(Change {
                container: None,
                target: Target::Field(pointer.to_owned(), key.clone()),
                value: Some(value.clone()),
            }),
        }
    }
    let is_list = |key: &str| is_spec && LISTS.contains(&key);
    let removed = old.keys().filter(|key| !new.contains_key(*key)).filter(|key| !is_list(key));
    changes.extend(removed.map(|key| Change {
        container: None,
        target: Target::Present(format!("{pointer}/{}", escaped(key))),
        value: None,
    }));
}

fn compare_containers(
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    pointer: &str,
    changes: &mut Vec<Change>,
) {
    let items = |spec: &Map<String, Value>, list: &str| -> Vec<Value> {
        spec.get(list).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    for list in LISTS {
        let (before, after) = (items(old, list), items(new, list));
        let stayers = stayers(&before, &after);
        let path = format!("{pointer}/{list}");
        for (index, container) in before.iter().enumerate() {
            let value = stayers.iter().find(|(old, _)| *old == index).and_then(|(_, new)| after.get(*new));
            if value != Some(container) {
                changes.push(Change {
                    container: name(container).map(str::to_owned),
                    target: Target::Present(format!("{path}/{index}")),
                    value: value.cloned(),
                });
            }
        }
        let is_stayer = |index: usize| stayers.iter().any(|(_, new)| *new == index);
        let added: Vec<_> = after.iter().enumerate().filter(|(index, _)| !is_stayer(*index)).collect();
        if !old.contains_key(list) && !added.is_empty() {
            changes.push(Change {
                container: added.first().and_then(|(_, container)| name(container)).map(str::to_owned),
                target: Target::Field(pointer.to_owned(), list.to_owned()),
                value: Some(after.clone().into()),
            });
            continue;
        }
        changes.extend(added.into_iter().map(|(index, container)| Change {
            container: name(container).map(str::to_owned),
            target: Target::Item(
                path.clone(),
                stayers.iter().find(|(_, new)| index < *new).map(|(old, _)| *old),
            ),
            value: Some(container.clone()),
        }));
    }
}

/// The containers that keep their order: the indices of each before and after, in order. All others were added, removed or moved.
fn stayers(before: &[Value], after: &[Value]) -> Vec<(usize, usize)> {
    let both = before.iter().enumerate().filter_map(|(index, container)| {
        let name = name(container);
        Some((index, after.iter().position(|other| self::name(other) == name)?))
    });
    let both: Vec<(usize, usize)> = both.collect();
    // The longest run that ends with each of them.
    let mut runs: Vec<Vec<(usize, usize)>> = Vec::new();
    for pair in both {
        let shorter = runs.iter().filter(|run| run.last().is_some_and(|last| last.1 < pair.1));
        let mut run = shorter.max_by_key(|run| run.len()).cloned().unwrap_or_default();
        run.push(pair);
        runs.push(run);
    }
    runs.into_iter().max_by_key(Vec::len).unwrap_or_default()
}

fn name(container: &Value) -> Option<&str> {
    container.get("name")?.as_str()
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(init: &[&str], apps: &[&str]) -> Value {
        let list = |names: &[&str]| names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>();
        json!({"spec": {"initContainers": list(init), "containers": list(apps)}})
    }

    #[test]
    fn a_container_is_moved() {
        let changes = between(&pod(&["a", "b"], &["app", "proxy"]), &pod(&["proxy", "a", "b"], &["app"]));
        let targets: Vec<_> = changes.iter().map(|change| (&change.target, change.value.is_some())).collect();
        let item = Target::Item("/spec/initContainers".into(), Some(0));
        let gone = Target::Present("/spec/containers/1".into());
        assert_eq!(targets, [(&item, true), (&gone, false)]);
    }

    #[test]
    fn only_what_moved_is_moved() {
        let changes = between(&pod(&["a", "b", "c"], &[]), &pod(&["c", "a", "b"], &[]));
        let targets: Vec<_> = changes.iter().map(|change| change.target.clone()).collect();
        let list = "/spec/initContainers";
        assert_eq!(targets, [Target::Present(format!("{list}/2")), Target::Item(list.into(), Some(0))]);
    }

    #[test]
    fn fields_are_added_and_set() {
        let old = json!({"metadata": {"labels": {"a": "1"}}, "spec": {"volumes": [{"name": "a"}], "x": 1}});
        let new = json!({"metadata": {"labels": {"a": "1"}, "annotations": {"b/c": "2"}},
            "spec": {"volumes": [{"name": "a"}, {"name": "b"}], "x": 2}});
        let targets: Vec<_> = between(&old, &new).into_iter().map(|change| change.target).collect();
        let field = Target::Field("/metadata".into(), "annotations".into());
        assert_eq!(
            targets,
            [field, Target::Item("/spec/volumes".into(), None), Target::Present("/spec/x".into())]
        );
    }
}
