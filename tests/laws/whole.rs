//! A repair is made as a whole, or not at all.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::case::Case;
use crate::library::rules;
use crate::outcome::Outcome;

/// However many of the repairs the settings leave over: what is denied stays as it was sent, and what is changed is allowed from then on.
pub(crate) fn every_part_of_a_repair_is_whole(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    ensure!(outcome.is_allowed() || outcome.object.is_none(), "what is denied has been changed");
    let repaired = outcome.seen.repaired_rules();
    for count in 1..repaired.len() {
        let kept = repaired.get(..count).unwrap_or_default();
        let mut settings = case.settings.get("rules").cloned().filter(Value::is_object).unwrap_or(json!({}));
        for rule in rules().filter(|rule| repaired.contains(&rule.id) && !kept.contains(&rule.id)) {
            settings[rule.id] = json!("Ignore");
        }
        let part = case.with_setting("rules", settings);
        let outcome = Outcome::of_library(&part);
        is_whole(&part, &outcome).with_context(|| format!("with only the repairs of {kept:?}"))?;
    }
    Ok(())
}

fn is_whole(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    ensure!(outcome.is_allowed() || outcome.object.is_none(), "what is denied has been changed");
    let Some(object) = &outcome.object else { return Ok(()) };
    let again = Outcome::of_library(&case.with_object(object.clone()));
    ensure!(again.is_allowed(), "the repaired object is denied: {}", again.message());
    ensure!(again.object.is_none(), "repairing again changes it to\n{:#}", again.object.unwrap_or_default());
    Ok(())
}
