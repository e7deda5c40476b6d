//! Repairs the objects of a document, in its text.

use manifest::{Chunk, Document};
use serde_json::{Map, Value};
use sidecar_startup::settings::json::{lenient, with};

use super::report::{Outcome, Report};
use crate::annotations::Ignores;
use crate::input::yaml::{not_yaml, read_document};
use crate::input::{Found, Unreadable};
use crate::judge::{Judge, Remark, Verdict};
use crate::object::Object;

/// Repairs the documents of a file.
pub(super) struct Repairer<'r> {
    pub(super) judge: &'r Judge,
    pub(super) file: &'r str,
}

/// An object that breaks a rule.
struct Faulty {
    /// Its place in the document.
    pointer: String,
    outcome: Outcome,
    /// The repaired object; none if nothing in it can be repaired.
    repaired: Option<Value>,
    /// What is denied as long as it is not repaired.
    denials: Vec<String>,
}

impl Repairer<'_> {
    /// The text of a document with its objects repaired; none if nothing in it changes.
    pub(super) fn repair(&self, chunk: Chunk<'_>, report: &mut Report) -> Option<String> {
        let documents = match manifest::parse(chunk.text) {
            Ok(documents) => documents,
            Err(manifest::Error { position, message }) => {
                let line = position.line + chunk.lines_before;
                let place = format!("{}:{line}:{}", self.file, position.column);
                report.error(&place, &not_yaml(chunk.text, position, &message));
                return None;
            }
        };
        let mut faulty: Vec<Vec<Faulty>> = Vec::new();
        for document in &documents {
            let mut of_document = Vec::new();
            let read = read_document((document, chunk.text, chunk.lines_before + 1), &mut |found| {
                match found {
                    Found::Object(object) => of_document.extend(self.look(&object, report)),
                    Found::Fragment => {}
                    Found::Unreadable(Unreadable { position, reason, .. }) => {
                        let line = position.map_or(0, |position| position.line);
                        report.error(&format!("{}:{line}", self.file), &reason);
                    }
                }
                Ok(())
            });
            if let Err(error) = read {
                report.error(self.file, &format!("cannot be read: {}", error.root_cause()));
            }
            faulty.push(of_document);
        }
        write(&chunk, &documents, faulty, report)
    }

    /// Judges and repairs an object; none if it breaks no rule.
    fn look(&self, object: &Object<'_>, report: &mut Report) -> Option<Faulty> {
        if !self.judge.is_workload(object) {
            return None;
        }
        let request = self.judge.request(object);
        if self.judge.is_unjudged(object, &request) {
            return None;
        }
        let place = |pointer: &str| format!("{}:{}", self.file, object.position(pointer).line);
        let ignores = Ignores::of(&object.json);
        for (pointer, reason) in &ignores.errors {
            report.error(&place(pointer), reason);
        }
        let (found, verdict) = repaired_by(self.judge, (object, &request), &ignores)?;
        let is_excused =
            |remark: &&Remark| remark.rule.is_some_and(|rule| ignores.cover(rule, &remark.pointer));
        let denials = |remarks: &[Remark]| {
            let denied = remarks.iter().filter(|remark| !remark.is_warning && !is_excused(remark));
            denied.map(|remark| remark.text.clone()).collect()
        };
        let (document, pointer) = object.in_document()?;
        let source = document.value.pointer(pointer)?;
        let repaired = verdict.object.map(|repaired| without_defaults(repaired, source));
        let outcome = Outcome {
            object: format!("{}: {} {}", place(""), object.head.kind(), object.head.name()),
            fixes: if repaired.is_some() { verdict.fixes } else { Vec::new() },
            refusal: None,
            denials: denials(&verdict.remarks),
        };
        Some(Faulty { pointer: pointer.to_owned(), outcome, repaired, denials: denials(&found.remarks) })
    }
}

/// What is found about an object with its request, and what is left after its repair; none if it breaks no rule but ignored ones.
pub(crate) fn repaired_by(
    judge: &Judge,
    (object, request): (&Object<'_>, &str),
    ignores: &Ignores,
) -> Option<(Verdict, Verdict)> {
    let settings = judge.settings();
    let found = judge.check_by(request, &with(settings, [("fix", "None".into())]).to_string());
    let is_excused = |remark: &&Remark| remark.rule.is_some_and(|rule| ignores.cover(rule, &remark.pointer));
    let mut rules = settings.get("rules").and_then(Value::as_object).cloned().unwrap_or_default();
    for rule in found.remarks.iter().filter(is_excused).filter_map(|remark| remark.rule) {
        rules.insert(rule.name().to_owned(), "Ignore".into());
    }
    if found.remarks.iter().all(|remark| is_excused(&remark)) {
        return None;
    }
    let verdict = repaired_as_far_as_possible(judge, (object, request), &rules);
    Some((found, verdict))
}

/// An object with its request, repaired as far as possible.
fn repaired_as_far_as_possible(
    judge: &Judge,
    (object, request): (&Object<'_>, &str),
    rules: &Map<String, Value>,
) -> Verdict {
    let settings = with(judge.settings(), [("rules", rules.clone().into())]);
    let verdict = judge.check_by(request, &settings.to_string());
    if verdict.object.is_some() || !verdict.is_denied {
        return verdict;
    }
    let found = verdict.remarks.iter().filter_map(|remark| remark.rule);
    let mut partly = judge.check_by(request, &lenient(&settings, found).to_string());
    let Some(repaired) = &partly.object else { return verdict };
    // What is denied then need not have been found before: a rule may have reported it in place of another one.
    let again = judge.request_for(object, &repaired.to_string());
    let left = judge.check_by(&again, &with(&settings, [("fix", "None".into())]).to_string()).remarks;
    for remark in &mut partly.remarks {
        let same = left.iter().find(|other| other.is_alike(remark));
        remark.is_warning = same.is_none_or(|other| other.is_warning);
    }
    for denied in left.into_iter().filter(|remark| !remark.is_warning) {
        if !partly.remarks.iter().any(|other| other.is_alike(&denied)) {
            partly.remarks.push(denied);
        }
    }
    partly
}

/// Writes the repaired objects into the text of their documents, or none of them.
fn write(
    chunk: &Chunk<'_>,
    documents: &[Document],
    faulty: Vec<Vec<Faulty>>,
    report: &mut Report,
) -> Option<String> {
    let is_repaired = |faulty: &Faulty| faulty.repaired.is_some();
    let written = faulty.iter().flatten().any(is_repaired).then(|| {
        let wanted: Vec<_> =
            documents.iter().zip(&faulty).map(|(document, faulty)| repaired(document, faulty)).collect();
        manifest::edit::rewrite(chunk.text, documents, &wanted)
    });
    let refusal = match &written {
        Some(Err(refusal)) => Some(format!("line {}: {}", refusal.line + chunk.lines_before, refusal.reason)),
        _ => None,
    };
    for Faulty { mut outcome, repaired, denials, .. } in faulty.into_iter().flatten() {
        if repaired.is_some() && refusal.is_some() {
            outcome.refusal.clone_from(&refusal);
            outcome.denials = denials;
        }
        report.add(&outcome);
    }
    written?.ok()
}

/// A document with its objects repaired.
fn repaired(document: &Document, faulty: &[Faulty]) -> Value {
    let mut value = document.value.clone();
    for Faulty { pointer, repaired, .. } in faulty {
        if let (Some(place), Some(repaired)) = (value.pointer_mut(pointer), repaired) {
            place.clone_from(repaired);
        }
    }
    value
}

/// A repaired object without the `apiVersion` and `kind` that were added for judging, unless `source` has them.
fn without_defaults(mut repaired: Value, source: &Value) -> Value {
    if let Some(fields) = repaired.as_object_mut() {
        fields.retain(|key, _| !["apiVersion", "kind"].contains(&key.as_str()) || source.get(key).is_some());
    }
    repaired
}
