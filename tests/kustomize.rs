//! The parts of Kustomize that the folders under `deploy/` use. Unknown fields are errors, so that nothing in a kustomization is
//! ignored. If `kubectl` is installed, `checks/deploy` compares the results.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A file `kustomization.yaml`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kustomization {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    components: Vec<String>,
    #[serde(default)]
    patches: Vec<Patch>,
    #[serde(default)]
    labels: Vec<Labels>,
    #[serde(default)]
    common_annotations: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    target: Target,
    patch: String,
}

/// Selects the objects to patch: those that match all given fields, which are regular expressions for the whole value.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    group: Option<String>,
    kind: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    pairs: Map<String, Value>,
}

/// Renders a folder as `kubectl kustomize` does.
///
/// # Errors
/// A file cannot be read, a kustomization has a field that is not known here, or a patch does not apply.
pub fn render(folder: &Path) -> anyhow::Result<Vec<Value>> {
    build(folder, Vec::new())
}

fn build(folder: &Path, mut objects: Vec<Value>) -> anyhow::Result<Vec<Value>> {
    let file = folder.join("kustomization.yaml");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let kustomization: Kustomization = serde_json::from_value(manifest::parse_one(&text)?)?;
    for resource in &kustomization.resources {
        let path = folder.join(resource);
        if path.is_dir() {
            objects.extend(render(&path)?);
        } else {
            let documents = manifest::parse(&fs::read_to_string(&path)?)?;
            objects.extend(documents.into_iter().map(|document| document.value));
        }
    }
    for component in &kustomization.components {
        objects = build(&folder.join(component), objects)?;
    }
    for Patch { target, patch } in &kustomization.patches {
        let edits: json_patch::Patch = serde_json::from_value(manifest::parse_one(patch)?)?;
        for object in &mut objects {
            if target.matches(object)? {
                json_patch::patch(object, &edits)?;
            }
        }
    }
    for object in &mut objects {
        for Labels { pairs } in &kustomization.labels {
            extend(object, "labels", pairs)?;
        }
        extend(object, "annotations", &kustomization.common_annotations)?;
    }
    Ok(objects)
}

/// Adds labels or annotations to an object.
fn extend(object: &mut Value, map: &str, fields: &Map<String, Value>) -> anyhow::Result<()> {
    if fields.is_empty() {
        return Ok(());
    }
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut).context("no metadata")?;
    let map = metadata.entry(map).or_insert_with(|| Value::Object(Map::new()));
    let Some(map) = map.as_object_mut() else { bail!("expected an object") };
    for (key, value) in fields {
        ensure!(value.is_string(), "{key}: expected a string");
        map.insert(key.clone(), value.clone());
    }
    Ok(())
}

impl Target {
    fn matches(&self, object: &Value) -> anyhow::Result<bool> {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let group = text("/apiVersion").split_once('/').map_or("", |(group, _)| group);
        let is = |wanted: &Option<String>, found| {
            let Some(wanted) = wanted else { return Ok(true) };
            anyhow::Ok(Regex::new(&format!("^(?:{wanted})$"))?.is_match(found))
        };
        Ok(is(&self.group, group)?
            && is(&self.kind, text("/kind"))?
            && is(&self.name, text("/metadata/name"))?)
    }
}
