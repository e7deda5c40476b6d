//! The Pod templates of kinds listed in the setting `podTemplates`.
//!
//! Such an object is read as JSON values. Each of its templates is wrapped in a `PodTemplate` and judged as one.

use std::collections::BTreeSet;
use std::iter;

use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use crate::decision::decide;
use crate::decision::verdict::{Decision, Repaired};
use crate::finding::Violation;
use crate::model::field::{FieldPath, Segment};
use crate::model::object::Object;
use crate::model::owners::Sender;
use crate::model::read::text;
use crate::model::request::is_judged;
use crate::model::template::Kind;
use crate::pod::{Pod, with_pod};
use crate::repair::draft::ObjectText;
use crate::rules::violations;
use crate::settings::Settings;
use crate::settings::action::Fix;
use crate::settings::pod_templates::TemplatePath;
use crate::startup::context::{Context, Terms};
use crate::timeline::Timeline;

/// Judges and repairs the Pod templates at `paths` of the request's object. A path that leads nowhere, or to something other than
/// a Pod template, is skipped: the Pods that the object creates are judged anyway.
pub(crate) fn evaluate<'s>(
    terms: Terms<'_>,
    request: &Value,
    paths: impl Iterator<Item = &'s TemplatePath>,
) -> Decision {
    let found = found_at(request.get("object"), paths).into_iter();
    let mut judged: Vec<_> =
        found.flat_map(|(path, templates)| judge_templates(terms, request, path, templates)).collect();
    // All or nothing: if one template is still denied, report all of them as they came in.
    if judged.iter().any(|(_, decision)| !decision.is_allowed()) {
        let mut settings = terms.settings.clone();
        settings.fix = Fix::None;
        let as_sent = Terms { settings: &settings, ..terms };
        for (path, decision) in judged.iter_mut().filter(|(_, decision)| decision.object.is_some()) {
            let judged = request.get("object").and_then(|object| object.pointer(&path.to_pointer()));
            *decision =
                judged.map(|template| judge_template(as_sent, request, template, &[])).unwrap_or_default();
        }
    }
    merged(request, judged)
}

/// Whether a Pod template at one of `paths` has a sidecar that a rule may report.
pub(crate) fn has_sidecar<'s>(
    settings: &Settings,
    request: &Value,
    paths: impl Iterator<Item = &'s TemplatePath>,
) -> bool {
    found_at(request.get("object"), paths).iter().flat_map(|(_, templates)| templates).any(|(_, template)| {
        let stand_in = stand_in(request, template).to_string();
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method path is not general over lifetimes"
        )]
        with_pod(Kind::Custom, &stand_in, settings, Sender::default(), |pod| pod.has_sidecar())
            .unwrap_or_default()
    })
}

/// The timeline of each Pod template at one of `paths` of the request's object.
pub(crate) fn timelines<'s>(
    terms: Terms<'_>,
    request: &Value,
    paths: impl Iterator<Item = &'s TemplatePath>,
) -> Vec<Timeline> {
    let timeline = |(path, template): (FieldPath, &Value)| {
        let stand_in = stand_in(request, template).to_string();
        let of_pod = |pod: &Pod<'_>| Timeline::of(&Context::new(pod, terms));
        let timeline = with_pod(Kind::Custom, &stand_in, terms.settings, terms.sender, of_pod).ok()?;
        Some(Timeline { template: path.to_string(), ..timeline })
    };
    let found = found_at(request.get("object"), paths).into_iter();
    found.flat_map(|(_, templates)| templates).filter_map(timeline).collect()
}

/// The decision on the whole object, from the decisions on its templates.
fn merged(request: &Value, judged: Vec<(FieldPath, Decision)>) -> Decision {
    let mut all = Decision::default();
    let mut object = None;
    for (path, decision) in judged {
        // The template of a stand-in is at `template`.
        let place = |below: &FieldPath| path.join(&below.segments().iter().skip(1).cloned().collect());
        let repaired = decision.repaired();
        for mut violation in decision.violations {
            violation.finding.path = place(&violation.finding.path);
            all.violations.push(violation);
        }
        all.fixes.extend(decision.fixes.into_iter().map(|fix| Repaired { path: place(&fix.path), ..fix }));
        if let Some(mut repaired) = repaired {
            let object = object.get_or_insert_with(|| request.get("object").cloned().unwrap_or_default());
            if let (Some(template), Some(place)) =
                (repaired.get_mut("template"), object.pointer_mut(&path.to_pointer()))
            {
                *place = template.take();
            }
        }
    }
    all.object = object.and_then(|object| to_raw_value(&object).ok());
    all
}

/// The decision on each of the Pod templates that `path` leads to, with the field path of the template.
fn judge_templates(
    terms: Terms<'_>,
    request: &Value,
    path: &TemplatePath,
    templates: Vec<Found<'_>>,
) -> Vec<(FieldPath, Decision)> {
    let is_update = text(request, "/operation") == "UPDATE";
    let old = request.get("oldObject").filter(|_| is_update);
    let old: Vec<_> = found_at(old, iter::once(path)).into_iter().flat_map(|(_, old)| old).collect();
    let violations_in = |template: &Value| {
        let stand_in = stand_in(request, template).to_string();
        with_pod(Kind::Custom, &stand_in, terms.settings, terms.sender, |pod| {
            violations(&Context::new(pod, terms))
        })
        .unwrap_or_default()
    };
    let known: Vec<_> = old.iter().flat_map(|(_, old)| violations_in(old)).collect();
    // Compared with all old templates, since they may change places in their list.
    let is_new = |template: &Value| old.iter().all(|(_, old)| *old != template);
    let templates = templates.into_iter().filter(|(_, template)| is_new(template));
    templates.map(|(path, template)| (path, judge_template(terms, request, template, &known))).collect()
}

/// The decision on one Pod template.
fn judge_template(terms: Terms<'_>, request: &Value, template: &Value, known: &[Violation]) -> Decision {
    let json = stand_in(request, template).to_string();
    let (operation, sub_resource) = (text(request, "/operation"), text(request, "/subResource"));
    let is_judged = serde_json::from_str::<Object<'_>>(&json).is_ok_and(|mut object| {
        object.doubt_owners(Kind::Custom, terms.sender);
        is_judged(Kind::Custom, operation, sub_resource, &object)
    });
    if !is_judged {
        return Decision::default();
    }
    let known = || known;
    let text = ObjectText { text: &json, keys: &[] };
    let decision = with_pod(Kind::Custom, &json, terms.settings, terms.sender, |pod| {
        decide(terms, pod, None, &known, text)
    });
    // Sequences are left out: with several templates, nothing would tell which one a sequence belongs to.
    decision
        .and_then(|decision| decision)
        .map(|decision| Decision { sequence: None, ..decision })
        .unwrap_or_default()
}

/// Wraps a Pod template in a `PodTemplate` with the metadata of the object.
fn stand_in(request: &Value, template: &Value) -> Value {
    json!({"metadata": request.pointer("/object/metadata"), "template": template})
}

/// A Pod template, and where it is in its object.
type Found<'o> = (FieldPath, &'o Value);

/// The Pod templates of an object to which each of `paths` leads. One to which several of them lead is found by the first.
fn found_at<'o, 's>(
    object: Option<&'o Value>,
    paths: impl Iterator<Item = &'s TemplatePath>,
) -> Vec<(&'s TemplatePath, Vec<Found<'o>>)> {
    let mut places = BTreeSet::new();
    let found = |path: &'s TemplatePath| {
        let mut templates = Vec::new();
        collect_at(object.unwrap_or(&Value::Null), path.steps(), &mut Vec::new(), &mut templates);
        templates.retain(|(place, _)| places.insert(place.clone()));
        (path, templates)
    };
    paths.map(found).filter(|(_, templates)| !templates.is_empty()).collect()
}

/// Collects into `found` every object that `steps` lead to from `value`, which is at `path`.
fn collect_at<'a>(value: &'a Value, steps: &[String], path: &mut Vec<Segment>, found: &mut Vec<Found<'a>>) {
    let Some((step, rest)) = steps.split_first() else {
        if value.is_object() {
            found.push((path.iter().cloned().collect(), value));
        }
        return;
    };
    let children: Vec<_> = match value {
        Value::Object(fields) if step == "*" => {
            fields.iter().map(|(key, field)| (Segment::Key(key.clone()), field)).collect()
        }
        Value::Array(items) if step == "*" => {
            items.iter().enumerate().map(|(index, item)| (Segment::Index(index), item)).collect()
        }
        Value::Object(fields) => {
            fields.get(step).map(|field| (Segment::Key(step.clone()), field)).into_iter().collect()
        }
        Value::Array(items) => {
            let index = step.parse().ok();
            index.and_then(|index| Some((Segment::Index(index), items.get(index)?))).into_iter().collect()
        }
        _ => Vec::new(),
    };
    for (segment, child) in children {
        path.push(segment);
        collect_at(child, rest, path, found);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_found_once() {
        let object = json!({"a": {"x": {}, "y": {}}, "b": {"x": {}}});
        let paths: Vec<TemplatePath> =
            serde_json::from_value(json!(["/a/y", "/a/*", "/*/x", "/a/y", "/c"])).unwrap();
        let found = found_at(Some(&object), paths.iter());
        let places: Vec<_> =
            found.iter().flat_map(|(_, found)| found).map(|(place, _)| place.to_string()).collect();
        assert_eq!(places, ["a.y", "a.x", "b.x"]);
    }
}
