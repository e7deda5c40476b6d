//! Whoever is denied finds the message in `docs/troubleshooting.md`.

use std::fs;
use std::path::Path;

use acceptance::case::discover;
use acceptance::outcome::Outcome;
use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;

pub(super) fn trial(root: &Path) -> Trial {
    let (page, cases) = (root.join("docs/troubleshooting.md"), root.join("tests/cases"));
    super::trial::trial("messages::every_denial_is_on_the_page", move || {
        let page = fs::read_to_string(page)?;
        let (_, table) = page.split_once("| the message says | do this |\n").context("no table")?;
        let rows = table.lines().skip(1).map_while(|line| line.strip_prefix("| ")?.split_once(" | "));
        let words: Vec<_> = rows.flat_map(|(says, _)| says.split('`').skip(1).step_by(2)).collect();
        let mut unknown = Vec::new();
        for case in discover(&cases)? {
            for violation in Outcome::of_library(&case).violations() {
                let is_known = || words.iter().any(|words| contains(&violation.text, words));
                if violation.action == "Deny" && !is_known() {
                    unknown.push(violation.text.clone());
                }
            }
        }
        ensure!(unknown.is_empty(), "{} denials, such as\n{}", unknown.len(), unknown.join("\n"));
        Ok(())
    })
}

/// Whether a text has these words, where `...` stands for any others.
fn contains(text: &str, words: &str) -> bool {
    let mut rest = Some(text);
    for part in words.split("...") {
        rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, rest)| rest);
    }
    rest.is_some()
}
