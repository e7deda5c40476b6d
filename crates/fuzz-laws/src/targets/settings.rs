//! Settings: any text, and any settings that are printed and read again.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sidecar_startup::settings::json::lenient;
use sidecar_startup::{RuleId, Settings, validate};

use super::manifests::has_long_key;
use super::payload::fits;
use crate::cases;
use crate::draw::Draw;

/// Settings are taken or refused with a word; printed and read again, they are the same.
pub(crate) fn hold(bytes: &[u8]) -> anyhow::Result<()> {
    let Some((first, rest)) = bytes.split_first() else { return Ok(()) };
    let settings = if first % 2 == 0 {
        cases::settings(&mut Draw::new(rest))
    } else {
        let text = String::from_utf8_lossy(rest);
        match manifest::parse_one(&text) {
            Ok(value) => value,
            Err(error) => {
                ensure!(!error.message.is_empty(), "no word about the settings");
                return Ok(());
            }
        }
    };
    check(&settings).with_context(|| settings.to_string())
}

fn check(settings: &Value) -> anyhow::Result<()> {
    if has_long_key(settings) {
        return Ok(());
    }
    let payload = json!({"settings": settings, "request": {"operation": "CREATE"}}).to_string();
    let answer = validate(&payload);
    match Settings::from_value(settings) {
        Ok(read) => {
            ensure!(answer.is_allowed(), "a request that is none is denied: {}", answer.message());
            for (form, text) in [("YAML", manifest::to_yaml(settings)), ("JSON", settings.to_string())] {
                let again = manifest::parse_one(&text).with_context(|| format!("as {form}: {text}"))?;
                ensure!(again == *settings, "as {form} they are {again}");
                let again = Settings::from_value(&again).with_context(|| format!("as {form}"))?;
                ensure!(format!("{read:?}") == format!("{again:?}"), "as {form} they mean {again:?}");
            }
            // What asks what other settings would do stays valid.
            for found in [None, Some(RuleId::AppNotHeld)] {
                Settings::from_value(&lenient(settings, found)).context("made lenient")?;
            }
            let warning = read.warning().unwrap_or_default();
            ensure!(!warning.contains(char::is_control), "a control character in {warning:?}");
        }
        Err(error) => {
            let text = error.to_string();
            ensure!(!answer.is_allowed(), "settings that are refused decide");
            ensure!(
                !text.is_empty() && text.chars().count() < 1024,
                "{} characters: {text}",
                text.chars().count()
            );
            fits(&answer)?;
            let again = manifest::parse_one(&manifest::to_yaml(settings))?;
            let again = Settings::from_value(&again).err().map(|error| error.to_string());
            ensure!(again.as_ref() == Some(&text), "printed and read again, they are refused by {again:?}");
        }
    }
    Ok(())
}
