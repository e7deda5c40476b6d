//! Rules and actions make a decision.

use crate::pod::Pod;
use crate::read::ReadError;
use crate::request::Request;
use crate::rules::RULES;
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
}

/// Judges a request. What the policy has no say in is allowed.
///
/// # Errors
/// The object is of a kind that is judged, but the way to its Pod template breaks off.
pub fn evaluate(settings: &Settings, request: &Request<'_>) -> Result<Decision, ReadError> {
    let Some((kind, object)) = request.subject() else {
        return Ok(Decision::default());
    };
    let pod = Pod::new(kind, &PodTemplate::of(kind, object)?, settings);
    let mut violations = Vec::new();
    let mut findings = Vec::new();
    for rule in RULES {
        let action = settings.action(rule);
        if action == Action::Ignore {
            continue;
        }
        (rule.check)(&pod, settings, &mut findings);
        violations.extend(findings.drain(..).map(|finding| Violation {
            rule,
            action: action.min(finding.ceiling),
            finding,
        }));
    }
    violations.sort_by_key(|violation| pod.rank(&violation.finding.path));
    Ok(Decision { violations })
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

    /// The violations that are no reason to keep the object out, each as one line. They are not told again where a denial
    /// tells them.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.violations
            .iter()
            .filter(|violation| violation.action == Action::Warn)
            .map(Violation::warning)
            .collect()
    }

    /// What stands in the audit log: under `violations` every one of them in full, one a line, its action first. Nothing
    /// for an object in which there is nothing to find.
    #[must_use]
    pub fn audit_annotations(&self) -> Vec<(&'static str, String)> {
        if self.violations.is_empty() {
            return Vec::new();
        }
        let lines: Vec<_> =
            self.violations.iter().map(|violation| format!("{:?}: {violation}", violation.action)).collect();
        vec![("violations", lines.join("\n"))]
    }
}
