//! Both copies of a sidecar that was split into a native and a classic one are the container that it was.

use anyhow::{Context as _, ensure};
use serde_json::{Map, Value, json};

/// The fields of a container that a repair may set.
pub(crate) const FIELDS: [&str; 3] = ["lifecycle", "restartPolicy", "startupProbe"];

/// Of a sidecar that was made a pair of, both copies are the container, but for what makes them a pair. All of that is taken away
/// again, from what was there before as well, where a second apply has left it.
pub(crate) fn pairs_are_whole(
    old: &mut Vec<Value>,
    new: &mut Vec<Value>,
    old_spec: &mut Map<String, Value>,
    new_spec: &mut Map<String, Value>,
) -> anyhow::Result<()> {
    let names: Vec<_> =
        old.iter().filter_map(|container| container["name"].as_str().map(str::to_owned)).collect();
    for name in names {
        let native = format!("{name}-native");
        // Anybody may call a container so; a copy is known by its script.
        let is_copy = |other: &Value| {
            let script = other["command"][2].as_str().unwrap_or_default();
            other["name"] == *native && script.starts_with(": sidecar-startup, native copy")
        };
        let Some(place) = new.iter().position(is_copy) else { continue };
        let mut copy = new.remove(place);
        old.retain(|other| other["name"] != *native);
        let container =
            old.iter_mut().find(|other| other["name"] == name).context("it has come from nowhere")?;
        let classic =
            new.iter_mut().find(|other| other["name"] == name).context("the classic copy is gone")?;
        ensure!(copy["restartPolicy"] == "Always", "{native} is no sidecar container");
        ensure!(copy["startupProbe"].is_object(), "{native} holds nothing");
        let own = container["command"].as_array().cloned().unwrap_or_default();
        for copy in [&mut copy, classic] {
            let words = copy["command"].as_array().cloned().unwrap_or_default();
            ensure!(
                !own.is_empty() && words.ends_with(&own),
                "{native}: {words:?} does not go on with {own:?}"
            );
            copy["command"] = own.clone().into();
            ensure!(unmount(copy, &native), "{native} does not mount what the two share");
        }
        unmount(container, &native);
        for spec in [&mut *old_spec, &mut *new_spec] {
            take_from(spec, "volumes", |volume| volume["name"] == native);
        }
        containers_are_kept_alike(container, &copy)?;
    }
    Ok(())
}

/// Takes away the mount of what two copies share, and says whether it was there.
fn unmount(container: &mut Value, volume: &str) -> bool {
    let mount = json!({"name": volume, "mountPath": "/sidecar-startup"});
    container.as_object_mut().is_some_and(|fields| take_from(fields, "volumeMounts", |other| *other == mount))
}

/// Takes items out of a list, and the list where it was nothing else; says whether there were any.
fn take_from(fields: &mut Map<String, Value>, list: &str, is_meant: impl Fn(&Value) -> bool) -> bool {
    let Some(items) = fields.get_mut(list).and_then(Value::as_array_mut) else { return false };
    let before = items.len();
    items.retain(|item| !is_meant(item));
    let (after, is_empty) = (items.len(), items.is_empty());
    if is_empty && after < before {
        fields.shift_remove(list);
    }
    after < before
}

/// A copy has every field of the container, but for those that a repair may set, and its name.
fn containers_are_kept_alike(container: &Value, copy: &Value) -> anyhow::Result<()> {
    for (key, value) in container.as_object().into_iter().flatten() {
        let may_differ = FIELDS.contains(&key.as_str()) || matches!(key.as_str(), "name" | "resizePolicy");
        ensure!(may_differ || copy.get(key) == Some(value), "{key} of the copy is {:?}", copy.get(key));
    }
    Ok(())
}
