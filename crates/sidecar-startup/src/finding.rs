//! Findings, violations and refusals, and how they are worded.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::model::container_id::ContainerId;
use crate::model::field::FieldPath;
use crate::settings::action::Action;
use crate::settings::rule_id::RuleId;

/// Why something is not repaired, as text to follow "not repaired: ".
pub type Refusal = Cow<'static, str>;

/// The maximum length of a warning, in characters: the API server may cut longer ones. Most say all in about 120
/// (<https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response>).
const MAX_WARNING: usize = 256;

/// What a check found, before the settings decide what happens.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What breaks the rule.
    pub subject: Subject,
    /// The field, in the object as it was sent. It may not exist there.
    pub path: FieldPath,
    /// What kind of error it is.
    pub kind: ErrorKind,
    /// What is wrong, why that matters, and how to fix it; on one line.
    pub detail: String,
    /// The same in about 120 characters, path and rule included, for a warning.
    pub short: String,
    /// The strictest action allowed, whatever the rule's action is.
    pub ceiling: Action,
}

/// What breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A container.
    Container(ContainerId),
    /// The Pod as a whole.
    Pod(Key),
}

impl Subject {
    /// The container, if it is one.
    #[must_use]
    pub const fn container(&self) -> Option<ContainerId> {
        match self {
            Self::Container(id) => Some(*id),
            Self::Pod(_) => None,
        }
    }
}

/// What in a Pod as a whole a finding is about, such as an annotation. It distinguishes findings of the same rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Cow<'static, str>);

impl Key {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Key {
    fn from(key: &'static str) -> Self {
        Self(Cow::Borrowed(key))
    }
}

impl From<String> for Key {
    fn from(key: String) -> Self {
        Self(Cow::Owned(key))
    }
}

/// The kinds of error, in the words of the API server
/// (`staging/src/k8s.io/apimachinery/pkg/util/validation/field/errors.go`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The field must be there.
    Required,
    /// The value is not allowed there.
    Invalid,
    /// The value would be allowed elsewhere.
    Forbidden,
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

/// One rule broken at one field path.
#[derive(Debug, Clone)]
pub struct Violation {
    /// The rule.
    pub rule: RuleId,
    /// The resulting action; never [`Action::Ignore`].
    pub action: Action,
    /// The name of the container that breaks it, if one does. Unlike its position, the name survives moves.
    pub container: Option<String>,
    /// What was found.
    pub finding: Finding,
    /// Why it was not repaired, if that was tried.
    pub refusal: Option<Refusal>,
    /// What a repair would put at the path of the finding, whatever the setting `fix` allows. It may repeat values of the object, so it
    /// is only for someone who has the object: without the cargo feature `texts`, as in the policy's module, there is none.
    pub proposal: Option<Value>,
    /// Where there is no repair for want of an argument of the container: its `args` with what would make one possible. Like `proposal`,
    /// only for someone who has the object.
    pub arguments: Option<(FieldPath, Vec<String>)>,
}

/// Identifies a violation across revisions of an object.
pub(crate) type Fault<'v> = (RuleId, Option<&'v str>, Option<&'v Key>);

impl Violation {
    /// Which fault it is: the rule, and either the name of the container or what in the Pod as a whole breaks it.
    pub(crate) fn fault(&self) -> Fault<'_> {
        let key = match &self.finding.subject {
            Subject::Pod(key) => Some(key),
            Subject::Container(_) => None,
        };
        (self.rule, self.container.as_deref(), key)
    }

    /// Downgrades it to a warning if it was there before, or something worse, with at least the same action.
    pub(crate) fn downgrade_known(&mut self, before: &[Self]) {
        if before.iter().any(|old| old.covers(self) && self.action <= old.action) {
            self.action = self.action.min(Action::Warn);
        }
    }

    /// Whether another violation is no worse than this one: it is the same, or what remains once the container has become a sidecar container
    /// without a gate.
    fn covers(&self, other: &Self) -> bool {
        const WORSE: [RuleId; 4] = [
            RuleId::AppNotHeld,
            RuleId::ClassicSidecar,
            RuleId::NeverCompletingJob,
            RuleId::SidecarBlocksInit,
        ];
        let is_step = WORSE.contains(&self.rule)
            && other.rule == RuleId::SidecarWithoutStartupProbe
            && self.container == other.container;
        is_step || self.fault() == other.fault()
    }

    /// The violation as a warning: one line with its whole field path and why it was not repaired. If that is too long, the end of the
    /// text is cut.
    #[must_use]
    pub fn warning(&self) -> String {
        let Finding { path, short, .. } = &self.finding;
        let refusal =
            self.refusal.as_ref().map(|reason| format!("; not repaired: {reason}")).unwrap_or_default();
        one_line(&format!("{path}: "), &format!("{short}{refusal}"), &format!(" ({})", self.rule))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { path, kind, detail, .. } = &self.finding;
        write!(f, "{path}: {kind}: {detail}")?;
        if let Some(reason) = &self.refusal {
            write!(f, "; not repaired: {reason}")?;
        }
        write!(f, " ({})", self.rule)
    }
}

/// A warning of at most 256 characters: the end of `text` is cut if it would be longer, and then that of the path.
pub(crate) fn one_line(before: &str, text: &str, after: &str) -> String {
    let cut = |text: String, room: usize| match text.char_indices().nth(room) {
        Some(_) => {
            let text: String = text.chars().take(room.saturating_sub(1)).collect();
            format!("{}…", text.trim_end())
        }
        None => text,
    };
    let room = MAX_WARNING.saturating_sub(before.chars().count() + after.chars().count());
    cut(format!("{before}{}{after}", cut(text.to_owned(), room)), MAX_WARNING)
}
