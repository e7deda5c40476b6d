//! Settings are the same once they are printed and read again.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sidecar_startup::Settings;

use crate::case::Case;

pub(crate) fn settings_survive_print(case: &Case) -> anyhow::Result<()> {
    let meaning = |settings: &Value| Settings::from_value(settings).map(|settings| format!("{settings:?}"));
    for text in [manifest::to_yaml(&case.settings), case.settings.to_string()] {
        let again = manifest::parse_one(&text).with_context(|| text.clone())?;
        ensure!(again == case.settings, "{text}\nis read as {again}");
        let (meaning, again) = (meaning(&case.settings)?, meaning(&again)?);
        ensure!(meaning == again, "{text}\nmeans {again}");
    }
    Ok(())
}
