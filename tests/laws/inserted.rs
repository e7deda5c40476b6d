//! What a repair inserts is what the settings say.

use anyhow::ensure;
use serde_json::{Value, json};

use crate::case::Case;

/// Adds the sidecars that a repair has inserted to the containers from before, as the settings have them: from there on they are held to
/// what holds of any container. One that is no pair is the very container of the settings, but for what makes it a gated sidecar container.
pub(crate) fn count_as_there(case: &Case, old: &mut Vec<Value>, new: &[Value]) -> anyhow::Result<()> {
    let find = |list: &[Value], name: &str| list.iter().find(|container| container["name"] == name).cloned();
    for entry in case.settings.get("sidecars").and_then(Value::as_array).into_iter().flatten() {
        let Some(name) = entry["container"]["name"].as_str() else { continue };
        let (None, Some(found)) = (find(old, name), find(new, name)) else { continue };
        let mut wanted = entry["container"].clone();
        if find(new, &format!("{name}-native")).is_none() {
            wanted["restartPolicy"] = json!("Always");
            if wanted["startupProbe"].is_null() && entry["startupProbe"].is_object() {
                wanted["startupProbe"] = entry["startupProbe"].clone();
            }
            if wanted["startupProbe"].is_null() {
                wanted.as_object_mut().and_then(|fields| fields.shift_remove("startupProbe"));
            }
            ensure!(found == wanted, "{name} has been inserted as {found:#} instead of {wanted:#}");
        }
        old.push(wanted);
    }
    Ok(())
}
