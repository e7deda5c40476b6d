//! Every row of the catalogue has its cases.

use std::path::Path;

use acceptance::outcome::Outcome;
use acceptance::{case, library};
use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;

pub(crate) fn trial(root: &Path) -> Trial {
    let cases = root.join("tests/cases/catalogue");
    super::trial::trial("catalogue::every_row_has_its_cases", move || every_row_has_its_cases(&cases))
}

/// Each row of the catalogue has a case in which a container is its sidecar, and one in which none is, though nearly. Prints what
/// comes out of them.
fn every_row_has_its_cases(root: &Path) -> anyhow::Result<()> {
    let cases = case::discover(root)?;
    let mut table =
        format!("{:<32}{:<10}{:<9}{:<12}{:<40}near miss\n", "row", "match", "need", "checked", "matches");
    for row in library::rows() {
        table += &format!("{:<32}{:<10}{:<9}{:<12}", row.name, row.matched_by, row.need, row.checked);
        for (kind, is_match) in [("matches", true), ("near-miss", false)] {
            let name = format!("{}/{kind}", row.name);
            let case = cases.iter().find(|case| case.name == name);
            let case = case.with_context(|| format!("there is no case catalogue/{name}"))?;
            ensure!(
                library::rows_of(&case.object)?.contains(&row.name) == is_match,
                "catalogue/{name} is none"
            );
            let outcome = Outcome::of_library(case);
            let violations = outcome.violations();
            let rule = violations.first().map_or("nothing", |violation| violation.rule.as_str());
            let verdict = if outcome.is_allowed() { "allowed" } else { "denied" };
            table += &format!("{:<40}", format!("{verdict}, {rule}"));
        }
        table = table.trim_end().to_owned() + "\n";
    }
    for case in &cases {
        let row = case.name.split('/').next().unwrap_or_default();
        ensure!(
            library::rows().any(|known| known.name == row),
            "catalogue/{}: there is no such row",
            case.name
        );
    }
    println!("{table}{} rows", library::rows().count());
    Ok(())
}
