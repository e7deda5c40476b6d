//! Rules and actions make a decision.

use crate::invalid;
use crate::pod::Pod;
use crate::read::ReadError;
use crate::request::Request;
use crate::rules::RULES;
use crate::sequence::Sequence;
use crate::settings::{Action, Settings};
use crate::template::PodTemplate;
use crate::violation::Violation;

/// How much of a denial is said in full, in characters. Events are cut at 1,024, and the API server puts the name of the
/// webhook before it.
const MAX_MESSAGE: usize = 900;

/// What the policy says of one request.
#[derive(Debug, Default)]
pub struct Decision {
    /// All violations of rules that are not ignored, in Pod order, then rule order.
    pub violations: Vec<Violation>,
    /// The start-up sequence, on one line, where there is a violation.
    pub sequence: Option<String>,
}

/// Judges a request. What the policy has no say in is allowed.
///
/// Where an object is being changed, a violation that it had before is a warning: nobody is kept from an urgent change by
/// what is not part of it.
///
/// # Errors
/// The object is of a kind that is judged, but the way to its Pod template breaks off, or the API server would refuse it.
pub fn evaluate(settings: &Settings, request: &Request<'_>) -> Result<Decision, ReadError> {
    let Some((kind, object)) = request.subject() else { return Ok(Decision::default()) };
    let template = PodTemplate::of(kind, object)?;
    let old = request.old_object.as_ref().and_then(|old| Some((old, PodTemplate::of(kind, old).ok()?)));
    if old.as_ref().is_some_and(|(_, old)| old.metadata == template.metadata && old.spec == template.spec) {
        return Ok(Decision::default());
    }
    let pod = Pod::new(kind, object, &template, settings);
    if let Some(error) = invalid::first_error(&pod) {
        return Err(error);
    }
    let mut violations = violations(&pod, settings);
    if let (false, Some((old, template))) = (violations.is_empty(), old) {
        let old = Pod::new(kind, old, &template, settings);
        let known = self::violations(&old, settings);
        for violation in &mut violations {
            violation.forgive(&known);
        }
    }
    let sequence = (!violations.is_empty()).then(|| Sequence::of(&pod).to_string());
    Ok(Decision { violations, sequence })
}

/// What is wrong with a Pod, in Pod order, then rule order.
fn violations(pod: &Pod<'_>, settings: &Settings) -> Vec<Violation> {
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
                violations.push(Violation { rule, action, container, finding });
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

    /// The violations that are no reason to keep the object out, each as one line.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.violations
            .iter()
            .filter(|violation| violation.action == Action::Warn)
            .map(Violation::warning)
            .collect()
    }

    /// What stands in the audit log: under `violations` every one of them in full, one a line, its action first, and the
    /// `startup-sequence`. Nothing for an object in which there is nothing to find.
    #[must_use]
    pub fn audit_annotations(&self) -> Vec<(&'static str, String)> {
        if self.violations.is_empty() {
            return Vec::new();
        }
        let lines: Vec<_> =
            self.violations.iter().map(|violation| format!("{}: {violation}", violation.action)).collect();
        let sequence = self.sequence.iter().map(|sequence| ("startup-sequence", sequence.clone()));
        sequence.chain([("violations", lines.join("\n"))]).collect()
    }
}
