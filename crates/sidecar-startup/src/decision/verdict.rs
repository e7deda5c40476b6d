//! A decision, and how it is reported to the user.

use std::fmt;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::finding::{Refusal, Violation, one_line};
use crate::model::field::FieldPath;
use crate::rules::rule;
use crate::rules::rule::Rule;
use crate::settings::action::{Action, Fix};
use crate::settings::help::Help;
use crate::settings::rule_id::RuleId;

/// The maximum length of a denial's message, in characters. Events are cut at 1,024, and the API server puts the name of the webhook
/// before the message.
const MAX_MESSAGE: usize = 900;

/// What the policy answers to one request.
#[derive(Debug, Default)]
pub struct Decision {
    /// All violations of rules that are not ignored, in Pod order, then rule order. If the object was repaired, those that remain.
    pub violations: Vec<Violation>,
    /// The start-up sequence, on one line, if there is a violation or a repair.
    pub sequence: Option<String>,
    /// What was repaired.
    pub fixes: Vec<Repaired>,
    /// The repaired object, if it was repaired. What was not repaired is written as it was sent.
    pub object: Option<Box<RawValue>>,
    /// What the message of a denial ends with.
    pub help: Help,
}

/// Something that was repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The field that was repaired, in the object as it was before that.
    pub path: FieldPath,
    /// What was done.
    pub what: String,
    /// The rule that was broken; none if this is about all repairs together.
    pub rule: Option<RuleId>,
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)?;
        self.rule.map_or(Ok(()), |rule| write!(f, " ({rule})"))
    }
}

impl Repaired {
    /// The repair as a warning: one line of at most 256 characters.
    #[must_use]
    pub fn warning(&self) -> String {
        let rule = self.rule.map(|rule| format!(" ({rule})")).unwrap_or_default();
        one_line(&format!("fix: {}: ", self.path), &self.what, &rule)
    }
}

impl Decision {
    /// Whether the object is allowed.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.denied().next().is_none()
    }

    /// The violations that deny the object.
    pub(super) fn denied(&self) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(|violation| violation.action == Action::Deny)
    }

    /// The repaired object, if it was repaired, parsed.
    #[must_use]
    pub fn repaired(&self) -> Option<Value> {
        serde_json::from_str(self.object.as_ref()?.get()).ok()
    }

    /// The message of a denial: as many of the violations that deny the object as fit, a count of the rest, and where there is help. The
    /// others are warnings beside it.
    #[must_use]
    pub fn message(&self) -> String {
        let mut message = String::new();
        let room = MAX_MESSAGE.saturating_sub(self.help.length());
        for (said, text) in self.denied().map(ToString::to_string).enumerate() {
            let separator = if message.is_empty() { "" } else { "; " };
            if said != 0 && room < message.chars().count() + separator.len() + text.chars().count() {
                message += &format!("; and {} more", self.denied().count() - said);
                break;
            }
            message += separator;
            message += &text;
        }
        format!("{message}{}", self.help)
    }

    /// The repairs, and the violations that do not deny the object, each as one line.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.violations.iter().filter(|violation| violation.action == Action::Warn);
        self.fixes.iter().map(Repaired::warning).chain(warnings.map(Violation::warning)).collect()
    }

    /// The annotations of the audit log: `violations` lists all of them in full, one per line, each after its action; `fixes` lists what
    /// was repaired; and `startup-sequence`. None for an object without findings.
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

    /// Adds a reason to each violation that `fix` allows to repair but that has none yet.
    pub(super) fn refuse(&mut self, reason: &Refusal, fix: Fix) {
        for violation in self.violations.iter_mut().filter(|violation| violation.refusal.is_none()) {
            let repaired_with = rule(violation.rule).and_then(Rule::repaired_with);
            violation.refusal = repaired_with.is_some_and(|needs| needs <= fix).then(|| reason.clone());
        }
    }

    /// Restores the wording and paths of violations that remain after repairs to those of the object as it was sent.
    pub(super) fn keep_original_wording(&mut self, before: &[Violation]) {
        for violation in &mut self.violations {
            if let Some(old) = before.iter().find(|old| old.fault() == violation.fault()) {
                violation.finding = old.finding.clone();
                violation.proposal.clone_from(&old.proposal);
                violation.arguments.clone_from(&old.arguments);
            }
        }
    }
}
