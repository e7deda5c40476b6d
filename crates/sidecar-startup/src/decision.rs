//! Judges a request: rules and actions lead to a decision, repairs change the object, and the result is judged again.

mod obstacles;
mod round;
mod rounds;
pub(crate) mod verdict;

use std::cell::OnceCell;
use std::mem;

use self::round::repair_of;
use self::rounds::Repairs;
use self::verdict::Decision;
use crate::finding::{Refusal, Violation};
use crate::model::read::{ReadError, ReadErrorKind};
use crate::model::request::Request;
use crate::model::template::PodTemplate;
use crate::pod::Pod;
use crate::repair::arguments;
use crate::repair::author::Author;
use crate::repair::draft::{Draft, ObjectText};
use crate::repair::edit::value_at;
use crate::repair::plan::{Task, Trial};
use crate::repair::probe_source::outdated;
use crate::rules::{rule, violations};
use crate::settings::action::Fix;
use crate::startup::context::{Context, Terms};
use crate::startup::invalid::{Invalid, first_error};
use crate::startup::sequence::Sequence;

/// Returns the violations before a change. They only lead to warnings, so that nobody is kept from an urgent change by something that
/// is not part of it.
pub(crate) type Known<'k> = &'k dyn Fn() -> &'k [Violation];

/// Judges a request. Anything that the policy does not judge is allowed.
///
/// # Errors
/// The object should have a Pod template but has none, or the API server would reject it.
pub(crate) fn evaluate(
    terms: Terms<'_>,
    request: &Request<'_>,
    text: ObjectText<'_>,
) -> Result<Decision, ReadError> {
    let Some((kind, object)) = request.subject() else { return Ok(Decision::default()) };
    let template = PodTemplate::of(kind, object)?;
    let old = request.old_object.as_ref().and_then(|old| Some((old, PodTemplate::of(kind, old).ok()?)));
    if old.as_ref().is_some_and(|(_, old)| old.metadata == template.metadata && old.spec == template.spec) {
        return Ok(Decision::default());
    }
    let pod = Pod::new(kind, object, &template, terms.settings);
    let old = old.as_ref().map(|(old, template)| Pod::new(kind, old, template, terms.settings));
    let known = OnceCell::new();
    let find = || old.as_ref().map(|old| violations(&Context::new(old, terms))).unwrap_or_default();
    let known = || known.get_or_init(find).as_slice();
    decide(terms, &pod, old.as_ref(), &known, text)
}

/// Judges a Pod template, repairs it if the settings ask for that, and judges it again. `old` is the Pod before a change.
///
/// # Errors
/// The API server would reject the object.
pub(crate) fn decide<'p>(
    terms: Terms<'p>,
    pod: &'p Pod<'p>,
    old: Option<&'p Pod<'p>>,
    known: Known<'_>,
    text: ObjectText<'_>,
) -> Result<Decision, ReadError> {
    let context = Context::new(pod, terms);
    let mut judged = judge(&context, || violations(&context), known);
    if cfg!(feature = "texts")
        && let Ok(decision) = &mut judged
    {
        propose(&context, &mut decision.violations, text);
    }
    if terms.settings.fix == Fix::None {
        return judged.map_err(|invalid| invalid.error);
    }
    let mut outdated = old.map(|old| outdated(&context, &Context::new(old, terms))).unwrap_or_default();
    if !outdated.is_empty() {
        let author = Author::of(text);
        outdated.retain(|id| pod.get(*id).is_none_or(|it| !author.has_written_probe_of(&it.fields.name)));
    }
    let may_repair = match &judged {
        Ok(_) if !outdated.is_empty() => true,
        Ok(decision) => decision.violations.iter().any(is_repairable),
        // A duplicate name may come from an earlier repair.
        Err(_) => pod.containers.iter().any(|container| pod.twin_of(container).is_some()),
    };
    if !may_repair {
        return judged.map_err(|invalid| invalid.error);
    }
    let found = judged.as_ref().ok().map(|decision| decision.violations.clone());
    let verdict =
        |after: &Context<'_>, found| judge_again(&context, after, found, known, judged.as_ref().ok());
    match rounds::repair(&context, terms, found, text, &outdated, &verdict) {
        Ok(repairs) => settle(judged, repairs, terms.settings.fix),
        Err(reason) => judged.map_err(|invalid| invalid.error).map(|mut decision| {
            decision.refuse(&reason, terms.settings.fix);
            decision
        }),
    }
}

fn is_repairable(violation: &Violation) -> bool {
    rule(violation.rule).is_some_and(|rule| rule.repair.is_some())
}

/// Accepts the repairs or leaves the object as it is: all or nothing. What is still denied has to be fixed by hand anyway.
fn settle(judged: Result<Decision, Invalid>, mut repairs: Repairs, fix: Fix) -> Result<Decision, ReadError> {
    let verdict = mem::replace(&mut repairs.verdict, Ok(Decision::default()));
    match (verdict, judged) {
        (Ok(mut decision), judged) if !repairs.done.is_empty() => {
            if let Ok(judged) = judged {
                decision.keep_original_wording(&judged.violations);
            }
            repairs.explain(&mut decision.violations);
            Ok(Decision { fixes: repairs.done, object: repairs.object, ..decision })
        }
        (verdict, Ok(mut decision)) => {
            repairs.explain(&mut decision.violations);
            if let Err(reason) = verdict {
                decision.refuse(&reason, fix);
            }
            Ok(decision)
        }
        (_, Err(Invalid { container, error: ReadError { path, kind: ReadErrorKind::Invalid(detail) } })) => {
            let reason = repairs.reason_for(container);
            let reason = reason.map(|reason| format!("; not repaired: {reason}")).unwrap_or_default();
            Err(ReadError { path, kind: ReadErrorKind::Invalid(format!("{detail}{reason}")) })
        }
        (_, Err(invalid)) => Err(invalid.error),
    }
}

/// Judges the repaired object.
///
/// # Errors
/// Why the repairs must not be made.
fn judge_again(
    before: &Context<'_>,
    after: &Context<'_>,
    found: Vec<Violation>,
    known: Known<'_>,
    judged: Option<&Decision>,
) -> Result<Decision, Refusal> {
    if let Some(obstacle) = obstacles::new_obstacle(before, after) {
        return Err(format!("the result would violate {obstacle}").into());
    }
    let decision = judge(after, || found, known).map_err(|_| "the API server would reject the result")?;
    let decision = Decision { sequence: Some(Sequence::of(after.pod).to_string()), ..decision };
    if decision.is_allowed() {
        return Ok(decision);
    }
    let is_known = |violation: &&Violation| {
        judged.is_some_and(|judged| judged.violations.iter().any(|known| known.fault() == violation.fault()))
    };
    let new = decision.denied().find(|violation| !is_known(violation));
    Err(match new {
        Some(violation) => format!("the result would violate {}", violation.rule).into(),
        None => "the object would still be denied for other violations".into(),
    })
}

/// Judges a Pod with these violations.
///
/// # Errors
/// The API server would reject the object.
fn judge(
    context: &Context<'_>,
    found: impl FnOnce() -> Vec<Violation>,
    known: Known<'_>,
) -> Result<Decision, Invalid> {
    if let Some(invalid) = first_error(context.pod) {
        return Err(invalid);
    }
    let mut violations = found();
    if violations.is_empty() {
        return Ok(Decision::default());
    }
    let known = known();
    for violation in &mut violations {
        violation.downgrade_known(known);
    }
    Ok(Decision { violations, sequence: Some(Sequence::of(context.pod).to_string()), ..Decision::default() })
}

/// Adds to each violation what a repair would put at its path, or else the arguments that it takes.
fn propose(context: &Context<'_>, violations: &mut [Violation], text: ObjectText<'_>) {
    if violations.is_empty() {
        return;
    }
    let Some(draft) = Draft::of(text, context.pod.template_path()) else { return };
    for violation in violations {
        let finding = &violation.finding;
        let task = Task { context, subject: &finding.subject, trial: Trial::Alone };
        let repair = repair_of(context, violation);
        let plan = repair.and_then(|(_, repair)| (repair.plan)(&task, &draft).ok());
        let container = finding.subject.container().and_then(|id| context.pod.get(id));
        violation.arguments = container.filter(|_| plan.is_none()).and_then(|container| {
            let path = context.pod.path_of(container).child("args");
            Some((path, arguments::switched_on(context, container)?))
        });
        violation.proposal = plan.and_then(|plan| value_at(&plan.edits, context.pod, &finding.path));
    }
}
