//! A field from a later version of the API changes no answer, and no repair loses it.

use anyhow::ensure;
use serde_json::{Value, json};

use crate::case::Case;
use crate::outcome::Outcome;

pub(crate) fn unknown_fields_change_nothing(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    // In an update the old object would lack them, and the template would have changed.
    if case.has_request() {
        return Ok(());
    }
    let planted = Outcome::of_library(&case.with_object(planted_into(&case.object)));
    ensure!(planted.seen == outcome.seen, "an unknown field changes the answer to {:#}", planted.to_value());
    if let (Some(planted), Some(object)) = (&planted.object, &outcome.object) {
        // Of two containers of one name, which a second apply makes, one is meant to go.
        let expected = planted_into(&case.object);
        ensure!(
            count(&expected) <= count(planted) || containers(planted) < containers(&expected),
            "a repair loses a field from the future"
        );
        let mut without = planted.clone();
        uproot(&mut without);
        ensure!(without == *object, "an unknown field changes the repair to\n{without:#}");
    }
    Ok(())
}

/// Adds a field from a later version of the API to every object that is no map of the user's.
fn plant(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(plant),
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                if !matches!(key.as_str(), "annotations" | "labels" | "matchLabels" | "nodeSelector") {
                    plant(field);
                }
            }
            fields.insert(FUTURE.to_owned(), json!({"is": ["unknown"]}));
        }
        _ => {}
    }
}

/// A field from a later version of the API.
const FUTURE: &str = "fromTheFuture";

fn planted_into(object: &Value) -> Value {
    let mut object = object.clone();
    plant(&mut object);
    object
}

/// How many fields from the future a value has. Where a probe is copied or replaced, its own do not count, nor do those of what a
/// repair has made itself, to be a pair.
fn count(value: &Value) -> usize {
    match value {
        Value::Object(fields)
            if fields.get("name").and_then(Value::as_str).is_some_and(|name| name.ends_with("-native")) =>
        {
            0
        }
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => {
            let below =
                fields.iter().filter(|(key, _)| *key != "startupProbe").map(|(_, field)| count(field));
            usize::from(fields.contains_key(FUTURE)) + below.sum::<usize>()
        }
        _ => 0,
    }
}

/// How many values anywhere have an image, as containers do.
fn containers(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(containers).sum(),
        Value::Object(fields) => {
            usize::from(fields.contains_key("image")) + fields.values().map(containers).sum::<usize>()
        }
        _ => 0,
    }
}

fn uproot(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(uproot),
        Value::Object(fields) => {
            fields.shift_remove(FUTURE);
            fields.values_mut().for_each(uproot);
        }
        _ => {}
    }
}
