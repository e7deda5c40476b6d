//! The rules: what each is, and all of them in order.

mod app_container_restart_policy;
mod classic_sidecar;
mod never_completing_job;
mod sidecar_blocks_init;
mod sidecar_without_startup_probe;

use crate::pod::Pod;
use crate::settings::{Action, Settings};
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
}

/// The text of a rule's file. The compiled module does without it.
const fn source(text: &'static str) -> &'static str {
    if cfg!(target_family = "wasm") { "" } else { text }
}

impl Rule {
    /// What the rule means, why, and how to mend it, in Markdown: the comment at the top of the file that defines it.
    #[must_use]
    pub fn doc(&self) -> String {
        let lines = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
    }
}

/// All rules, in the order in which they speak of the same field.
pub static RULES: &[Rule] = &[
    classic_sidecar::RULE,
    sidecar_without_startup_probe::RULE,
    sidecar_blocks_init::RULE,
    never_completing_job::RULE,
    app_container_restart_policy::RULE,
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
