//! The rules: what each is, and all of them in order.

mod app_container_restart_policy;
mod app_not_held;
mod classic_sidecar;
mod missing_wait_for;
mod never_completing_job;
mod sidecar_after_dependent;
pub(crate) mod sidecar_blocks_init;
pub(crate) mod sidecar_on_unsupported_node;
pub(crate) mod sidecar_without_startup_probe;
mod slow_startup_gate;
pub(crate) mod startup_gate_never_opens;
mod startup_gate_proves_nothing;
mod unheld_mesh_injection;

use crate::pod::Pod;
use crate::repair::Repair;
use crate::settings::{Action, Fix, Settings};
use crate::violation::Finding;

/// One way in which a Pod can fail to start in the right order.
#[derive(Debug)]
pub struct Rule {
    /// Names what is wrong, in kebab-case. The file, the setting and the documentation use it.
    pub id: &'static str,
    /// What is done about it unless the settings say otherwise.
    pub default: Action,
    /// The text of the file that it is defined in.
    source: &'static str,
    /// Looks for it in a Pod, in Pod order.
    pub(crate) check: fn(&Pod<'_>, &Settings, &mut Vec<Finding>),
    /// Repairs what was found; nothing where only its author can.
    pub(crate) repair: Option<Repair>,
}

impl Rule {
    /// What the rule means, why, and how to mend it, in Markdown: the comment at the top of the file that defines it.
    #[must_use]
    pub fn doc(&self) -> String {
        let lines = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
    }
}

impl Rule {
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

/// The documentation of all rules, in Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut text = "# Rules\n\nWritten from the comments at the top of the files in `crates/sidecar-startup/src/rules`; \
         `sidecar-startup rules ID` prints one.\n"
        .to_owned();
    for rule in RULES {
        let doc = rule.doc().replace("\n# ", "\n### ");
        let repaired =
            rule.repaired_with().map(|fix| format!("; repaired with `fix: {fix}`")).unwrap_or_default();
        text += &format!("\n## {}\n\nDefault: {}{repaired}\n\n{doc}", rule.id, rule.default);
    }
    text
}

/// All rules, in the order in which they speak of the same field.
pub static RULES: &[Rule] = &[
    classic_sidecar::RULE,
    sidecar_without_startup_probe::RULE,
    app_not_held::RULE,
    sidecar_blocks_init::RULE,
    never_completing_job::RULE,
    startup_gate_never_opens::RULE,
    startup_gate_proves_nothing::RULE,
    sidecar_after_dependent::RULE,
    missing_wait_for::RULE,
    sidecar_on_unsupported_node::RULE,
    unheld_mesh_injection::RULE,
    app_container_restart_policy::RULE,
    slow_startup_gate::RULE,
];

/// The ids of all rules.
#[expect(clippy::indexing_slicing, reason = "it is evaluated by the compiler, which would say so")]
pub static IDS: &[&str] = &{
    let mut ids = [""; RULES.len()];
    let mut index = 0;
    while index < ids.len() {
        ids[index] = RULES[index].id;
        index += 1;
    }
    ids
};
