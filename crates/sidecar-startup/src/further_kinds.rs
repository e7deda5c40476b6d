//! The Pod templates of kinds listed in the setting `podTemplates`.
//!
//! Such an object is read as JSON values. Each of its templates is wrapped in a `PodTemplate` and judged as one.

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
    let mut judged = Vec::new();
    let mut seen = Vec::new();
    for path in paths {
        if !seen.contains(&path.steps()) {
            seen.push(path.steps());
            judged.extend(judge_templates(terms, request, path));
        }
    }
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
    mut paths: impl Iterator<Item = &'s TemplatePath>,
) -> bool {
    let Some(object) = request.get("object") else { return false };
    paths.any(|path| {
        let mut templates = Vec::new();
        collect_at(object, path.steps(), &mut Vec::new(), &mut templates);
        templates.iter().any(|(_, template)| {
            let stand_in = stand_in(request, template).to_string();
            #[expect(
                clippy::redundant_closure_for_method_calls,
                reason = "the method path is not general over lifetimes"
            )]
            with_pod(Kind::Custom, &stand_in, settings, Sender::default(), |pod| pod.has_sidecar())
                .unwrap_or_default()
        })
    })
}

/// The timeline of each Pod template at one of `paths` of the request's object.
pub(crate) fn timelines<'s>(
    terms: Terms<'_>,
    request: &Value,
    paths: impl Iterator<Item = &'s TemplatePath>,
) -> Vec<Timeline> {
    let mut templates = Vec::new();
    if let Some(object) = request.get("object") {
        paths.for_each(|path| collect_at(object, path.steps(), &mut Vec::new(), &mut templates));
    }
    let timeline = |(path, template): (FieldPath, &Value)| {
        let stand_in = stand_in(request, template).to_string();
        let of_pod = |pod: &Pod<'_>| Timeline::of(&Context::new(pod, terms));
        let timeline = with_pod(Kind::Custom, &stand_in, terms.settings, terms.sender, of_pod).ok()?;
        Some(Timeline { template: path.to_string(), ..timeline })
    };
    templates.into_iter().filter_map(timeline).collect()
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

/// The decision on each Pod template that `path` leads to, with the field path of the template.
fn judge_templates(terms: Terms<'_>, request: &Value, path: &TemplatePath) -> Vec<(FieldPath, Decision)> {
    let templates_of = |object: &str| {
        let mut found = Vec::new();
        if let Some(object) = request.get(object) {
            collect_at(object, path.steps(), &mut Vec::new(), &mut found);
        }
        found
    };
    let is_update = text(request, "/operation") == "UPDATE";
    let old = if is_update { templates_of("oldObject") } else { Vec::new() };
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
    let templates = templates_of("object").into_iter().filter(|(_, template)| is_new(template));
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
    let known = || known.to_vec();
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

/// Collects into `found` every object that `steps` lead to from `value`, which is at `path`.
fn collect_at<'a>(
    value: &'a Value,
    steps: &[String],
    path: &mut Vec<Segment>,
    found: &mut Vec<(FieldPath, &'a Value)>,
) {
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
