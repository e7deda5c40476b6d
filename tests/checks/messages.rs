//! Whoever is denied finds the message in `docs/troubleshooting.md`, and `deploy/README.md` shows what users are told.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use acceptance::case::{Case, discover};
use acceptance::outcome::Outcome;
use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;
use serde_json::json;

pub(super) fn trial(root: &Path) -> Trial {
    let root = root.to_owned();
    super::trial::trial("messages::pages_have_what_is_said", move || {
        let read = |path| fs::read_to_string(root.join(path));
        let (troubleshooting, steps) = (read("docs/troubleshooting.md")?, read("deploy/README.md")?);
        let words = words_in(&troubleshooting, "| the message says | do this |")?;
        let reasons = words_in(&troubleshooting, "| not repaired: | fix |")?;
        let (mut said, mut unknown, mut unexplained) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
        for case in discover(&root.join("tests/cases"))? {
            let outcome = Outcome::of_library(&case);
            for violation in outcome.violations() {
                if let Some((_, reason)) = violation.text.split_once("not repaired: ")
                    && !reasons.iter().any(|words| contains(reason, words))
                {
                    unexplained.insert(reason.to_owned());
                }
                if violation.action == "Deny" && !words.iter().any(|words| contains(&violation.text, words)) {
                    unknown.push(violation.text);
                }
            }
            said.extend(outcome.seen.warnings.into_iter().chain(outcome.seen.message));
        }
        ensure!(unknown.is_empty(), "{} denials, such as\n{}", unknown.len(), unknown.join("\n"));
        ensure!(unexplained.is_empty(), "{} refusals, such as {unexplained:#?}", unexplained.len());
        let example = manifest::parse_one(&read("examples/readiness-probe-only.yaml")?)?;
        said.extend(
            Outcome::of_library(&Case::with_settings(example, json!({"defaultAction": "Warn"})))
                .seen
                .warnings,
        );
        let shown: Vec<_> = steps.lines().filter_map(quoted).collect();
        ensure!(shown.len() == 4, "{shown:#?}");
        for text in shown {
            ensure!(said.contains(text), "nobody is told {text}");
        }
        Ok(())
    })
}

/// The words in code in the first column of the table with this head.
fn words_in<'p>(page: &'p str, head: &str) -> anyhow::Result<Vec<&'p str>> {
    let (_, table) = page.split_once(head).with_context(|| format!("no table {head}"))?;
    let rows = table.lines().skip(2).map_while(|line| line.strip_prefix("| ")?.split_once(" | "));
    Ok(rows.flat_map(|(says, _)| says.split('`').skip(1).step_by(2)).collect())
}

/// Whether a text has these words, where `...` stands for any others.
fn contains(text: &str, words: &str) -> bool {
    let mut rest = Some(text);
    for part in words.split("...") {
        rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, rest)| rest);
    }
    rest.is_some()
}

/// What a line of kubectl's output quotes from the policy.
fn quoted(line: &str) -> Option<&str> {
    line.strip_prefix("Warning: ").or_else(|| Some(line.split_once(" denied the request: ")?.1))
}
