//! The repair loop. Repairs run in rounds: the rules check the object, repairs of what they find are planned and applied, and the rules
//! check again, until nothing is left to repair. So a sidecar that lost its `restartPolicy` gets it back in one round, and its
//! `startupProbe` in a later one, from the rule that requires it. Repairing the result again changes nothing.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::round::{Refused, Round, renew, round, target};
use super::verdict::{Decision, Repaired};
use crate::finding::{Fault, Refusal, Violation};
use crate::model::container_id::ContainerId;
use crate::pod::container::Container;
use crate::pod::with_pod;
use crate::repair::budget;
use crate::repair::draft::ObjectText;
use crate::repair::plan::Trial;
use crate::rules::{rule, violations};
use crate::startup::broken::Broken;
use crate::startup::context::{Context, Terms};
use crate::startup::lineup::Lineup;

/// The outcome of repairing an object.
#[derive(Debug)]
pub(super) struct Repairs {
    /// The object, repaired; none if it is as it was sent.
    pub(super) object: Option<Box<RawValue>>,
    /// What was repaired.
    pub(super) done: Vec<Repaired>,
    /// The verdict on it, or why the repairs must not be made.
    pub(super) verdict: Result<Decision, Refusal>,
    /// What was not repaired, and why.
    refused: Vec<Refused>,
}

/// The maximum number of rounds. Each repair is made once, and enables at most the next phase.
const MAX_ROUNDS: usize = 12;

/// How many repairs of a round are tried one by one at most, each of which takes a graph of the whole Pod. No author's Pod has so many.
const MOST_ALONE: usize = 100;

/// Returns the verdict on a revision of the object, with its violations, or why it must not take the place of the object as it was sent.
pub(super) type Verdict<'v> = &'v dyn Fn(&Context<'_>, Vec<Violation>) -> Result<Decision, Refusal>;

/// Repairs an object, sent as this Pod with these violations, as far as the settings allow. The `startupProbe` of the containers
/// `outdated` is derived again.
///
/// # Errors
/// The repairs do not converge, or the object cannot be read.
pub(super) fn repair(
    sent: &Context<'_>,
    terms: Terms<'_>,
    found: Option<Vec<Violation>>,
    object: ObjectText<'_>,
    outdated: &[ContainerId],
    verdict: Verdict<'_>,
) -> Result<Repairs, Refusal> {
    let rounds = Rounds { sent, terms, verdict };
    let (renewed, mut done) = renew(sent, outdated, object).unwrap_or_default();
    let mut step = match (&renewed, found) {
        (None, Some(found)) => rounds.step(sent, found, object, &[], Trial::Together),
        (renewed, _) => rounds.step_from(renewed.as_deref(), object, &[], Trial::Together)?,
    };
    let mut revision = renewed;
    let mut working = Working { hangs: hangs(sent), object: None };
    let mut dropped = Vec::new();
    let mut trial = Trial::Together;
    let mut left = MAX_ROUNDS;
    while left != 0 {
        let (repaired, made) = match step {
            Step::Round { object, made } => (object, made),
            Step::Settled { verdict, mut refused, rise } => {
                refused.append(&mut dropped);
                let rise = rise.filter(|_| !done.is_empty());
                let path = sent.pod.path();
                done.extend(rise.map(|what| Repaired { path: path.clone(), what, rule: None }));
                return Ok(Repairs { object: revision, done, verdict, refused });
            }
        };
        step = match rounds.next(&repaired, &working)? {
            Ok((next, hangs)) => {
                if working.hangs {
                    working = Working { hangs, object: Some(repaired.clone()) };
                }
                done.extend(made.into_iter().map(|(repaired, _)| repaired));
                revision = Some(repaired);
                dropped.clear();
                trial = Trial::Together;
                left -= 1;
                next
            }
            Err(broken) => {
                // First each plan is tried by itself; only what they do to each other makes one of them be dropped.
                match trial {
                    Trial::Together if MOST_ALONE < made.len() => dropped.extend(drop_all(made, &broken)),
                    Trial::Together => trial = Trial::Alone,
                    Trial::Alone => dropped.extend(drop_one(made, broken)),
                }
                rounds.step_from(revision.as_deref(), object, &dropped, trial)?
            }
        };
    }
    Err("the repairs undo each other".into())
}

/// Takes all repairs of one round, of which some break something.
fn drop_all(
    made: Vec<(Repaired, Violation)>,
    Broken { reason, .. }: &Broken,
) -> impl Iterator<Item = Refused> {
    let reason: Refusal =
        format!("of more than {MOST_ALONE} repairs, one would break the Pod: {reason}").into();
    made.into_iter().map(move |(_, violation)| Refused { violation, reason: reason.clone() })
}

/// Of the repairs of one round, takes the one that breaks something.
fn drop_one(mut made: Vec<(Repaired, Violation)>, broken: Broken) -> Option<Refused> {
    let Broken { containers, reason, .. } = broken;
    let closes = |(_, violation): &(Repaired, Violation)| {
        target(violation).is_some_and(|name| containers.iter().any(|container| container == name))
    };
    let culprit = made.iter().position(closes);
    let (_, violation) = culprit.map(|culprit| made.swap_remove(culprit)).or_else(|| made.pop())?;
    Some(Refused { violation, reason: reason.into() })
}

/// What comes of one revision of the object.
enum Step {
    /// There was something to repair.
    Round {
        /// The next revision.
        object: Box<RawValue>,
        /// What was repaired.
        made: Vec<(Repaired, Violation)>,
    },
    /// There was nothing to repair.
    Settled {
        /// The verdict on the revision.
        verdict: Result<Decision, Refusal>,
        /// What was not repaired, and why.
        refused: Vec<Refused>,
        /// By how much its resource requests exceed those of the object as it was sent.
        rise: Option<String>,
    },
}

/// The rounds of an object. The plans of one round are tried together. If they keep something from starting that starts in the object as it
/// was sent, each is tried by itself; while those that pass still do so together, the one that closes the shortest circle is dropped.
struct Rounds<'r, 'p> {
    /// The Pod as it was sent.
    sent: &'r Context<'p>,
    terms: Terms<'r>,
    verdict: Verdict<'r>,
}

impl Rounds<'_, '_> {
    /// Looks at a revision of the object. It is read only once, since reading takes most of the time.
    fn look<T>(&self, object: &RawValue, look: impl FnOnce(&Context<'_>) -> T) -> Result<T, Refusal> {
        let Terms { settings, sender, .. } = self.terms;
        with_pod(self.sent.pod.kind, object.get(), settings, sender, |pod| {
            look(&Context::new(pod, self.terms))
        })
        .map_err(|_| Refusal::from("the object cannot be read"))
    }

    /// Repairs a revision of the object, with these violations, but for what was dropped.
    fn step(
        &self,
        context: &Context<'_>,
        found: Vec<Violation>,
        object: ObjectText<'_>,
        dropped: &[Refused],
        trial: Trial,
    ) -> Step {
        let Round { object, made, refused } = round(context, &found, object, dropped, trial);
        match object {
            Some(object) if !made.is_empty() => Step::Round { object, made },
            _ => Step::Settled {
                refused,
                rise: rise(self.sent, context),
                verdict: (self.verdict)(context, found),
            },
        }
    }

    /// The same for a revision that has to be read again, or for the object as it was sent where there is none.
    fn step_from(
        &self,
        revision: Option<&RawValue>,
        sent: ObjectText<'_>,
        dropped: &[Refused],
        trial: Trial,
    ) -> Result<Step, Refusal> {
        let step =
            |context: &Context<'_>, object| self.step(context, violations(context), object, dropped, trial);
        match revision {
            None => Ok(step(self.sent, sent)),
            Some(object) => self.look(object, |context| step(context, object.into())),
        }
    }

    /// What comes of the next revision, and whether it still hangs; or what it would break.
    fn next(&self, object: &RawValue, working: &Working) -> Result<Result<(Step, bool), Broken>, Refusal> {
        self.look(object, |context| {
            if let Some(broken) = self.broken_by(context, working)? {
                return Ok(Err(broken));
            }
            let next = self.step(context, violations(context), object.into(), &[], Trial::Together);
            Ok(Ok((next, working.hangs && hangs(context))))
        })?
    }

    /// What a repair keeps from starting that starts without it.
    fn broken_by(&self, after: &Context<'_>, working: &Working) -> Result<Option<Broken>, Refusal> {
        let broken =
            |before: &Context<'_>| before.sent().broken(&Lineup::of(after.pod, after.settings), None);
        match &working.object {
            None => Ok(broken(self.sent)),
            Some(object) => self.look(object, broken),
        }
    }
}

/// What repairs must not keep from starting: the object as it was sent or, if that hangs, the first revision that does not.
struct Working {
    hangs: bool,
    /// The revision; none for the object as it was sent.
    object: Option<Box<RawValue>>,
}

/// Whether a Pod is certain to hang: a sidecar among the ordinary init containers keeps all that follow from starting.
fn hangs(context: &Context<'_>) -> bool {
    context.pod.containers.iter().any(Container::never_completes)
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
fn rise(before: &Context<'_>, after: &Context<'_>) -> Option<String> {
    let rise = budget::rise(before.pod, after.pod);
    // In one order, however they are written.
    let mut amounts = BTreeMap::new();
    amounts.extend(rise.iter().map(|(name, amount)| (name, format!("{name} {amount}"))));
    let amounts: Vec<_> = amounts.into_values().collect();
    (!amounts.is_empty()).then(|| format!("the Pod's resource requests rise by {}", amounts.join(", ")))
}
