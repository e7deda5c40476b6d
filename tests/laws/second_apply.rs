//! Whoever applies the same manifest again gets what is stored already.

use std::collections::BTreeSet;

use anyhow::ensure;
use serde_json::{Value, json};

use crate::case::Case;
use crate::laws::template::{containers, part, template};
use crate::outcome::Outcome;

/// Whoever applies the same manifest again gets what is stored already: nothing is rolled out anew.
pub(crate) fn a_second_apply_changes_nothing(case: &Case, object: &Value) -> anyhow::Result<()> {
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
    // Nothing without a name, of one name twice, or with a policy that there is not, is ever stored: what a patch would merge with which is
    // nobody's business.
    let sent = containers(&mut part(&template(&manifest), "spec"));
    let names: BTreeSet<_> = sent.iter().map(|container| container["name"].to_string()).collect();
    if case.has_request()
        || names.len() < sent.len()
        || sent.iter().any(|container| container["name"] == "" || !has_known_policy(container))
        || manifest.get("kind").is_some_and(|kind| kind == "Job")
    {
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

fn has_known_policy(container: &Value) -> bool {
    let known = ["Always", "OnFailure", "Never"];
    container
        .get("restartPolicy")
        .is_none_or(|policy| policy.is_null() || known.iter().any(|name| policy == name))
}

/// What `kubectl apply` sends for a manifest that it has applied before: a strategic merge onto what is stored. Fields of the
/// manifest win, what only the stored object has stays; containers and volumes are merged by name, and those of the manifest stand in its
/// order.
fn apply(stored: &Value, manifest: &Value) -> Value {
    match (stored, manifest) {
        (Value::Object(stored), Value::Object(manifest)) => {
            let mut merged = stored.clone();
            for (key, value) in manifest {
                match (merged.get_mut(key), value) {
                    (Some(Value::Array(old)), Value::Array(items)) if key == "volumes" => {
                        *old = merge_by_name(old, items);
                    }
                    (Some(old), _) => *old = apply(old, value),
                    (None, _) => _ = merged.insert(key.clone(), value.clone()),
                }
            }
            merged.into()
        }
        (Value::Array(stored), Value::Array(manifest))
            if manifest.iter().all(|item| item.get("image").is_some()) =>
        {
            merge_by_name(stored, manifest).into()
        }
        // Nothing in the manifest leaves alone what is stored.
        (stored, Value::Null) => stored.clone(),
        (_, manifest) => manifest.clone(),
    }
}

/// Merges containers or volumes by name. Those of the manifest keep its order; each of the others goes before the first of them that is behind
/// it in the stored list (`mergeSortedSlice` in `apimachinery/pkg/util/strategicpatch/patch.go`).
fn merge_by_name(stored: &[Value], manifest: &[Value]) -> Vec<Value> {
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
