//! The verdict on an object, and what is said about it.

use serde_json::Value;
use sidecar_startup::{Action, Answer, RuleId, Violation};

/// The verdict on one object.
pub(crate) struct Verdict {
    /// Whether it is denied.
    pub(crate) is_denied: bool,
    /// The repairs that the policy would make.
    pub(crate) fixes: Vec<String>,
    /// The violations, or why the object cannot be read.
    pub(crate) remarks: Vec<Remark>,
    /// The repaired object, if it was repaired.
    pub(crate) object: Option<Value>,
}

/// One denial or warning about an object.
#[derive(Debug, Clone)]
pub(crate) struct Remark {
    /// Whether it is only a warning.
    pub(crate) is_warning: bool,
    /// The rule; none if the object cannot be read.
    pub(crate) rule: Option<RuleId>,
    /// The field, as a JSON pointer.
    pub(crate) pointer: String,
    /// The field, as the policy writes it.
    pub(crate) field: String,
    /// The container that breaks the rule, if one does.
    pub(crate) container: Option<String>,
    /// The policy's text: `<field path>: <kind of error>: <detail> (<rule>)`.
    pub(crate) text: String,
    /// What is wrong, and what to do.
    pub(crate) detail: String,
    /// Why it was not repaired, if that was tried.
    pub(crate) refusal: Option<String>,
    /// The `args` of its container with which it could be repaired, as a JSON pointer and words.
    pub(crate) arguments: Option<(String, Vec<String>)>,
}

impl Verdict {
    /// The verdict in an answer of the library.
    pub(crate) fn of(answer: Answer) -> Self {
        let is_denied = !answer.is_allowed();
        let (fixes, remarks, object) = match answer {
            Answer::Decided(decision) => (
                decision.fixes.iter().map(ToString::to_string).collect(),
                decision.violations.iter().map(Remark::of_violation).collect(),
                decision.repaired(),
            ),
            Answer::Unreadable { error, .. } => {
                let remark = Remark {
                    is_warning: false,
                    rule: None,
                    pointer: error.path.to_pointer(),
                    field: error.path.to_string(),
                    container: None,
                    text: error.to_string(),
                    detail: error.to_string(),
                    refusal: None,
                    arguments: None,
                };
                (Vec::new(), vec![remark], None)
            }
        };
        Self { is_denied, fixes, remarks, object }
    }
}

impl Remark {
    /// Whether both are about the same rule and container.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        (self.rule, &self.container) == (other.rule, &other.container)
    }

    /// A violation as a remark.
    pub(crate) fn of_violation(violation: &Violation) -> Self {
        Self {
            is_warning: violation.action == Action::Warn,
            rule: Some(violation.rule),
            pointer: violation.finding.path.to_pointer(),
            field: violation.finding.path.to_string(),
            container: violation.container.clone(),
            text: violation.to_string(),
            detail: violation.finding.detail.clone(),
            refusal: violation.refusal.as_ref().map(ToString::to_string),
            arguments: violation.arguments.as_ref().map(|(path, words)| (path.to_pointer(), words.clone())),
        }
    }

    /// What a compiled policy says that the library does not.
    #[cfg(feature = "module")]
    pub(crate) fn of_text(is_warning: bool, text: &str) -> Self {
        Self {
            is_warning,
            rule: None,
            pointer: String::new(),
            field: String::new(),
            container: None,
            text: text.to_owned(),
            detail: text.to_owned(),
            refusal: None,
            arguments: None,
        }
    }
}
