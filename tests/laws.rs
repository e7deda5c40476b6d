//! What holds of every case, whatever it is about.

pub(crate) mod changes;
mod inserted;
pub(crate) mod kubernetes_types;
mod order;
mod other_kinds;
pub(crate) mod pairs;
mod repaired;
pub(crate) mod second_apply;
mod settings;
pub(crate) mod template;
mod texts;
mod unknown_fields;
mod whole;

use anyhow::{Context as _, ensure};
use serde_json::json;

use crate::case::Case;
use crate::outcome::Outcome;
use crate::seen::Decision;

/// Checks all of it.
///
/// # Errors
/// The first law that is broken.
pub fn hold(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    hold_in_one_order(case, outcome)?;
    order::order_means_nothing(case, outcome)
}

fn hold_in_one_order(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    texts::says_the_same_twice(case, outcome)?;
    if outcome.seen.decision != Decision::BadSettings {
        settings::settings_survive_print(case)?;
    }
    texts::texts_are_sound(outcome)?;
    texts::paths_resolve(case, outcome)?;
    unknown_fields::unknown_fields_change_nothing(case, outcome)?;
    other_kinds::other_kinds_say_the_same(case, outcome)?;
    whole::every_part_of_a_repair_is_whole(case, outcome)?;
    repaired::hold(case, outcome)
}

/// The laws hold as well whatever is repaired, and no repair makes anything worse.
///
/// # Errors
/// The first law that is broken.
pub fn hold_however_repaired(case: &Case) -> anyhow::Result<()> {
    if Outcome::of_library(case).seen.decision == Decision::BadSettings {
        return Ok(());
    }
    // Where every rule only warns, as in a policy that repairs and never denies, no verdict stops a repair.
    let warning = case.with_setting("defaultAction", json!("Warn")).with_setting("rules", json!({}));
    for case in [case, &warning] {
        for fix in ["Safe", "All"] {
            let case = case.with_fix(fix);
            let repaired = Outcome::of_library(&case);
            let unrepaired = Outcome::of_library(&case.with_fix("None"));
            ensure!(repaired.is_allowed() || !unrepaired.is_allowed(), "fix: {fix} denies what was allowed");
            hold_in_one_order(&case, &repaired).with_context(|| format!("with {}", case.settings))?;
        }
    }
    // Most is repaired there.
    let most = warning.with_fix("All");
    order::order_means_nothing(&most, &Outcome::of_library(&most))
}
