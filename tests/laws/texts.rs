//! What holds of every text: it is the same every time, fits where it goes, and names fields that are there.

use anyhow::ensure;

use crate::case::Case;
use crate::outcome::Outcome;

pub(crate) fn says_the_same_twice(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    let (once, twice) = (format!("{outcome:?}"), format!("{:?}", Outcome::of_library(case)));
    ensure!(once == twice, "the second answer differs:\n{once}\n{twice}");
    Ok(())
}

pub(crate) fn texts_are_sound(outcome: &Outcome) -> anyhow::Result<()> {
    let message = outcome.message();
    ensure!(message.chars().count() < 1024, "an event would cut the message");
    let warnings = outcome.seen.warnings.iter().map(String::as_str);
    for text in warnings.clone().chain([message]) {
        ensure!(!text.contains(char::is_control), "a control character in {text:?}");
        ensure!(!text.contains("Some(") && !text.contains("None"), "a debug artefact in {text:?}");
    }
    for warning in warnings {
        ensure!(warning.chars().count() <= 256, "too long for a warning: {warning}");
    }
    Ok(())
}

/// The field that a violation names is there, or what it would be added to.
pub(crate) fn paths_resolve(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    // What a repair has left, or made, stands where it has put it.
    let is_there = |pointer: &str| {
        let mut objects = [Some(&case.object), outcome.object.as_ref()].into_iter().flatten();
        objects.any(|object| object.pointer(pointer).is_some())
    };
    for violation in outcome.violations() {
        let Some(pointer) = violation.pointer() else { continue };
        let mut pointer = pointer.as_str();
        let mut missing = 0;
        while !is_there(pointer) {
            pointer = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
            missing += 1;
        }
        ensure!(missing <= 2, "nothing is near {}", violation.path);
        let container = violation.container().unwrap_or_default();
        ensure!(is_there(&container), "there is nothing at {container}");
    }
    Ok(())
}
