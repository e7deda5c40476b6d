//! `sidecar-startup rules`.

use std::io::{self, Write as _};

use anyhow::{Context as _, anyhow};
use sidecar_startup::rules::RULES;

/// Prints the documentation of a rule, or one line for each rule.
pub(crate) fn print(id: Option<&str>) -> anyhow::Result<()> {
    let text = match id {
        Some(id) => {
            let rule = RULES.iter().find(|rule| rule.id.name() == id);
            let rule =
                rule.ok_or_else(|| anyhow!("there is no rule {id}; `sidecar-startup rules` lists them"))?;
            let repaired =
                rule.repaired_with().map(|fix| format!(", repaired with fix: {fix}")).unwrap_or_default();
            format!("{} ({} by default{repaired})\n\n{}", rule.id, rule.default_action(), rule.doc())
        }
        None => RULES
            .iter()
            .map(|rule| {
                format!("{:<32}{:<6}{}\n", rule.id.name(), rule.default_action().to_string(), rule.summary())
            })
            .collect(),
    };
    io::stdout().write_all(text.as_bytes()).context("cannot write the rules")
}
