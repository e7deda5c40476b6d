//! What a rule is.

use crate::finding::Finding;
use crate::repair::plan::Repair;
use crate::settings::action::{Action, Fix};
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;

/// One way in which a Pod can fail to start in the right order.
#[derive(Debug)]
pub struct Rule {
    /// Names what is wrong. The file, the setting and the documentation use it.
    pub id: RuleId,
    /// The text of the file that it is defined in.
    pub(super) source: &'static str,
    /// Looks for violations in a Pod, in Pod order.
    pub(super) check: fn(&Context<'_>, &mut Vec<Finding>),
    /// Repairs what was found; nothing where only its author can.
    pub(crate) repair: Option<Repair>,
}

impl Rule {
    /// Looks for violations in a Pod, in Pod order.
    pub(crate) fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        (self.check)(context, findings);
    }

    /// What is done about a violation unless the settings say otherwise.
    #[must_use]
    pub const fn default_action(&self) -> Action {
        self.id.default_action()
    }

    /// What the rule means, why, and how to fix what it finds, in Markdown: the comment at the top of the file that defines it.
    #[must_use]
    pub fn doc(&self) -> String {
        let lines = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
    }

    /// The least value of the setting `fix` with which it repairs what it finds; nothing where only its author can.
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
