//! What has no order is judged alike in any order.

use anyhow::ensure;
use serde_json::{Map, Value};

use crate::case::Case;
use crate::outcome::Outcome;
use crate::seen::Decision;

/// Lists whose order means nothing to Kubernetes, nor to the policy.
const LISTS: [&str; 12] = [
    "gates",
    "imagePullSecrets",
    "injectedNamespaces",
    "matchExpressions",
    "matchFields",
    "namespaces",
    "nodeSelectorTerms",
    "ports",
    "tolerations",
    "values",
    "volumeMounts",
    "volumes",
];

/// The order of keys means nothing anywhere, that of items in some lists; nor does that of the cluster's nodes, but that the first of
/// several old ones is named.
pub(crate) fn order_means_nothing(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    for (what, lists_too) in [("keys", false), ("items", true)] {
        let other = Outcome::of_library(&case.with_all(&|value| turned(value, lists_too)));
        // Of several errors, the first is told.
        if outcome.is_unreadable() || outcome.seen.decision == Decision::BadSettings {
            ensure!(
                other.seen.decision == outcome.seen.decision,
                "with its {what} in another order it is not refused"
            );
            continue;
        }
        ensure!(
            other.seen == outcome.seen,
            "with its {what} in another order it is judged differently: {:#}",
            other.to_value()
        );
        let (made, other) = (outcome.object.as_ref().map(sorted), other.object.as_ref().map(sorted));
        ensure!(made == other, "with its {what} in another order it becomes {other:#?}");
    }
    if let Some(cluster) = &case.cluster {
        let mut turned = case.clone();
        turned.cluster = Some(cluster.reversed());
        let other = Outcome::of_library(&turned);
        let is_same = other.seen.decision == outcome.seen.decision && other.object == outcome.object;
        ensure!(is_same, "with its nodes in another order it is judged differently: {:#}", other.to_value());
    }
    Ok(())
}

/// The same value with keys, and perhaps items, from last to first.
fn turned(value: &Value, lists_too: bool) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().rev().map(|(key, field)| {
                let mut field = turned(field, lists_too);
                if let (true, Value::Array(items)) = (lists_too && LISTS.contains(&key.as_str()), &mut field)
                    && (key == "volumeMounts" || !names_one_twice(items))
                {
                    items.reverse();
                }
                (key.clone(), field)
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(|item| turned(item, lists_too)).collect(),
        value => value.clone(),
    }
}

/// Whether two items have one name: the API server refuses that, or the first counts.
fn names_one_twice(items: &[Value]) -> bool {
    let mut names: Vec<_> = items.iter().filter_map(|item| item.get("name")?.as_str()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair.first() == pair.last())
}

/// The same value with those lists in one order.
fn sorted(value: &Value) -> Value {
    let mut value = value.clone();
    sort(&mut value);
    value
}

fn sort(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.sort_keys();
            for (key, field) in fields {
                sort(field);
                if let (true, Value::Array(items)) = (LISTS.contains(&key.as_str()), field) {
                    items.sort_by_cached_key(ToString::to_string);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}
