//! What holds of every repair.

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::case::Case;
use crate::laws::changes::only_what_repairs_touch_has_changed;
use crate::laws::kubernetes_types::kubernetes_reads_it;
use crate::laws::second_apply::a_second_apply_changes_nothing;
use crate::outcome::Outcome;
use crate::seen::Violation;

/// Checks all of it.
///
/// # Errors
/// The first law that is broken.
pub(crate) fn hold(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    let Some(object) = &outcome.object else { return Ok(()) };
    ensure!(*object != case.object, "it is said to be repaired, but has not changed");
    ensure!(outcome.is_allowed(), "what is denied has been changed");
    repairing_again_changes_nothing(case, object)?;
    nothing_hangs_that_did_not_before(case, object)?;
    only_what_repairs_touch_has_changed(case, object)?;
    // Values that are null, which the API server drops, may make the object as sent none.
    if kubernetes_reads_it(&case.object).is_ok() {
        kubernetes_reads_it(object).context("it does not parse as what it is")?;
    }
    a_second_apply_changes_nothing(case, object)
}

fn repairing_again_changes_nothing(case: &Case, object: &Value) -> anyhow::Result<()> {
    let again = Outcome::of_library(&case.with_object(object.clone()));
    ensure!(again.is_allowed(), "the repaired object is denied: {}", again.message());
    let changed = again.object;
    ensure!(changed.is_none(), "repairing again changes it to\n{:#}", changed.unwrap_or_default());
    let unrepaired = case.with_fix("None").with_object(object.clone());
    ensure!(
        Outcome::of_library(&unrepaired).is_allowed(),
        "the repaired object is denied where nothing is repaired"
    );
    Ok(())
}

/// A gate that never opens keeps the application from starting for ever: no repair may build one.
fn nothing_hangs_that_did_not_before(case: &Case, object: &Value) -> anyhow::Result<()> {
    let case = case.with_fix("None");
    let known = Outcome::of_library(&case).violations();
    for violation in Outcome::of_library(&case.with_object(object.clone())).violations() {
        let says = |violation: &Violation| violation.text.contains("never starts");
        let is_same = |known: &Violation| {
            known.container_name(&case.object) == violation.container_name(object)
                && says(known) == says(&violation)
        };
        let is_dead = violation.rule == "startup-gate-never-opens";
        ensure!(!is_dead || known.iter().any(is_same), "it will never start: {violation:?}");
    }
    Ok(())
}
