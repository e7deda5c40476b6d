//! A repair changes only what repairs are for. None of it asks the library what it meant to change.

use anyhow::ensure;
use serde_json::{Map, Value};

use crate::case::Case;
use crate::laws::inserted::count_as_there;
use crate::laws::pairs::{FIELDS, pairs_are_whole};
use crate::laws::template::{TEMPLATES, containers, part, take};

/// The annotations that a repair may set.
const ANNOTATIONS: [&str; 7] = [
    "config.alpha.linkerd.io/proxy-enable-native-sidecar",
    "config.beta.linkerd.io/proxy-enable-native-sidecar",
    "config.linkerd.io/proxy-await",
    "config.linkerd.io/proxy-enable-native-sidecar",
    "kubectl.kubernetes.io/default-container",
    "proxy.istio.io/config",
    "sidecar.istio.io/nativeSidecar",
];

pub(crate) fn only_what_repairs_touch_has_changed(case: &Case, object: &Value) -> anyhow::Result<()> {
    let place = TEMPLATES.into_iter().find(|place| {
        case.object.pointer(place).is_some_and(|template| template.pointer("/spec/containers").is_some())
    });
    // The templates of further kinds have cases of their own.
    let Some(place) = place else { return Ok(()) };
    let (mut before, mut after) = (case.object.clone(), object.clone());
    let (old, new) = (take(&mut before, place), take(&mut after, place));
    ensure!(before == after, "something outside the Pod template has changed");
    let (mut old_spec, mut new_spec) = (part(&old, "spec"), part(&new, "spec"));
    let (mut old_containers, mut new_containers) = (containers(&mut old_spec), containers(&mut new_spec));
    count_as_there(case, &mut old_containers, &new_containers)?;
    pairs_are_whole(&mut old_containers, &mut new_containers, &mut old_spec, &mut new_spec)?;
    containers_are_kept(case, &old_containers, &new_containers)?;
    grown(&mut old_spec, &mut new_spec, "nodeSelector", |_| true)?;
    ensure!(old_spec == new_spec, "something else in the spec has changed to {new_spec:?}");
    let (mut old_metadata, mut new_metadata) = (part(&old, "metadata"), part(&new, "metadata"));
    grown(&mut old_metadata, &mut new_metadata, "annotations", |key| ANNOTATIONS.contains(&key))?;
    ensure!(old_metadata == new_metadata, "something else in the metadata has changed to {new_metadata:?}");
    Ok(())
}

/// Every container is still there, with all that it said; of two of one name, which a second apply makes, the later one.
fn containers_are_kept(case: &Case, old: &[Value], new: &[Value]) -> anyhow::Result<()> {
    for container in new {
        let name = container.get("name");
        let has_name = |other: &&Value| other.get("name") == name;
        let before: Vec<_> = old.iter().rev().filter(has_name).collect();
        let Some(last) = before.first() else {
            let waits = case.settings.get("waitFor").and_then(Value::as_array);
            let is_wanted = waits.into_iter().flatten().any(|wait| wait.get("name") == name);
            ensure!(is_wanted, "{name:?} has come from nowhere");
            continue;
        };
        // Where several of one name are left, which the API server refuses, it may be any of them.
        let is_only_one = new.iter().filter(has_name).count() == 1;
        if is_only_one || !before.iter().any(|before| is_kept(before, container).is_ok()) {
            is_kept(last, container)?;
        }
    }
    for container in old {
        let is_kept = new.iter().any(|kept| kept.get("name") == container.get("name"));
        ensure!(is_kept, "{:?} is gone", container.get("name"));
    }
    Ok(())
}

/// Whether a container still says all that it said, and more only where it may.
fn is_kept(before: &Value, container: &Value) -> anyhow::Result<()> {
    let name = container.get("name");
    for (key, value) in before.as_object().into_iter().flatten() {
        let now = container.get(key);
        let may_change = FIELDS.contains(&key.as_str());
        ensure!(now == Some(value) || may_change, "{key} of {name:?} has become {now:?}");
    }
    let hook = before.pointer("/lifecycle/preStop");
    ensure!(hook == container.pointer("/lifecycle/preStop"), "the preStop hook of {name:?} has changed");
    let added = container.as_object().into_iter().flatten().filter(|(key, _)| before.get(key).is_none());
    for (key, _) in added {
        ensure!(FIELDS.contains(&key.as_str()), "{key} of {name:?} has been added");
    }
    Ok(())
}

/// Whether a map has only grown, or changed, where it may; then it is taken out of both.
fn grown(
    old: &mut Map<String, Value>,
    new: &mut Map<String, Value>,
    key: &str,
    may_change: fn(&str) -> bool,
) -> anyhow::Result<()> {
    let (before, after) = (part(old, key), part(new, key));
    old.shift_remove(key);
    new.shift_remove(key);
    for (field, value) in &before {
        let is_kept = after.get(field) == Some(value) || (may_change(field) && after.contains_key(field));
        ensure!(is_kept, "{field} of {key} has become {:?}", after.get(field));
    }
    let mut added = after.keys().filter(|field| !before.contains_key(*field));
    ensure!(added.all(|field| may_change(field)), "{key} has become {after:?}");
    Ok(())
}
