//! What a rule is.

use crate::finding::Finding;
use crate::pod::container::Container;
use crate::pod::{HELPERS_ANNOTATION, Pod};
use crate::repair::plan::Repair;
use crate::settings::action::{Action, Fix};
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;

/// One way in which a Pod can fail to start in the right order.
#[derive(Debug)]
pub struct Rule {
    /// Names what is wrong. The file, the settings and the documentation use it.
    pub id: RuleId,
    /// The text of the file that defines it.
    pub(super) source: &'static str,
    /// Looks for violations in a Pod, in Pod order.
    pub(super) check: fn(&Context<'_>, &mut Vec<Finding>),
    /// How findings are repaired; none if only the author of the object can do it.
    pub(crate) repair: Option<Repair>,
}

/// What the author of a Pod can do about a sidecar, instead of what a message asks for; empty if there is nothing else.
pub(super) fn or_call_helper(pod: &Pod<'_>, sidecar: &Container<'_>) -> String {
    if !pod.may_call_helper(sidecar) {
        return String::new();
    }
    format!(", or name it in the annotation {HELPERS_ANNOTATION} if {} can do without it", pod.application())
}

impl Rule {
    /// Looks for violations in a Pod, in Pod order.
    pub(crate) fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        (self.check)(context, findings);
    }

    /// What happens on a violation unless the settings say otherwise.
    #[must_use]
    pub const fn default_action(&self) -> Action {
        self.id.default_action()
    }

    /// What the rule means, why, and how to fix what it finds, in Markdown: the comment at the top of its file.
    #[must_use]
    pub fn doc(&self) -> String {
        let lines = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
    }

    /// The lowest value of the setting `fix` at which findings are repaired; none if only the author of the object can do it.
    #[must_use]
    pub fn repaired_with(&self) -> Option<Fix> {
        self.repair.as_ref().map(|repair| repair.needs)
    }

    /// What is wrong, in a sentence.
    #[must_use]
    pub fn summary(&self) -> String {
        let doc = self.doc();
        doc.split_once("\n\n").map_or(doc.as_str(), |(summary, _)| summary).replace('\n', " ")
    }
}
