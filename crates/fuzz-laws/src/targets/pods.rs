//! Any request under any settings.

use std::collections::BTreeSet;

use acceptance::case::Case;
use acceptance::laws;
use acceptance::outcome::Outcome;
use acceptance::seen::{Decision, Violation};
use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::cases;
use crate::draw::Draw;

/// The longest message of several denials, with a count of those that are left out.
const MESSAGE: usize = 900 + "; and 100 more".len();

/// The laws of all cases hold, a denial changes nothing, and what is repaired is allowed and quiet from then on.
pub(crate) fn hold(bytes: &[u8]) -> anyhow::Result<()> {
    let case = cases::case(&mut Draw::new(bytes));
    check(&case).with_context(|| format!("{}\nunder {}", case.request(), case.settings))
}

fn check(case: &Case) -> anyhow::Result<()> {
    let outcome = Outcome::of_library(case);
    if outcome.seen.decision == Decision::BadSettings {
        ensure!(outcome.object.is_none() && !outcome.message().is_empty(), "no word about the settings");
        return Ok(());
    }
    laws::hold(case, &outcome)?;
    let denials = outcome.violations().iter().filter(|violation| violation.action == "Deny").count();
    let length = outcome.message().chars().count();
    ensure!(denials < 2 || length <= MESSAGE, "{length} characters: {}", outcome.message());
    let unrepaired = Outcome::of_library(&case.with_fix("None"));
    ensure!(outcome.is_allowed() || !unrepaired.is_allowed(), "a repair denies what was allowed");
    ensure!(unrepaired.object.is_none(), "repaired without being asked");
    match &outcome.object {
        Some(object) => is_quiet(case, &outcome, object),
        None => Ok(()),
    }
}

/// Whoever sends what the policy made of an object hears of nothing but what was left.
fn is_quiet(case: &Case, outcome: &Outcome, object: &Value) -> anyhow::Result<()> {
    let faults = |outcome: &Outcome, object: &Value| -> BTreeSet<(String, Option<String>)> {
        let fault = |violation: &Violation| {
            (violation.rule.clone(), violation.container_name(object).map(str::to_owned))
        };
        outcome.violations().iter().map(fault).collect()
    };
    // What was there before has its path in the object that was sent, and what is new in the repaired one.
    let mut left = faults(outcome, &case.object);
    left.extend(faults(outcome, object));
    let again = Outcome::of_library(&case.with_object(object.clone()));
    ensure!(
        again.seen.decision == Decision::Allow,
        "the repaired object is not left alone: {:?}",
        again.seen
    );
    for (rule, container) in faults(&again, object) {
        let is_told = left.iter().any(|(other, of)| *other == rule && (of == &container || of.is_none()));
        ensure!(is_told, "{rule} is told of {container:?} only when the repaired object is sent again");
    }
    Ok(())
}
