//! Which files are patches of a kustomization (<https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/>).

use std::fs;
use std::path::Path;

use manifest::Document;
use serde_json::Value;

/// The names of a kustomization.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a kustomization in one of the folders above a file names it as a patch, and as nothing else.
pub(super) fn is_patch(file: &Path) -> bool {
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else { return false };
    let Ok(file) = file.canonicalize() else { return false };
    file.ancestors().skip(1).any(|folder| {
        NAMES.iter().any(|kustomization| {
            let text = fs::read_to_string(folder.join(kustomization)).unwrap_or_default();
            // Most name no such file, and reading them takes long.
            if !text.contains(name) {
                return false;
            }
            let documents = manifest::parse(&text).unwrap_or_default();
            let is_named = |fields: &[&str]| {
                let is_it = |path: &String| folder.join(path).canonicalize().is_ok_and(|path| path == file);
                paths(&documents, fields).iter().any(is_it)
            };
            is_named(&PATCHES) && !is_named(&["resources"])
        })
    })
}

/// The fields with patches.
const PATCHES: [&str; 3] = ["patches", "patchesJson6902", "patchesStrategicMerge"];

/// The paths that a kustomization names in these fields.
fn paths(documents: &[Document], fields: &[&str]) -> Vec<String> {
    let mut paths = Vec::new();
    for field in fields {
        let entries =
            documents.iter().filter_map(|document| document.value.get(*field)?.as_array()).flatten();
        let path = |entry: &Value| entry.get("path").unwrap_or(entry).as_str().map(str::to_owned);
        paths.extend(entries.filter_map(path));
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::{PATCHES, paths};

    #[test]
    fn a_kustomization_names_its_patches() {
        let text = "patches: [{path: a.yaml}, {patch: '[]'}]\npatchesJson6902: [{path: b.json}]\n\
                    patchesStrategicMerge: [c.yaml]\nresources: [d.yaml]\n";
        let documents = manifest::parse(text).unwrap();
        assert_eq!(paths(&documents, &PATCHES), ["a.yaml", "b.json", "c.yaml"]);
        assert_eq!(paths(&documents, &["resources"]), ["d.yaml"]);
        assert_eq!(paths(&[], &PATCHES), [""; 0]);
    }
}
