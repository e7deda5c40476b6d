//! Which files are patches of a kustomization (<https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/>).

use std::fs;
use std::path::Path;

use serde_json::Value;

/// The names of a kustomization.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a kustomization in one of the folders above a file names it as a patch.
pub(super) fn is_patch(file: &Path) -> bool {
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else { return false };
    let Ok(file) = file.canonicalize() else { return false };
    file.ancestors().skip(1).any(|folder| {
        NAMES.iter().any(|kustomization| {
            let text = fs::read_to_string(folder.join(kustomization)).unwrap_or_default();
            // Most name no such file, and reading them takes long.
            text.contains(name)
                && patches(&text)
                    .iter()
                    .any(|patch| folder.join(patch).canonicalize().is_ok_and(|path| path == file))
        })
    })
}

/// The paths of the patches that a kustomization names.
fn patches(text: &str) -> Vec<String> {
    let documents = manifest::parse(text).unwrap_or_default();
    let mut paths = Vec::new();
    for list in ["patches", "patchesJson6902", "patchesStrategicMerge"] {
        let entries = documents.iter().filter_map(|document| document.value.get(list)?.as_array()).flatten();
        let path = |entry: &Value| entry.get("path").unwrap_or(entry).as_str().map(str::to_owned);
        paths.extend(entries.filter_map(path));
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::patches;

    #[test]
    fn a_kustomization_names_its_patches() {
        let text = "patches: [{path: a.yaml}, {patch: '[]'}]\npatchesJson6902: [{path: b.json}]\n\
                    patchesStrategicMerge: [c.yaml]\nresources: [d.yaml]\n";
        assert_eq!(patches(text), ["a.yaml", "b.json", "c.yaml"]);
        assert_eq!(patches("{"), [""; 0]);
    }
}
