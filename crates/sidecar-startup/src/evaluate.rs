//! Rules and actions make a decision.

use serde_json::Value;

use crate::field::FieldPath;
use crate::invalid;
use crate::object::Object;
use crate::pod::Pod;
use crate::probe::outdated;
use crate::read::{ReadError, ReadErrorKind};
use crate::repair::{Refusal, Repaired, Repairs, repair, safety};
use crate::request::Request;
use crate::rules::RULES;
use crate::sequence::Sequence;
use crate::settings::{Action, Fix, Settings};
use crate::template::{Kind, PodTemplate};
use crate::violation::Violation;

/// How much of a denial is said in full, in characters. Events are cut at 1,024, and the API server puts the name of the
/// webhook before it.
const MAX_MESSAGE: usize = 900;

/// What the policy says of one request.
#[derive(Debug, Default)]
pub struct Decision {
    /// All violations of rules that are not ignored, in Pod order, then rule order. Where the object is repaired, those that are left.
    pub violations: Vec<Violation>,
    /// The start-up sequence, on one line, where there is a violation or a repair.
    pub sequence: Option<String>,
    /// What was repaired.
    pub fixes: Vec<Repaired>,
    /// The object as repaired, where it was.
    pub object: Option<Value>,
}

/// Judges a request. What the policy has no say in is allowed.
///
/// `raw` gives the object as it came in. It is only asked for where there may be something to repair.
///
/// # Errors
/// The object is of a kind that is judged, but the way to its Pod template breaks off, or the API server would refuse it.
pub fn evaluate(
    settings: &Settings,
    request: &Request<'_>,
    raw: impl FnOnce() -> Option<Value>,
) -> Result<Decision, ReadError> {
    let Some((kind, object)) = request.subject() else { return Ok(Decision::default()) };
    let template = PodTemplate::of(kind, object)?;
    let old = request.old_object.as_ref().and_then(|old| Some((old, PodTemplate::of(kind, old).ok()?)));
    if old.as_ref().is_some_and(|(_, old)| old.metadata == template.metadata && old.spec == template.spec) {
        return Ok(Decision::default());
    }
    let known = || {
        let old = old.as_ref().map(|(old, template)| Pod::new(kind, old, template, settings));
        old.map(|old| violations(&old, settings)).unwrap_or_default()
    };
    let pod = Pod::new(kind, object, &template, settings);
    let outdated = match &old {
        Some((old, template)) if settings.fix != Fix::None => {
            outdated(&pod, &Pod::new(kind, old, template, settings), settings)
        }
        _ => Vec::new(),
    };
    decide(&pod, settings, &known, &outdated, raw)
}

/// Judges a Pod template, repairs it if the settings want that, and judges it again.
///
/// `known` are the violations before a change: such a one is only a warning, so that nobody is kept from an urgent change by what is
/// not part of it. `outdated` are the places of containers whose `startupProbe` is to be derived anew.
///
/// # Errors
/// The API server would refuse the object.
pub(crate) fn decide(
    pod: &Pod<'_>,
    settings: &Settings,
    known: &dyn Fn() -> Vec<Violation>,
    outdated: &[usize],
    raw: impl FnOnce() -> Option<Value>,
) -> Result<Decision, ReadError> {
    let judged = judge(pod, settings, known);
    let may_repair = settings.fix != Fix::None
        && match &judged {
            Ok(_) if !outdated.is_empty() => true,
            Ok(decision) => decision.violations.iter().any(|violation| violation.rule.repair.is_some()),
            // A name that is there twice may come from an earlier repair.
            Err(_) => pod.containers.iter().any(|container| pod.twin_of(container).is_some()),
        };
    let Some(object) = may_repair.then(raw).flatten() else { return judged };
    let repairs = match repair(pod.kind, object, outdated, settings) {
        Ok(repairs) => repairs,
        Err(reason) => {
            return judged.map(|mut decision| {
                decision.explain(&reason, settings);
                decision
            });
        }
    };
    match judge_again(pod, &repairs, settings, known, &judged) {
        Ok(mut decision) if !repairs.done.is_empty() => {
            if let Ok(judged) = judged {
                decision.speak_of(&judged.violations);
            }
            repairs.explain(&mut decision.violations);
            Ok(Decision { fixes: repairs.done, object: Some(repairs.object), ..decision })
        }
        // Half a repair would be none: what keeps the object out has to be mended anyway.
        again => match judged {
            Ok(mut decision) => {
                repairs.explain(&mut decision.violations);
                if let Err(reason) = again {
                    decision.explain(&reason, settings);
                }
                Ok(decision)
            }
            Err(ReadError { path, kind: ReadErrorKind::Invalid(detail) }) => {
                let reason = repairs.refused.iter().find(|refused| refused.is_of(pod, &path));
                let reason = reason.map(|refused| format!("; not repaired: {}", refused.reason));
                let detail = format!("{detail}{}", reason.unwrap_or_default());
                Err(ReadError { path, kind: ReadErrorKind::Invalid(detail) })
            }
            Err(error) => Err(error),
        },
    }
}

/// Judges an object once it is repaired.
///
/// # Errors
/// Why the repairs are not to be made.
fn judge_again(
    before: &Pod<'_>,
    repairs: &Repairs,
    settings: &Settings,
    known: &dyn Fn() -> Vec<Violation>,
    judged: &Result<Decision, ReadError>,
) -> Result<Decision, Refusal> {
    let text = repairs.object.to_string();
    let decision = with_pod(before.kind, &text, settings, |after| {
        if let Some(rule) = safety::new_obstacle(before, after, settings) {
            return Err(Refusal::from(format!("the result would break {rule}")));
        }
        let decision = judge(after, settings, known).map_err(|_| "the API server would refuse the result")?;
        Ok(Decision { sequence: Some(Sequence::of(after).to_string()), ..decision })
    });
    let decision = decision.map_err(|_| "it cannot be read")??;
    if decision.is_allowed() {
        return Ok(decision);
    }
    let denied = decision.violations.iter().filter(|violation| violation.action == Action::Deny);
    let is_known = |violation: &Violation| {
        judged.as_ref().is_ok_and(|judged| judged.violations.iter().any(|known| known.is_same(violation)))
    };
    let mut new = denied.filter(|violation| !is_known(violation));
    Err(match new.next() {
        Some(violation) => format!("the result would break {}", violation.rule.id).into(),
        None => "only together with the others".into(),
    })
}

fn judge(
    pod: &Pod<'_>,
    settings: &Settings,
    known: &dyn Fn() -> Vec<Violation>,
) -> Result<Decision, ReadError> {
    if let Some(error) = invalid::first_error(pod) {
        return Err(error);
    }
    let mut violations = violations(pod, settings);
    if violations.is_empty() {
        return Ok(Decision::default());
    }
    let known = known();
    for violation in &mut violations {
        violation.forgive(&known);
    }
    Ok(Decision { violations, sequence: Some(Sequence::of(pod).to_string()), ..Decision::default() })
}

/// Reads an object of that kind, and looks at its Pod template.
pub(crate) fn with_pod<T>(
    kind: Kind,
    object: &str,
    settings: &Settings,
    look: impl FnOnce(&Pod<'_>) -> T,
) -> Result<T, ReadError> {
    let object: Object<'_> = serde_json::from_str(object)
        .map_err(|_| ReadError { path: FieldPath::root(), kind: ReadErrorKind::Missing })?;
    let template = PodTemplate::of(kind, &object)?;
    Ok(look(&Pod::new(kind, &object, &template, settings)))
}

/// What is wrong with a Pod, in Pod order, then rule order.
pub(crate) fn violations(pod: &Pod<'_>, settings: &Settings) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut findings = Vec::new();
    for rule in RULES {
        // A rule that is ignored costs nothing.
        if settings.action(rule) == Action::Ignore {
            continue;
        }
        (rule.check)(pod, settings, &mut findings);
        for finding in findings.drain(..) {
            let container = pod.container_at(&finding.path);
            let action = container.map_or_else(
                || settings.action(rule),
                |container| settings.action_on(rule, container.fields),
            );
            let action = action.min(finding.ceiling);
            if action != Action::Ignore {
                let container = container.map(|container| container.fields.name.to_string());
                violations.push(Violation { rule, action, container, finding, refusal: None });
            }
        }
    }
    violations.sort_by_key(|violation| pod.rank(&violation.finding.path));
    violations
}

impl Decision {
    /// Whether the object is let in.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.violations.iter().all(|violation| violation.action != Action::Deny)
    }

    /// What the user is told when the object is not let in: the violations that keep it out first, all of them counted.
    #[must_use]
    pub fn message(&self) -> String {
        let is_deny = |violation: &&Violation| violation.action == Action::Deny;
        let denied = self.violations.iter().filter(is_deny);
        let others = self.violations.iter().filter(|violation| !is_deny(violation));
        let mut message = String::new();
        for (said, text) in denied.chain(others).map(ToString::to_string).enumerate() {
            let separator = if message.is_empty() { "" } else { "; " };
            if said != 0 && MAX_MESSAGE < message.chars().count() + separator.len() + text.chars().count() {
                message += &format!("; and {} more", self.violations.len() - said);
                break;
            }
            message += separator;
            message += &text;
        }
        message
    }

    /// The repairs, and the violations that are no reason to keep the object out, each as one line.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.violations.iter().filter(|violation| violation.action == Action::Warn);
        self.fixes.iter().map(Repaired::warning).chain(warnings.map(Violation::warning)).collect()
    }

    /// What stands in the audit log: under `violations` every one of them in full, one a line, its action first; under `fixes`
    /// what was repaired; and the `startup-sequence`. Nothing for an object in which there is nothing to find.
    #[must_use]
    pub fn audit_annotations(&self) -> Vec<(&'static str, String)> {
        let violations = self.violations.iter().map(|violation| format!("{}: {violation}", violation.action));
        let fixes = self.fixes.iter().map(ToString::to_string);
        let lines = |lines: Vec<String>| (!lines.is_empty()).then(|| lines.join("\n"));
        let annotations = [
            ("fixes", lines(fixes.collect())),
            ("startup-sequence", self.sequence.clone()),
            ("violations", lines(violations.collect())),
        ];
        annotations.into_iter().filter_map(|(key, text)| Some((key, text?))).collect()
    }

    /// Says of violations that could be repaired why they were not all the same.
    fn explain(&mut self, reason: &Refusal, settings: &Settings) {
        for violation in self.violations.iter_mut().filter(|violation| violation.refusal.is_none()) {
            let is_repaired =
                violation.rule.repair.as_ref().is_some_and(|repair| repair.needs <= settings.fix);
            violation.refusal = is_repaired.then(|| reason.clone());
        }
    }

    /// Says of violations that are left after repairs, but were there before, what stands in the object as it was sent.
    fn speak_of(&mut self, before: &[Violation]) {
        for violation in &mut self.violations {
            if let Some(old) = before.iter().find(|old| old.is_same(violation)) {
                violation.finding = old.finding.clone();
            }
        }
    }
}
