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

/// Lists in lists are read, but not without end.
#[test]
fn lists_may_be_nested_to_some_depth() {
    let nested = |depth: usize| {
        let pod = r#"{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "shop", "image": "shop:1"}]}}"#;
        let open = r#"{"apiVersion": "v1", "kind": "List", "items": ["#;
        format!("{}{pod}{}", open.repeat(depth), "]}".repeat(depth))
    };
    let allowed = crate::support::json(&["check", "-o", "json", "-"], Some(&nested(20)));
    assert_eq!(allowed["summary"]["allowed"], 1, "{allowed}");
    let refused = crate::support::json(&["check", "-o", "json", "-"], Some(&nested(5_000)));
    let message = refused["objects"][0]["findings"][0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("found a list in"), "{refused}");
}
