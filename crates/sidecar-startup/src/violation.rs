//! Violations, and how they are said.

use std::fmt;

use serde_json::Value;

use crate::field::FieldPath;
use crate::rules::Rule;
use crate::settings::Action;

/// The most characters of a warning: the API server may cut longer ones
/// (<https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response>).
const MAX_WARNING: usize = 120;

/// What a check found, before it is known what is done about it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The field, of the object as it was sent. It need not be there.
    pub path: FieldPath,
    /// What kind of error it is.
    pub kind: ErrorKind,
    /// Who does what wrong, why that matters, and how to mend it; on one line.
    pub detail: String,
    /// The same in so few words that it fits into a warning.
    pub short: String,
    /// The most that may be done about it, whatever the rule's action is.
    pub ceiling: Action,
    /// What to put at `path` to mend it. It may repeat what stands in the object, and so is only for whoever holds that.
    pub suggestion: Option<Value>,
}

/// The kinds of error, in the words of the API server
/// (`staging/src/k8s.io/apimachinery/pkg/util/validation/field/errors.go`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The field has to be there.
    Required,
    /// The value may not stand there.
    Invalid,
    /// What stands there would be fine elsewhere.
    Forbidden,
}

/// One rule broken at one field path.
#[derive(Debug, Clone)]
pub struct Violation {
    /// The rule.
    pub rule: &'static Rule,
    /// What is done about it; never [`Action::Ignore`].
    pub action: Action,
    /// The name of the container that breaks it, where one does. It stays the same when containers change places.
    pub container: Option<String>,
    /// What was found.
    pub finding: Finding,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "Required value",
            Self::Invalid => "Invalid value",
            Self::Forbidden => "Forbidden",
        })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { path, kind, detail, .. } = &self.finding;
        write!(f, "{path}: {kind}: {detail} ({})", self.rule.id)
    }
}

impl Violation {
    /// Makes a warning of a violation that was there before, and was no milder then.
    pub(crate) fn forgive(&mut self, before: &[Self]) {
        // What is wrong with the Pod as a whole is told apart by what is said of it.
        let is_same = |old: &Self| {
            old.rule.id == self.rule.id
                && old.container == self.container
                && (self.container.is_some() || old.finding.short == self.finding.short)
        };
        if before.iter().any(|old| is_same(old) && self.action <= old.action) {
            self.action = self.action.min(Action::Warn);
        }
    }

    /// The violation as a warning: one line of at most 120 characters. Where it does not fit, the way to the Pod's spec is
    /// left out of the path, and then the end of the text.
    #[must_use]
    pub fn warning(&self) -> String {
        let path = self.finding.path.to_string();
        let full = format!("{path}: {} ({})", self.finding.short, self.rule.id);
        if full.chars().count() <= MAX_WARNING {
            return full;
        }
        let path = path.rsplit_once("spec.").map_or(path.as_str(), |(_, below)| below);
        let frame = path.chars().count() + self.rule.id.chars().count() + ": … ()".chars().count();
        let room = MAX_WARNING.saturating_sub(frame);
        if self.finding.short.chars().count() <= room + 1 {
            return format!("{path}: {} ({})", self.finding.short, self.rule.id);
        }
        let short: String = self.finding.short.chars().take(room).collect();
        format!("{path}: {}… ({})", short.trim_end(), self.rule.id)
    }
}
