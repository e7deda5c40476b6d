//! What holds of every case, whatever it is about.

use anyhow::ensure;
use serde_json::{Value, json};

use crate::seen::{Decision, Violation};
use crate::{Case, Outcome, repairs};

/// Checks all of it.
///
/// # Errors
/// The first law that is broken.
pub fn hold(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    says_the_same_twice(case, outcome)?;
    texts_are_sound(outcome)?;
    paths_resolve(case, outcome)?;
    unknown_fields_change_nothing(case, outcome)?;
    other_kinds_say_the_same(case, outcome)?;
    repairs::hold(case, outcome)
}

fn says_the_same_twice(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    let (once, twice) = (format!("{outcome:?}"), format!("{:?}", Outcome::of_library(case)));
    ensure!(once == twice, "the second answer differs:\n{once}\n{twice}");
    Ok(())
}

fn texts_are_sound(outcome: &Outcome) -> anyhow::Result<()> {
    let message = outcome.message();
    ensure!(message.chars().count() < 1024, "an event would cut the message");
    let warnings = outcome.seen.warnings.iter().map(String::as_str);
    for text in warnings.clone().chain([message]) {
        ensure!(!text.contains(char::is_control), "a control character in {text:?}");
        ensure!(!text.contains("Some(") && !text.contains("None"), "a debug artefact in {text:?}");
    }
    for warning in warnings {
        ensure!(warning.chars().count() <= 120, "too long for a warning: {warning}");
    }
    Ok(())
}

/// The field that a violation names is there, or what it would be added to.
fn paths_resolve(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    // What a repair has left, or made, stands where it has put it.
    let is_there = |pointer: &str| {
        let mut objects = [Some(&case.object), outcome.object.as_ref()].into_iter().flatten();
        objects.any(|object| object.pointer(pointer).is_some())
    };
    for violation in outcome.violations() {
        let Some(pointer) = violation.pointer() else { continue };
        let mut pointer = pointer.as_str();
        let mut missing = 0;
        while !is_there(pointer) {
            pointer = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
            missing += 1;
        }
        ensure!(missing <= 2, "nothing is near {}", violation.path);
        let container = violation.container().unwrap_or_default();
        ensure!(is_there(&container), "there is nothing at {container}");
    }
    Ok(())
}

fn unknown_fields_change_nothing(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    // In an update the old object would lack them, and the template would have changed.
    if case.has_request() {
        return Ok(());
    }
    let planted = Outcome::of_library(&case.with_object(planted_into(&case.object)));
    ensure!(
        planted.to_value() == outcome.to_value(),
        "an unknown field changes the answer to {:#}",
        planted.to_value()
    );
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

/// A Pod is judged alike whether it is created by itself, by a Deployment or by a CronJob.
fn other_kinds_say_the_same(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    if outcome.seen.decision == Decision::BadSettings || outcome.is_unreadable() {
        return Ok(());
    }
    let prefix = match case.object.get("kind").and_then(Value::as_str) {
        Some("Pod") => "",
        Some("Deployment") => "/spec/template",
        _ => return Ok(()),
    };
    // What stands there decides whether a Pod is judged at all, and no template has it.
    let of_the_object = [
        "/metadata/annotations/kubernetes.io~1config.mirror",
        "/metadata/deletionTimestamp",
        "/metadata/ownerReferences",
        "/status",
    ];
    if case.has_request() || of_the_object.iter().any(|place| case.object.pointer(place).is_some()) {
        return Ok(());
    }
    let template = case.object.pointer(prefix).cloned().unwrap_or_default();
    // Only a Job waits for its Pods to complete, and what is denied is not repaired.
    let should_complete = template["spec"]["restartPolicy"].as_str().is_some_and(|policy| policy != "Always");
    if should_complete && case.settings["fix"].as_str().is_some_and(|fix| fix != "None") {
        return Ok(());
    }
    let template = json!({"metadata": template.get("metadata"), "spec": template.get("spec")});
    let forms = [
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"]}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template}}),
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": template}}}}),
    ];
    let say = |outcome: &Outcome| -> Vec<_> {
        let tell = |mut violation: Violation| {
            let path = &violation.path;
            let below = path.strip_prefix("spec.jobTemplate.").unwrap_or(path);
            violation.path = below.strip_prefix("spec.template.").unwrap_or(below).to_owned();
            // Only a Job waits for its Pods to complete.
            if violation.rule == "never-completing-job" {
                violation.action.clear();
            }
            violation
        };
        // Deadlines belong to the kind.
        let is_of_kind = |violation: &Violation| !violation.text.contains("DeadlineSeconds");
        outcome.violations().into_iter().filter(is_of_kind).map(tell).collect()
    };
    let template_of = |object: &Value| {
        let places = ["/spec/jobTemplate/spec/template", "/spec/template", ""];
        let template = places.iter().find_map(|place| object.pointer(place)).cloned().unwrap_or_default();
        json!({"metadata": template.get("metadata"), "spec": template.get("spec")})
    };
    for form in forms {
        let other = Outcome::of_library(&case.with_object(form));
        ensure!(say(&other) == say(outcome), "another kind is judged differently: {:#}", other.to_value());
        ensure!(
            other.object.as_ref().map(template_of) == outcome.object.as_ref().map(template_of),
            "another kind is repaired differently: {:#}",
            other.object.unwrap_or_default()
        );
    }
    Ok(())
}
