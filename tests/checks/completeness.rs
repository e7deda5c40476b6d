//! Every rule has the cases that show what it does, by what comes out of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use acceptance::case::discover;
use acceptance::library::{self, Rule};
use acceptance::outcome::Outcome;
use acceptance::seen::{Decision, Seen};
use anyhow::ensure;
use libtest_mimic::Trial;

use super::trial::trial;

/// The folders of cases that are about no single rule.
const OTHERS: [&str; 5] = ["catalogue", "evasions", "neighbours", "requests", "settings"];

pub(crate) fn trials(root: &Path) -> [Trial; 2] {
    let (root, same) = (root.join("tests/cases"), root.join("tests/cases"));
    [
        trial("completeness::every_rule_has_its_cases", move || every_rule_has_its_cases(&root)),
        trial("completeness::every_case_lies_by_a_rule", move || every_case_lies_by_a_rule(&same)),
    ]
}

/// A rule has a case that it allows, one that it denies, or warns about where that is all it does by default, and where it can
/// repair, one that it repairs and one that it refuses to repair.
fn every_rule_has_its_cases(root: &Path) -> anyhow::Result<()> {
    let mut missing = Vec::new();
    for rule in library::rules() {
        let cases = discover(&root.join(rule.id))?;
        let seen: Vec<_> = cases.iter().map(|case| Outcome::of_library(case).seen).collect();
        for (kind, shows) in wanted(&rule) {
            if !seen.iter().any(|seen| shows(&rule, seen)) {
                missing.push(format!("tests/cases/{} has no {kind} case", rule.id));
            }
        }
    }
    ensure!(missing.is_empty(), "{}", missing.join("\n"));
    Ok(())
}

/// Whether what the user sees shows something of a rule.
type Shows = fn(&Rule, &Seen) -> bool;

/// The kinds of cases that a rule must have.
fn wanted(rule: &Rule) -> BTreeMap<&'static str, Shows> {
    let mut wanted = BTreeMap::from([("allowed", is_allowed as Shows)]);
    if rule.only_warns {
        wanted.insert("warned", is_reported);
    } else {
        wanted.insert("denied", is_denied);
    }
    if rule.can_repair {
        wanted.insert("repaired", is_repaired);
        wanted.insert("refused", is_refused);
    }
    wanted
}

fn is_allowed(rule: &Rule, seen: &Seen) -> bool {
    seen.decision == Decision::Allow && !is_reported(rule, seen)
}

fn is_reported(rule: &Rule, seen: &Seen) -> bool {
    seen.violations().iter().any(|violation| violation.rule == rule.id)
}

fn is_denied(rule: &Rule, seen: &Seen) -> bool {
    seen.violations().iter().any(|violation| violation.rule == rule.id && violation.action == "Deny")
}

fn is_repaired(rule: &Rule, seen: &Seen) -> bool {
    seen.decision == Decision::Mutate && seen.repaired_rules().contains(&rule.id)
}

fn is_refused(rule: &Rule, seen: &Seen) -> bool {
    seen.violations().iter().any(|violation| violation.rule == rule.id && violation.is_refused())
}

/// The folders of cases bear the ids of the rules, so that nothing is left behind when a rule gets another one.
fn every_case_lies_by_a_rule(root: &Path) -> anyhow::Result<()> {
    for case in discover(root)? {
        let folder = PathBuf::from(&case.name);
        let top = folder.iter().next().and_then(|name| name.to_str()).unwrap_or_default();
        let is_known = OTHERS.contains(&top) || library::rules().any(|rule| rule.id == top);
        ensure!(is_known, "tests/cases/{}: {top} is neither a rule nor one of {OTHERS:?}", case.name);
    }
    Ok(())
}
