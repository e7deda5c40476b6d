//! The short way from YAML to JSON says the same as the tree, for all manifests of the acceptance cases.

use std::fs;
use std::path::Path;

use serde_json::Value;

#[test]
fn plain_manifests_read_the_same() {
    let mut read = (0, 0);
    compare(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases")), &mut read);
    let (plain, all) = read;
    assert!(500 < plain && all < 2 * plain, "{plain} of {all} manifests are plain");
}

fn compare(folder: &Path, read: &mut (usize, usize)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            compare(&path, read);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path).unwrap();
            read.1 += 1;
            if let Some(json) = manifest::plain_json(&text) {
                read.0 += 1;
                let value: Value = serde_json::from_str(&json).unwrap();
                assert_eq!(value, manifest::parse_one(&text).unwrap(), "{}", path.display());
            }
        }
    }
}
