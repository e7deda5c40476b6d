//! One round of repairs: what is found in one revision of the object is planned and carried out, and the next revision is written.

use serde_json::value::RawValue;

use super::verdict::Repaired;
use crate::finding::{Refusal, Subject, Violation};
use crate::model::container_id::ContainerId;
use crate::pod::container::Container;
use crate::repair::draft::{Draft, ObjectText};
use crate::repair::edit::Edit;
use crate::repair::plan::{Phase, Repair, Task, Trial};
use crate::repair::probe_source::Source;
use crate::rules::rule;
use crate::settings::action::Action;
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;

/// What was repaired in one round, and what was not.
#[derive(Default)]
pub(super) struct Round {
    /// The next revision; none if it could not be read.
    pub(super) object: Option<Box<RawValue>>,
    /// What was repaired.
    pub(super) made: Vec<(Repaired, Violation)>,
    /// What was not.
    pub(super) refused: Vec<Refused>,
}

/// Derives the `startupProbe` of some sidecar containers again. Returns the object, if anything was done, and what.
pub(super) fn renew(
    context: &Context<'_>,
    outdated: &[ContainerId],
    object: ObjectText<'_>,
) -> Option<(Option<Box<RawValue>>, Vec<Repaired>)> {
    if outdated.is_empty() {
        return None;
    }
    let mut made = Vec::new();
    let mut draft = Draft::of(object, context.pod.template_path())?;
    for id in outdated {
        let Some(container) = context.pod.get(*id) else { continue };
        // That it opens was seen when it was found to be outdated.
        let Ok(source) = Source::choose(context, container) else { continue };
        let what =
            format!("updated the startupProbe of sidecar {} from {source}, which changed", container.name());
        if let Some(value) = source.probe(|field| draft.get(*id, field)) {
            draft.apply(vec![Edit::Set { container: *id, path: &["startupProbe"], value }]);
            let path = context.pod.path_of(container).child("startupProbe");
            made.push(Repaired { path, what, rule: Some(RuleId::SidecarWithoutStartupProbe) });
        }
    }
    if made.is_empty() { None } else { Some((Some(draft.finish()?), made)) }
}

/// Carries out the plans of the first phase in which there is something to repair, but for those that are dropped.
pub(super) fn round(
    context: &Context<'_>,
    found: &[Violation],
    object: ObjectText<'_>,
    dropped: &[Refused],
    trial: Trial,
) -> Round {
    let is_left =
        |violation: &&Violation| dropped.iter().all(|other| other.violation.fault() != violation.fault());
    let mut tasks: Vec<_> = found
        .iter()
        .filter(is_left)
        .filter_map(|violation| {
            let (phase, repair) = repair_of(context, violation)?;
            (repair.needs <= context.settings.fix).then_some((phase, repair, violation))
        })
        .collect();
    tasks.sort_by_key(|(phase, ..)| *phase);
    let mut round = Round::default();
    if tasks.is_empty() {
        return round;
    }
    let Some(mut draft) = Draft::of(object, context.pod.template_path()) else { return round };
    let mut last = None;
    for (phase, repair, violation) in tasks {
        if !round.made.is_empty() && last != Some(phase) {
            break;
        }
        last = Some(phase);
        // Two rules may ask for the same move. Whatever is left is found in the next round.
        let subject = &violation.finding.subject;
        let is_same = |(_, other): &(Repaired, Violation)| {
            subject.container().is_some() && other.finding.subject == *subject
        };
        if round.made.iter().any(is_same) {
            continue;
        }
        let task = Task { context, subject, trial };
        match (repair.plan)(&task, &draft) {
            Ok(plan) if context.settings.fix < plan.needs => {
                // No setting helps where the plan does not work.
                let tried = match trial {
                    Trial::Together => (repair.plan)(&Task { trial: Trial::Alone, ..task }, &draft).err(),
                    Trial::Alone => None,
                };
                let needs = || format!("this takes fix: {}", plan.needs).into();
                let reason = tried.unwrap_or_else(needs);
                round.refused.push(Refused { violation: violation.clone(), reason });
            }
            Ok(plan) => {
                draft.apply(plan.edits);
                let path = violation.finding.path.clone();
                round.made.push((
                    Repaired { path, what: plan.what, rule: Some(violation.rule) },
                    violation.clone(),
                ));
            }
            Err(reason) => round.refused.push(Refused { violation: violation.clone(), reason }),
        }
    }
    round.object = draft.finish();
    round
}

/// How a violation is repaired, and in which phase; none if only the author of the object can do it.
pub(super) fn repair_of(context: &Context<'_>, violation: &Violation) -> Option<(Phase, &'static Repair)> {
    let repair = rule(violation.rule)?.repair.as_ref()?;
    let container = violation.finding.subject.container().and_then(|id| context.pod.get(id));
    // Mere warnings about the Pod as a whole, such as nodes that could not be listed, are left to the reader.
    if container.is_none() && violation.finding.ceiling != Action::Deny {
        return None;
    }
    let is_of_mesh = repair.phase == Phase::Container && container.is_some_and(Container::redirects_traffic);
    Some((if is_of_mesh { Phase::Mesh } else { repair.phase }, repair))
}

/// A violation that was not repaired, and why.
#[derive(Debug)]
pub(super) struct Refused {
    /// What was found.
    pub(super) violation: Violation,
    /// Why it stays.
    pub(super) reason: Refusal,
}

/// The name of the container that the repair of a violation changes, or adds.
pub(super) fn target(violation: &Violation) -> Option<&str> {
    match &violation.finding.subject {
        Subject::Container(_) => violation.container.as_deref(),
        Subject::Pod(key) => Some(key.as_str()),
    }
}
