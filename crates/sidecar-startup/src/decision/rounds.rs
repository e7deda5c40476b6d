//! The repair loop. Repairs run in rounds: the rules check the object, repairs of what they find are planned and applied, and the rules
//! check again, until nothing is left to repair. So a sidecar that lost its `restartPolicy` gets it back in one round, and its
//! `startupProbe` in a later one, from the rule that requires it. Repairing the result again changes nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::verdict::Repaired;
use crate::finding::{Fault, Refusal, Violation};
use crate::model::container_id::ContainerId;
use crate::model::template::Kind;
use crate::pod::container::Container;
use crate::pod::with_pod;
use crate::repair::budget;
use crate::repair::draft::Draft;
use crate::repair::edit::Edit;
use crate::repair::plan::{Phase, Repair, Task};
use crate::repair::probe_source::Source;
use crate::rules::{rule, violations};
use crate::settings::action::Action;
use crate::settings::rule_id::RuleId;
use crate::startup::context::{Context, Terms};

/// The outcome of repairing an object.
#[derive(Debug)]
pub(super) struct Repairs {
    /// The object, repaired.
    pub(super) object: Value,
    /// What was repaired.
    pub(super) done: Vec<Repaired>,
    /// What was not repaired, and why.
    refused: Vec<Refused>,
}

/// A violation that was not repaired, and why.
#[derive(Debug)]
struct Refused {
    violation: Violation,
    reason: Refusal,
}

/// The maximum number of rounds. Each repair is made once, and enables at most the next phase.
const MAX_ROUNDS: usize = 12;

/// Repairs an object as far as the settings allow. The `startupProbe` of the containers `outdated` is derived again.
///
/// # Errors
/// The repairs do not converge, or the object cannot be read.
pub(super) fn repair(
    terms: Terms<'_>,
    kind: Kind,
    mut object: Value,
    outdated: &[ContainerId],
) -> Result<Repairs, Refusal> {
    let before = object.to_string();
    let look = |text: &str, object: &mut Value, round: &dyn Fn(&Context<'_>, &mut Value) -> Round| {
        with_pod(kind, text, terms.settings, |pod| round(&Context::new(pod, terms), object))
            .map_err(|_| Refusal::from("the object cannot be read"))
    };
    let mut done = look(&before, &mut object, &|context, object| renew(context, outdated, object))?.made;
    for _ in 0..MAX_ROUNDS {
        let text = object.to_string();
        let Round { made, refused } = look(&text, &mut object, &round)?;
        if made.is_empty() {
            if !done.is_empty() {
                let rise = rise(kind, &before, &text, terms);
                done.extend(rise.map(|what| Repaired { what, rule: None }));
            }
            return Ok(Repairs { object, done, refused });
        }
        done.extend(made);
    }
    Err("the repairs undo each other".into())
}

/// What was repaired in one round, and what was not.
#[derive(Default)]
struct Round {
    made: Vec<Repaired>,
    refused: Vec<Refused>,
}

/// Derives the `startupProbe` of some sidecar containers again.
fn renew(context: &Context<'_>, outdated: &[ContainerId], object: &mut Value) -> Round {
    let mut round = Round::default();
    let Some(mut draft) = Draft::of(object, context.pod.template_path()) else { return round };
    for id in outdated {
        let Some(container) = context.pod.get(*id) else { continue };
        let Ok(source) = Source::of_placed(context, container) else { continue };
        let what =
            format!("updated the startupProbe of sidecar {} from {source}, which changed", container.name());
        let own = |field: &'static str| draft.get(*id, field).cloned();
        if let Some(value) = source.probe(own, context.settings) {
            draft.apply(vec![Edit::Set { container: *id, path: &["startupProbe"], value }]);
            round.made.push(Repaired { what, rule: Some(RuleId::SidecarWithoutStartupProbe) });
        }
    }
    draft.finish();
    round
}

/// One round: the first phase in which there is something to repair.
fn round(context: &Context<'_>, object: &mut Value) -> Round {
    let mut tasks: Vec<_> = violations(context)
        .into_iter()
        .filter_map(|violation| {
            let (phase, repair) = repair_of(context, &violation)?;
            (repair.needs <= context.settings.fix).then_some((phase, repair, violation))
        })
        .collect();
    tasks.sort_by_key(|(phase, ..)| *phase);
    let mut round = Round::default();
    let Some(mut draft) = Draft::of(object, context.pod.template_path()) else { return round };
    let mut last = None;
    for (phase, repair, violation) in tasks {
        if !round.made.is_empty() && last != Some(phase) {
            break;
        }
        last = Some(phase);
        let task = Task { context, subject: &violation.finding.subject };
        match (repair.plan)(&task, &draft) {
            Ok(plan) => {
                draft.apply(plan.edits);
                round.made.push(Repaired { what: plan.what, rule: Some(violation.rule) });
            }
            Err(reason) => round.refused.push(Refused { violation, reason }),
        }
    }
    draft.finish();
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

impl Repairs {
    /// Adds to each violation why it was not repaired.
    pub(super) fn explain(&self, violations: &mut [Violation]) {
        let mut faults: BTreeMap<Fault<'_>, &Refusal> = BTreeMap::new();
        let mut containers: BTreeMap<&str, &Refusal> = BTreeMap::new();
        for Refused { violation, reason } in &self.refused {
            faults.insert(violation.fault(), reason);
            if let Some(container) = &violation.container {
                containers.insert(container, reason);
            }
        }
        for violation in violations {
            // A repair may have gone only part of the way.
            let part_way = || {
                let reason = containers.get(violation.container.as_deref()?)?;
                rule(violation.rule)?.repair.as_ref().map(|_| reason)
            };
            let reason = faults.get(&violation.fault()).or_else(part_way);
            violation.refusal = reason.map(|reason| (*reason).clone());
        }
    }

    /// Why a violation by a container of the object, as it was sent, was not repaired; none if that was not tried.
    pub(super) fn reason_for(&self, container: ContainerId) -> Option<&Refusal> {
        let is_of = |refused: &&Refused| refused.violation.finding.subject.container() == Some(container);
        self.refused.iter().find(is_of).map(|refused| &refused.reason)
    }
}

/// By how much the repairs raise the Pod's resource requests.
fn rise(kind: Kind, before: &str, after: &str, terms: Terms<'_>) -> Option<String> {
    let of = |text: &str| with_pod(kind, text, terms.settings, budget::of_pod).ok();
    let rise = of(after)?.above(&of(before)?);
    let amounts: Vec<_> = rise.iter().map(|(name, amount)| format!("{name} {amount}")).collect();
    (!amounts.is_empty()).then(|| format!("the Pod's resource requests rise by {}", amounts.join(", ")))
}
