//! All objects of a manifest: what the policy answers, and what is wrong where.

use serde::Serialize;
use sidecar_startup::{Action, Answer, RuleId, Violation};

use crate::objects::Object;
use crate::session::{Piece, Session};

/// All objects of a manifest.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The objects, in the order of the text.
    pub objects: Vec<Entry>,
}

/// One object.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its kind; empty if it is no Kubernetes object.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The line at which it begins, starting at 1.
    pub line: usize,
    /// What the policy answers.
    pub verdict: Verdict,
    /// What is wrong with it as it is written.
    pub marks: Vec<Mark>,
}

/// What the policy answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It creates no Pods.
    Skipped,
    /// It is allowed as it is.
    Allowed,
    /// It is allowed once the policy has repaired it.
    Repaired,
    /// It is denied.
    Denied,
}

/// Something to tell about a place in the text.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// The line, starting at 1.
    pub line: usize,
    /// The column in characters, starting at 1.
    pub column: usize,
    /// What happens because of it.
    pub action: Action,
    /// The rule; none if the object cannot be read.
    pub rule: Option<RuleId>,
    /// The field.
    pub path: String,
    /// What is wrong, why that matters, and what to do.
    pub text: String,
}

impl Session {
    /// Judges all objects.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary { objects: self.objects().map(|(piece, object)| self.entry(piece, object)).collect() }
    }

    fn entry(&self, piece: &Piece, object: &Object) -> Entry {
        let mut entry = Entry {
            kind: object.kind().to_owned(),
            name: object.name().to_owned(),
            line: object.position(&piece.documents, "").line + piece.lines_before,
            verdict: Verdict::Skipped,
            marks: Vec::new(),
        };
        if !object.is_workload(&self.judge.parsed) {
            return entry;
        }
        let mark = |pointer: &str| {
            let position = object.position(&piece.documents, pointer);
            (position.line + piece.lines_before, position.column)
        };
        let as_written = self.judge.unrepaired(object);
        let is_clean = as_written.is_allowed() && as_written.violations().is_empty();
        let answer = (self.judge.repairs() && !is_clean).then(|| self.judge.answer(object));
        entry.verdict = match answer.as_ref().unwrap_or(&as_written) {
            answer if !answer.is_allowed() => Verdict::Denied,
            Answer::Decided(decision) if decision.object.is_some() => Verdict::Repaired,
            _ => Verdict::Allowed,
        };
        entry.marks = match as_written {
            Answer::Decided(decision) => {
                let marks = decision.violations.iter();
                marks.map(|violation| of_violation(violation, &mark)).collect()
            }
            Answer::Unreadable { error, .. } => {
                // The path leads through the request.
                let pointer = error.path.to_pointer();
                let (line, column) = mark(pointer.strip_prefix("/request/object").unwrap_or(&pointer));
                let (path, text) = (error.path.to_string(), error.to_string());
                vec![Mark { line, column, action: Action::Deny, rule: None, path, text }]
            }
        };
        entry
    }
}

fn of_violation(violation: &Violation, mark: &dyn Fn(&str) -> (usize, usize)) -> Mark {
    let finding = &violation.finding;
    let (line, column) = mark(&finding.path.to_pointer());
    Mark {
        line,
        column,
        action: violation.action,
        rule: Some(violation.rule),
        path: finding.path.to_string(),
        text: finding.detail.clone(),
    }
}
