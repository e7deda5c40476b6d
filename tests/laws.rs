//! What holds of every case, whatever it is about.

use anyhow::ensure;
use serde_json::{Value, json};
use sidecar_startup::field::{FieldPath, Segment};
use sidecar_startup::{Answer, Violation};

use crate::{Case, Outcome};

/// Checks all of it.
///
/// # Errors
/// The first law that is broken.
pub fn hold(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    says_the_same_twice(case, outcome)?;
    texts_are_sound(outcome)?;
    paths_resolve(case, outcome)?;
    unknown_fields_change_nothing(case, outcome)?;
    other_kinds_say_the_same(case, outcome)
}

fn says_the_same_twice(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    let (once, twice) = (format!("{outcome:?}"), format!("{:?}", Outcome::of_library(case)));
    ensure!(once == twice, "the second answer differs:\n{once}\n{twice}");
    Ok(())
}

fn texts_are_sound(outcome: &Outcome) -> anyhow::Result<()> {
    let message = outcome.message();
    ensure!(message.chars().count() < 1024, "an event would cut the message");
    for text in outcome.violations().iter().map(Violation::warning).chain([message]) {
        ensure!(!text.contains(char::is_control), "a control character in {text:?}");
        ensure!(!text.contains("Some(") && !text.contains("None"), "a debug artefact in {text:?}");
    }
    for warning in outcome.violations().iter().map(Violation::warning) {
        ensure!(warning.chars().count() <= 120, "too long for a warning: {warning}");
    }
    Ok(())
}

/// The field that a violation names is there, or what it would be added to.
fn paths_resolve(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    for violation in outcome.violations() {
        let pointer = violation.finding.path.to_pointer();
        let mut pointer = pointer.as_str();
        let mut missing = 0;
        while case.object.pointer(pointer).is_none() {
            pointer = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
            missing += 1;
        }
        ensure!(missing <= 2, "nothing is near {}", violation.finding.path);
        let item = violation
            .finding
            .path
            .segments()
            .iter()
            .rposition(|segment| matches!(segment, Segment::Index(_)));
        let segments = violation.finding.path.segments();
        let container: FieldPath = segments.iter().take(item.map_or(0, |item| item + 1)).cloned().collect();
        let container = container.to_pointer();
        ensure!(case.object.pointer(&container).is_some(), "there is nothing at {container}");
    }
    Ok(())
}

fn unknown_fields_change_nothing(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    // In an update the old object would lack them, and the template would have changed.
    if case.has_request() {
        return Ok(());
    }
    let mut object = case.object.clone();
    plant(&mut object);
    let planted = Outcome::of_library(&case.with_object(object));
    ensure!(
        planted.to_value() == outcome.to_value(),
        "an unknown field changes the answer to {:#}",
        planted.to_value()
    );
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
            fields.insert("fromTheFuture".to_owned(), json!({"is": ["unknown"]}));
        }
        _ => {}
    }
}

/// A Pod is judged alike whether it is created by itself, by a Deployment or by a CronJob.
fn other_kinds_say_the_same(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    let Outcome::Answered(Answer::Decided(_)) = outcome else {
        return Ok(());
    };
    let prefix = match case.object.get("kind").and_then(Value::as_str) {
        Some("Pod") => "",
        Some("Deployment") => "/spec/template",
        _ => return Ok(()),
    };
    // Those cases are about the object around the Pod template.
    if case.has_request()
        || case.name.starts_with("requests/")
        || case.object.pointer("/metadata/ownerReferences").is_some()
    {
        return Ok(());
    }
    let template = case.object.pointer(prefix).cloned().unwrap_or_default();
    let template = json!({"metadata": template.get("metadata"), "spec": template.get("spec")});
    let forms = [
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"]}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template}}),
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": template}}}}),
    ];
    let say = |outcome: &Outcome| -> Vec<_> {
        let tell = |violation: &Violation| {
            let path = violation.finding.path.to_string();
            let below = path.strip_prefix("spec.jobTemplate.").unwrap_or(&path);
            let below = below.strip_prefix("spec.template.").unwrap_or(below).to_owned();
            // Only a Job waits for its Pods to complete.
            let action = (violation.rule.id != "never-completing-job").then_some(violation.action);
            (violation.rule.id, action, below, violation.finding.detail.clone())
        };
        // Deadlines belong to the kind.
        let is_of_kind = |violation: &&Violation| !violation.finding.detail.contains("DeadlineSeconds");
        outcome.violations().iter().filter(is_of_kind).map(tell).collect()
    };
    for form in forms {
        let other = Outcome::of_library(&case.with_object(form));
        ensure!(say(&other) == say(outcome), "another kind is judged differently: {:#}", other.to_value());
    }
    Ok(())
}
