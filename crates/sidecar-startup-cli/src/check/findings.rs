//! Makes findings of what the library and the readers say.

use sidecar_startup::RuleId;
use sidecar_startup::settings::help::Help;

use crate::baseline::Known;
use crate::input::Unreadable;
use crate::instead;
use crate::judge::{Judge, Remark, Verdict};
use crate::object::Object;
use crate::report::{Finding, INVALID, INVALID_ANNOTATION, Level, Named, UNREADABLE};

/// Adds to the findings what to write instead, each container once: to what denies the object, else to what only warns.
pub(super) fn propose(
    judge: &Judge,
    (object, request): (&Object<'_>, &str),
    excused: &[(RuleId, Option<String>)],
    verdict: &Verdict,
    findings: &mut [Finding],
) {
    let (repaired, left) = instead::repair(judge, request, excused);
    let mut changes = repaired.map(|repaired| instead::of(object, &repaired)).unwrap_or_default();
    let mut counting: Vec<_> =
        findings.iter_mut().zip(&verdict.remarks).filter(|(finding, _)| finding.counts()).collect();
    counting.sort_by_key(|(finding, _)| finding.level != Level::Denied);
    for (finding, remark) in &mut counting {
        let left_there = || left.iter().find(|other| other.is_alike(remark))?.refusal.clone();
        finding.refusal = finding.refusal.take().or_else(left_there);
        if finding.container.is_some() {
            let own = |change: &mut instead::Instead| change.container == finding.container;
            finding.instead = changes.extract_if(.., own).collect();
        }
    }
    // What else the repair does belongs to all of them.
    let level = counting.first().map(|(finding, _)| finding.level);
    if let Some((finding, _)) = counting.iter_mut().rfind(|(finding, _)| Some(finding.level) == level) {
        finding.instead.append(&mut changes);
    }
}

/// How the baseline identifies a finding.
pub(super) fn known(named: Named<'_>, finding: &Finding) -> Known {
    Known {
        kind: named.kind.to_owned(),
        namespace: named.namespace.map(str::to_owned),
        name: named.name.to_owned(),
        rule: finding.id.to_owned(),
        container: finding.container.clone(),
    }
}

/// What the library says about an object. A denial says where to find help.
pub(super) fn of_remark(object: &Object<'_>, remark: &Remark, help: &Help) -> Finding {
    let position = object.position(&remark.pointer);
    let help = if remark.is_warning { &Help::default() } else { help };
    Finding {
        level: if remark.is_warning { Level::Warning } else { Level::Denied },
        excuse: None,
        id: remark.rule.map_or(INVALID, RuleId::name),
        position: Some(position),
        line: object.lines_from(position.line).next().map(Into::into),
        field: remark.field.clone(),
        container: remark.container.clone(),
        detail: remark.detail.clone(),
        message: format!("{}{help}", remark.text),
        help: help.line().to_owned(),
        refusal: remark.refusal.clone(),
        instead: Vec::new(),
    }
}

/// An annotation that cannot be honoured.
pub(super) fn of_annotation(object: &Object<'_>, pointer: &str, reason: &str) -> Finding {
    let position = object.position(pointer);
    let line = object.lines_from(position.line).next().map(Into::into);
    let unreadable = Unreadable { position: Some(position), reason: reason.to_owned(), line };
    Finding { id: INVALID_ANNOTATION, ..of_unreadable(unreadable) }
}

/// What cannot be read.
pub(super) fn of_unreadable(unreadable: Unreadable) -> Finding {
    let Unreadable { position, reason, line } = unreadable;
    Finding {
        level: Level::Error,
        excuse: None,
        id: UNREADABLE,
        position,
        line,
        field: String::new(),
        container: None,
        message: reason.clone(),
        detail: reason,
        help: String::new(),
        refusal: None,
        instead: Vec::new(),
    }
}
