//! Violations, and how they are said.

use std::fmt;

use serde_json::Value;

use crate::field::FieldPath;
use crate::repair::Refusal;
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
    /// Why it is not repaired, where that was tried.
    pub refusal: Option<Refusal>,
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
        write!(f, "{path}: {kind}: {detail}")?;
        if let Some(reason) = &self.refusal {
            write!(f, "; not repaired: {reason}")?;
        }
        write!(f, " ({})", self.rule.id)
    }
}

impl Violation {
    /// Makes a warning of a violation that was there before, and was no milder then.
    pub(crate) fn forgive(&mut self, before: &[Self]) {
        if before.iter().any(|old| self.is_same(old) && self.action <= old.action) {
            self.action = self.action.min(Action::Warn);
        }
    }

    /// Whether it is the same fault, wherever it stands. What is wrong with the Pod as a whole is told apart by what is said of
    /// it.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        other.rule.id == self.rule.id
            && other.container == self.container
            && (self.container.is_some() || other.finding.short == self.finding.short)
    }

    /// The violation as a warning: one line of at most 120 characters. Where it does not fit, left out are, one after the other, why
    /// it is not repaired, the way to the Pod's spec, and the end of the text.
    #[must_use]
    pub fn warning(&self) -> String {
        let path = self.finding.path.to_string();
        let short = &self.finding.short;
        let rule = format!(" ({})", self.rule.id);
        let refusal = self.refusal.iter().map(|reason| format!("; not repaired: {reason}"));
        let below = path.rsplit_once("spec.").map_or(path.as_str(), |(_, below)| below);
        let full = refusal.map(|refusal| format!("{path}: {short}{refusal}{rule}"));
        let mut fitting = full.chain([format!("{path}: {short}{rule}")]);
        let fitting = fitting.find(|warning| warning.chars().count() <= MAX_WARNING);
        fitting.unwrap_or_else(|| one_line(&format!("{below}: "), short, &rule))
    }
}

/// A warning whose text is cut where it would be too long.
pub(crate) fn one_line(before: &str, text: &str, after: &str) -> String {
    let room = MAX_WARNING.saturating_sub(before.chars().count() + after.chars().count());
    if text.chars().count() <= room {
        return format!("{before}{text}{after}");
    }
    let text: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{before}{}…{after}", text.trim_end())
}
