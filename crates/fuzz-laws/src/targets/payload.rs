//! Any bytes as a payload.

use anyhow::ensure;
use k8s_openapi::jiff::Timestamp;
use serde_json::Value;
use sidecar_startup::{Answer, Settings, timelines, validate};

/// The answer is an answer, and its texts fit where they go.
pub(crate) fn hold(bytes: &[u8]) -> anyhow::Result<()> {
    let text = String::from_utf8_lossy(bytes);
    let answer = validate(&text);
    fits(&answer)?;
    ensure!(answer.is_allowed() || answer.object().is_none(), "what is denied is changed");
    ensure!(answer.is_allowed() || !answer.message().is_empty(), "a denial without a word");
    _ = timelines(&text);
    if let Ok(payload) = serde_json::from_str::<Value>(&text) {
        let object = payload.pointer("/request/object").unwrap_or(&payload);
        if let Ok(why) =
            sidecar_startup::why(&object.to_string(), Settings::default(), "", Timestamp::UNIX_EPOCH)
        {
            ensure!(!why.to_string().is_empty(), "no word about why it does not start");
        }
    }
    Ok(())
}

/// A warning has at most 256 characters, and an event cuts a message at 1,024; both are lines.
pub(crate) fn fits(answer: &Answer) -> anyhow::Result<()> {
    let message = answer.message();
    ensure!(message.chars().count() < 1024, "an event would cut the message: {message}");
    ensure!(!message.contains(char::is_control), "a control character in {message:?}");
    for warning in answer.warnings() {
        ensure!(warning.chars().count() <= 256, "too long for a warning: {warning}");
        ensure!(!warning.contains(char::is_control), "a control character in {warning:?}");
    }
    Ok(())
}
