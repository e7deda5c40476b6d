//! What holds of every repair. None of it asks the library what it meant to change.

use anyhow::{Context as _, ensure};
use k8s_openapi::api::{apps::v1 as apps, batch::v1 as batch, core::v1 as core};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::seen::Violation;
use crate::{Case, Outcome};

/// Checks all of it.
///
/// # Errors
/// The first law that is broken.
pub(crate) fn hold(case: &Case, outcome: &Outcome) -> anyhow::Result<()> {
    let Some(object) = &outcome.object else { return Ok(()) };
    ensure!(*object != case.object, "it is said to be repaired, but has not changed");
    ensure!(outcome.is_allowed(), "what is denied has been changed");
    repairing_again_changes_nothing(case, object)?;
    nothing_hangs_that_did_not_before(case, object)?;
    only_what_repairs_touch_has_changed(case, object)?;
    kubernetes_reads_it(object).context("it does not parse as what it is")?;
    a_second_apply_changes_nothing(case, object)
}

fn repairing_again_changes_nothing(case: &Case, object: &Value) -> anyhow::Result<()> {
    let again = Outcome::of_library(&case.with_object(object.clone()));
    ensure!(again.is_allowed(), "the repaired object is denied: {}", again.message());
    let changed = again.object;
    ensure!(changed.is_none(), "repairing again changes it to\n{:#}", changed.unwrap_or_default());
    let unrepaired = case.with_fix("None").with_object(object.clone());
    ensure!(
        Outcome::of_library(&unrepaired).is_allowed(),
        "the repaired object is denied where nothing is repaired"
    );
    Ok(())
}

/// A gate that never opens keeps the application from starting for ever: no repair may build one.
fn nothing_hangs_that_did_not_before(case: &Case, object: &Value) -> anyhow::Result<()> {
    let case = case.with_fix("None");
    let known = Outcome::of_library(&case).violations();
    for violation in Outcome::of_library(&case.with_object(object.clone())).violations() {
        let says = |violation: &Violation| violation.text.contains("never starts");
        let is_same = |known: &Violation| {
            known.container_name(&case.object) == violation.container_name(object)
                && says(known) == says(&violation)
        };
        let is_dead = violation.rule == "startup-gate-never-opens";
        ensure!(!is_dead || known.iter().any(is_same), "it will never start: {violation:?}");
    }
    Ok(())
}

/// Where the kinds keep their Pod templates.
const TEMPLATES: [&str; 4] = ["/spec/jobTemplate/spec/template", "/spec/template", "/template", ""];

/// The annotations that a repair may set.
const ANNOTATIONS: [&str; 4] = [
    "config.linkerd.io/proxy-await",
    "kubectl.kubernetes.io/default-container",
    "proxy.istio.io/config",
    "sidecar.istio.io/nativeSidecar",
];

/// The fields of a container that a repair may set.
const FIELDS: [&str; 3] = ["lifecycle", "restartPolicy", "startupProbe"];

fn only_what_repairs_touch_has_changed(case: &Case, object: &Value) -> anyhow::Result<()> {
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
    pairs_are_whole(&mut old_containers, &mut new_containers, &mut old_spec, &mut new_spec)?;
    containers_are_kept(case, &old_containers, &new_containers)?;
    grown(&mut old_spec, &mut new_spec, "nodeSelector", |_| true)?;
    ensure!(old_spec == new_spec, "something else in the spec has changed to {new_spec:?}");
    let (mut old_metadata, mut new_metadata) = (part(&old, "metadata"), part(&new, "metadata"));
    grown(&mut old_metadata, &mut new_metadata, "annotations", |key| ANNOTATIONS.contains(&key))?;
    ensure!(old_metadata == new_metadata, "something else in the metadata has changed to {new_metadata:?}");
    Ok(())
}

fn take(object: &mut Value, place: &str) -> Map<String, Value> {
    let Some(Value::Object(template)) = object.pointer_mut(place) else { return Map::new() };
    let parts = ["metadata", "spec"].into_iter();
    parts.filter_map(|part| Some((part.to_owned(), template.shift_remove(part)?))).collect()
}

fn part(template: &Map<String, Value>, key: &str) -> Map<String, Value> {
    template.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The two lists of containers, together.
fn containers(spec: &mut Map<String, Value>) -> Vec<Value> {
    let lists = ["initContainers", "containers"].into_iter().filter_map(|key| spec.shift_remove(key));
    lists.filter_map(|list| list.as_array().cloned()).flatten().collect()
}

/// Of a sidecar that was made a pair of, both copies are the container, but for what makes them a pair. All of that is taken away
/// again, from what was there before as well, where a second apply has left it.
fn pairs_are_whole(
    old: &mut Vec<Value>,
    new: &mut Vec<Value>,
    old_spec: &mut Map<String, Value>,
    new_spec: &mut Map<String, Value>,
) -> anyhow::Result<()> {
    let names: Vec<_> =
        old.iter().filter_map(|container| container["name"].as_str().map(str::to_owned)).collect();
    for name in names {
        let native = format!("{name}-native");
        let Some(place) =
            new.iter().position(|other| other["name"] == *native && other["command"][1] == "-c")
        else {
            continue;
        };
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

/// Every container is still there, with all that it said; of two of one name, which a second apply makes, the later one.
fn containers_are_kept(case: &Case, old: &[Value], new: &[Value]) -> anyhow::Result<()> {
    for container in new {
        let name = container.get("name");
        let Some(before) = old.iter().rfind(|before| before.get("name") == name) else {
            let waits = case.settings.get("waitFor").and_then(Value::as_array);
            let is_wanted = waits.into_iter().flatten().any(|wait| wait.get("name") == name);
            ensure!(is_wanted, "{name:?} has come from nowhere");
            continue;
        };
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
    }
    for container in old {
        let is_kept = new.iter().any(|kept| kept.get("name") == container.get("name"));
        ensure!(is_kept, "{:?} is gone", container.get("name"));
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

/// The types of Kubernetes read the object.
fn kubernetes_reads_it(object: &Value) -> anyhow::Result<()> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    match (text("apiVersion"), text("kind")) {
        ("v1", "Pod") => reads::<core::Pod>(object),
        ("v1", "PodTemplate") => reads::<core::PodTemplate>(object),
        ("v1", "ReplicationController") => reads::<core::ReplicationController>(object),
        ("apps/v1", "Deployment") => reads::<apps::Deployment>(object),
        ("apps/v1", "ReplicaSet") => reads::<apps::ReplicaSet>(object),
        ("apps/v1", "StatefulSet") => reads::<apps::StatefulSet>(object),
        ("apps/v1", "DaemonSet") => reads::<apps::DaemonSet>(object),
        ("batch/v1", "Job") => reads::<batch::Job>(object),
        ("batch/v1", "CronJob") => reads::<batch::CronJob>(object),
        _ => Ok(()),
    }
}

fn reads<T: DeserializeOwned>(object: &Value) -> anyhow::Result<()> {
    let mut object = object.clone();
    // A manifest may leave out what the API server fills in.
    if let Some(fields) = object.as_object_mut() {
        fields.entry("metadata").or_insert_with(|| json!({}));
    }
    for place in ["/spec", "/spec/jobTemplate/spec"] {
        if let Some(fields) = object.pointer_mut(place).and_then(Value::as_object_mut)
            && fields.contains_key("template")
        {
            fields.entry("selector").or_insert_with(|| json!({}));
            fields.entry("serviceName").or_insert_with(|| json!(""));
        }
        if let Some(fields) = object.pointer_mut(place).and_then(Value::as_object_mut)
            && fields.contains_key("jobTemplate")
        {
            fields.entry("schedule").or_insert_with(|| json!("@daily"));
        }
    }
    serde_json::from_value::<T>(object)?;
    Ok(())
}

/// Whoever applies the same manifest again gets what is stored already: nothing is rolled out anew.
fn a_second_apply_changes_nothing(case: &Case, object: &Value) -> anyhow::Result<()> {
    let is_pod = case.object.get("kind").is_some_and(|kind| kind == "Pod");
    let deployment = |pod: &Value| {
        let template = json!({"metadata": pod["metadata"], "spec": pod["spec"]});
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": template}})
    };
    let (manifest, stored) = match is_pod {
        true if case.object.pointer("/metadata/ownerReferences").is_some() => return Ok(()),
        true => (deployment(&case.object), deployment(object)),
        false => (case.object.clone(), object.clone()),
    };
    // Of two of one name, the manifest has had but the later one.
    let is_second = containers(&mut part(&template(&manifest), "spec")).len()
        > containers(&mut part(&template(&stored), "spec")).len();
    if case.has_request() || is_second || manifest.get("kind").is_some_and(|kind| kind == "Job") {
        return Ok(());
    }
    let merged = apply(&stored, &manifest);
    let again = Outcome::of_library(&case.updating(&stored, merged.clone()));
    let result = again.object.as_ref().unwrap_or(&merged);
    ensure!(
        *result == stored,
        "a second apply stores\n{result:#}\ninstead of\n{stored:#}\n{:#}",
        again.to_value()
    );
    Ok(())
}

fn template(object: &Value) -> Map<String, Value> {
    let template = TEMPLATES.into_iter().find_map(|place| object.pointer(place)?.as_object());
    template.cloned().unwrap_or_default()
}

/// What `kubectl apply` sends for a manifest that it has applied before: a strategic merge onto what is stored. Fields of the
/// manifest win, what only the stored object has stays; containers are merged by name, and those of the manifest stand in its
/// order.
fn apply(stored: &Value, manifest: &Value) -> Value {
    match (stored, manifest) {
        (Value::Object(stored), Value::Object(manifest)) => {
            let mut merged = stored.clone();
            for (key, value) in manifest {
                match merged.get_mut(key) {
                    Some(old) => *old = apply(old, value),
                    None => _ = merged.insert(key.clone(), value.clone()),
                }
            }
            merged.into()
        }
        (Value::Array(stored), Value::Array(manifest))
            if manifest.iter().all(|item| item.get("image").is_some()) =>
        {
            merge_containers(stored, manifest).into()
        }
        // Nothing in the manifest leaves alone what is stored.
        (stored, Value::Null) => stored.clone(),
        (_, manifest) => manifest.clone(),
    }
}

/// Merges containers by name. Those of the manifest keep its order; each of the others goes before the first of them that is behind
/// it in the stored list (`mergeSortedSlice` in `apimachinery/pkg/util/strategicpatch/patch.go`).
fn merge_containers(stored: &[Value], manifest: &[Value]) -> Vec<Value> {
    let place = |item: &Value| stored.iter().position(|old| old.get("name") == item.get("name"));
    let is_in_manifest = |old: &&Value| manifest.iter().any(|item| item.get("name") == old.get("name"));
    let mut others = stored.iter().filter(|old| !is_in_manifest(old)).peekable();
    let mut merged = Vec::new();
    for item in manifest {
        let next = place(item);
        while let Some(other) = others.next_if(|other| next.is_some_and(|next| place(other) < Some(next))) {
            merged.push(other.clone());
        }
        let old = next.and_then(|next| stored.get(next));
        merged.push(old.map_or_else(|| item.clone(), |old| apply(old, item)));
    }
    merged.extend(others.cloned());
    merged
}
