//! What is to come out of a case: `expected.yaml`, and `expected-object.yaml` where the object is repaired.

use std::{env, fs};

use anyhow::{Context as _, ensure};

use crate::case::{Case, EXPECTED, EXPECTED_OBJECT, read};
use crate::outcome::Outcome;

/// Words that the message must have, however it is worded. They are never rewritten.
const MESSAGE_NAMES: &str = "messageNames";

/// What is to come out of a case.
struct Expected {
    outcome: Outcome,
    message_names: Vec<String>,
}

/// Compares what the library says with what is expected, or, with `UPDATE_EXPECT=1`, writes it down as expected.
///
/// # Errors
/// The two differ.
pub fn compare(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    let Err(difference) = Expected::of(case).and_then(|expected| expected.compare(outcome)) else {
        return Ok(());
    };
    if is_updating() { write(case, outcome) } else { Err(difference) }
}

/// Compares what the module says with what is expected.
///
/// # Errors
/// The two differ.
pub fn compare_module(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    // What is expected is being written then, to be what the library says.
    let mut expected = if is_updating() {
        Expected { outcome: Outcome::of_library(case), message_names: Vec::new() }
    } else {
        Expected::of(case)?
    };
    expected.outcome.proposals.clear();
    expected.compare(outcome)
}

/// Whether expectations are written instead of compared.
#[must_use]
pub fn is_updating() -> bool {
    env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1")
}

/// Writes down what came out as expected. The comment at the top stays, and so do the `messageNames`.
fn write(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    let path = case.folder.join(EXPECTED);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let mut written = outcome.to_value();
    if let (Some(names), Some(fields)) = (read(&path)?.get(MESSAGE_NAMES), written.as_object_mut()) {
        fields.insert(MESSAGE_NAMES.to_owned(), names.clone());
    }
    let comments = text.lines().take_while(|line| line.starts_with('#')).map(|line| format!("{line}\n"));
    fs::write(path, comments.collect::<String>() + &manifest::to_yaml(&written))?;
    let path = case.folder.join(EXPECTED_OBJECT);
    match &outcome.object {
        Some(object) if read(&path)? != *object => fs::write(path, manifest::to_yaml(object))?,
        None if path.exists() => fs::remove_file(path)?,
        _ => {}
    }
    Ok(())
}

impl Expected {
    fn of(case: &Case) -> anyhow::Result<Self> {
        let mut fields = read(&case.folder.join(EXPECTED))?;
        let mut take = |key| fields.as_object_mut().and_then(|fields| fields.shift_remove(key));
        let (names, proposals) = (take(MESSAGE_NAMES), take("proposals"));
        let object = case.folder.join(EXPECTED_OBJECT);
        let outcome = Outcome {
            proposals: proposals.map(serde_json::from_value).transpose()?.unwrap_or_default(),
            object: object.exists().then(|| read(&object)).transpose()?,
            seen: serde_json::from_value(fields).context(EXPECTED)?,
        };
        let message_names = names.map(serde_json::from_value).transpose()?.unwrap_or_default();
        Ok(Self { outcome, message_names })
    }

    fn compare(&self, found: &Outcome) -> anyhow::Result<()> {
        for name in &self.message_names {
            let message = found.message();
            ensure!(message.contains(name), "the message does not name {name:?}: {message}");
        }
        let told = |outcome: &Outcome| manifest::to_yaml(&outcome.to_value());
        let (expected, said) = (told(&self.outcome), told(found));
        ensure!(self.outcome.to_value() == found.to_value(), "expected\n{expected}but found\n{said}");
        let made = |outcome: &Outcome| outcome.object.as_ref().map(manifest::to_yaml).unwrap_or_default();
        let (expected, made) = (made(&self.outcome), made(found));
        ensure!(
            self.outcome.object == found.object,
            "expected the object to become\n{expected}but found\n{made}"
        );
        Ok(())
    }
}
