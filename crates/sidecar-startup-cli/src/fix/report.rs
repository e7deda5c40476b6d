//! What `fix` says about its work, on the standard error: the manifests have the standard output.

use std::io::{self, Write};

use crate::check::Status;
use crate::totals::counted;

/// Says what is done, and counts.
pub(super) struct Report {
    /// Where it says so. A closed log must not stop the repairs.
    log: Box<dyn Write>,
    repaired: usize,
    denied: usize,
    refused: usize,
    errors: usize,
    /// The patches of kustomizations, which may name what was repaired in their bases.
    pub(super) patches: usize,
}

/// What becomes of an object.
pub(super) struct Outcome {
    /// Where it is, and what: `shop.yaml:3: Deployment shop`.
    pub(super) object: String,
    /// The repairs.
    pub(super) fixes: Vec<String>,
    /// Why its text stays as it is all the same.
    pub(super) refusal: Option<String>,
    /// The denials that remain.
    pub(super) denials: Vec<String>,
}

impl Default for Report {
    fn default() -> Self {
        Self::to(Box::new(io::stderr()))
    }
}

impl Report {
    /// A report that goes there.
    pub(super) fn to(log: Box<dyn Write>) -> Self {
        Self { log, repaired: 0, denied: 0, refused: 0, errors: 0, patches: 0 }
    }

    fn say(&mut self, line: &str) {
        _ = writeln!(self.log, "{line}");
    }

    /// Something cannot be read or written.
    pub(super) fn error(&mut self, place: &str, reason: &str) {
        self.errors += 1;
        self.say(&format!("{place}: error: {reason}"));
    }

    /// An object was looked at.
    pub(super) fn add(&mut self, outcome: &Outcome) {
        let Outcome { object, fixes, refusal, denials } = outcome;
        self.denied += usize::from(!denials.is_empty());
        match refusal {
            Some(reason) => {
                self.refused += 1;
                self.say(&format!("{object}: not changed: {reason}"));
            }
            None if !fixes.is_empty() => {
                self.repaired += 1;
                self.say(&format!("{object}: repaired"));
            }
            None if !denials.is_empty() => self.say(&format!("{object}: not repaired")),
            None => {}
        }
        let fix = if refusal.is_some() { "would be" } else { "fix" };
        for text in fixes {
            self.say(&format!("  {fix}: {text}"));
        }
        for text in denials {
            self.say(&format!("  still denied: {text}"));
        }
    }

    /// Sums up.
    pub(super) fn end(&mut self) {
        let refused =
            if self.refused == 0 { String::new() } else { format!(", {} not changed", self.refused) };
        let errors =
            if self.errors == 0 { String::new() } else { format!(", {}", counted(self.errors, "error")) };
        self.say(&format!("{} repaired, {} still denied{refused}{errors}", self.repaired, self.denied));
        if self.repaired != 0 && self.patches != 0 {
            self.say(
                "note: patches of a kustomization are not repaired and may name what was moved: check what they make, \
                 with `kubectl kustomize FOLDER | sidecar-startup check`",
            );
        }
    }

    /// How the command ends.
    pub(super) const fn status(&self) -> Status {
        match (self.errors, self.denied) {
            (0, 0) => Status::Clean,
            (0, _) => Status::Denied,
            _ => Status::Failed,
        }
    }
}
