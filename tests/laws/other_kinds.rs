//! A Pod is judged alike, whoever creates it.

use anyhow::ensure;
use serde_json::{Value, json};

use crate::case::Case;
use crate::outcome::Outcome;
use crate::seen::{Decision, Violation};

/// A Pod is judged alike whether it is created by itself, by a StatefulSet or by a CronJob.
pub(crate) fn other_kinds_say_the_same(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    let Some(template) = template_for_any_kind(case, outcome) else { return Ok(()) };
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"]});
    // A Deployment has a deadline, which decides how long a gate may take.
    let stateful_set =
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"template": template}});
    let cron_job = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": template}}},
    });
    let of_pod = Outcome::of_library(&case.with_object(pod));
    // In a Job, no annotation makes a helper of a sidecar.
    let makes_helpers = case.settings["annotations"]["helpers"] == "Honoured";
    let forms = [Some(stateful_set), Some(cron_job).filter(|_| !makes_helpers)];
    for form in forms.into_iter().flatten() {
        let other = Outcome::of_library(&case.with_object(form));
        ensure!(
            violations(&other) == violations(&of_pod),
            "another kind is judged differently: {:#}",
            other.to_value()
        );
        ensure!(
            other.object.as_ref().map(template_of) == of_pod.object.as_ref().map(template_of),
            "another kind is repaired differently: {:#}",
            other.object.unwrap_or_default()
        );
    }
    Ok(())
}

/// The Pod template of a case that is about nothing but the template.
fn template_for_any_kind(case: &Case, outcome: &Outcome) -> Option<Value> {
    if outcome.seen.decision == Decision::BadSettings || outcome.is_unreadable() {
        return None;
    }
    let kind = case.object.get("kind").and_then(Value::as_str);
    if !matches!(kind, Some("Pod" | "Deployment")) {
        return None;
    }
    // What stands there decides whether a Pod is judged at all, and no template has it.
    let of_the_object = [
        "/metadata/annotations/kubernetes.io~1config.mirror",
        "/metadata/deletionTimestamp",
        "/metadata/ownerReferences",
        "/status",
    ];
    if case.has_request() || of_the_object.iter().any(|place| case.object.pointer(place).is_some()) {
        return None;
    }
    let template = template_of(&case.object);
    // Only a Job waits for its Pods to complete, and what is denied is not repaired.
    let should_complete = template["spec"]["restartPolicy"].as_str().is_some_and(|policy| policy != "Always");
    let is_repaired = case.settings["fix"].as_str().is_some_and(|fix| fix != "None");
    (!should_complete || !is_repaired).then_some(template)
}

/// The violations without what depends on the kind.
fn violations(outcome: &Outcome) -> Vec<Violation> {
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
    let is_of_template = |violation: &Violation| !violation.text.contains("DeadlineSeconds");
    let all: Vec<_> = outcome.violations().into_iter().filter(is_of_template).map(tell).collect();
    // Where a Job waits, one violation says where a sidecar belongs.
    let keeps_running = |violation: &Violation| {
        all.iter().any(|other| other.rule == "never-completing-job" && other.path == violation.path)
    };
    let is_said_once =
        |violation: &&Violation| violation.rule != "classic-sidecar" || !keeps_running(violation);
    all.iter().filter(is_said_once).cloned().collect()
}

fn template_of(object: &Value) -> Value {
    let places = ["/spec/jobTemplate/spec/template", "/spec/template", ""];
    let template = places.iter().find_map(|place| object.pointer(place)).cloned().unwrap_or_default();
    json!({"metadata": template.get("metadata"), "spec": template.get("spec")})
}
