//! `sidecar-startup rules`.

use std::io::{self, Write as _};

use anyhow::{Context as _, anyhow};
use sidecar_startup::RuleId;
use sidecar_startup::model::read::nearest;
use sidecar_startup::rules::RULES;
use sidecar_startup::rules::rule::Rule;

/// The rule with an id.
///
/// # Errors
/// There is none. Says which id may be meant.
pub(crate) fn named(id: &str) -> anyhow::Result<&'static Rule> {
    RULES.iter().find(|rule| rule.id.name() == id).ok_or_else(|| {
        let known: Vec<_> = RuleId::ALL.iter().map(|rule| rule.name()).collect();
        let hint = match nearest(id, &known) {
            Some(nearest) => format!("did you mean \"{nearest}\"?"),
            None => "`sidecar-startup rules` lists them".to_owned(),
        };
        anyhow!("there is no rule \"{}\"; {hint}", id.escape_debug())
    })
}

/// Prints the documentation of a rule, or one line for each rule.
pub(crate) fn print(id: Option<&str>) -> anyhow::Result<()> {
    let text = match id {
        Some(id) => {
            let rule = named(id)?;
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
