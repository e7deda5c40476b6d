use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::*;

/// Changes the only document of a text.
fn change(text: &str, change: impl FnOnce(&mut Value)) -> Result<String, Refusal> {
    let documents = crate::parse(text).unwrap();
    let [document] = documents.as_slice() else { panic!("one document") };
    let mut wanted = document.value.clone();
    change(&mut wanted);
    rewrite(text, &documents, &[wanted])
}

/// Moves a container to the init containers and makes it a sidecar.
fn convert(name: &str) -> impl FnOnce(&mut Value) {
    move |object| {
        let spec = object["spec"].as_object_mut().unwrap();
        let containers = spec["containers"].as_array_mut().unwrap();
        let place = containers.iter().position(|container| container["name"] == name).unwrap();
        let mut container = containers.remove(place);
        container["restartPolicy"] = "Always".into();
        container["startupProbe"] = json!({"httpGet": {"path": "/ready", "port": 1}});
        let init = spec.entry("initContainers").or_insert_with(|| json!([]));
        if init.is_null() {
            *init = json!([]);
        }
        init.as_array_mut().unwrap().push(container);
    }
}

#[test]
fn all_repaired_cases_can_be_written_into_their_text() {
    let mut tried = 0;
    let mut refused = Vec::new();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let mut folders = vec![cases];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let folder = entry.unwrap().path();
            if !folder.is_dir() {
                continue;
            }
            folders.push(folder.clone());
            let Ok(expected) = fs::read_to_string(folder.join("expected-object.yaml")) else { continue };
            let Ok(text) = fs::read_to_string(folder.join("object.yaml")) else { continue };
            let documents = crate::parse(&text).unwrap();
            let wanted: Vec<_> =
                crate::parse(&expected).unwrap().into_iter().map(|document| document.value).collect();
            tried += 1;
            if let Err(reason) = rewrite(&text, &documents, &wanted) {
                refused.push(format!("{}: {reason}", folder.display()));
            }
        }
    }
    assert!(100 < tried, "{tried}");
    assert_eq!(refused, Vec::<String>::new());
}

#[test]
fn nothing_changes_where_nothing_differs() {
    for text in ["a: 1 # x\r\n", "{\n\t\"a\": [1]}", "# only\n", "\u{feff}a: [ 1,2 ]"] {
        let documents = crate::parse(text).unwrap();
        let wanted: Vec<_> = documents.iter().map(|document| document.value.clone()).collect();
        assert_eq!(rewrite(text, &documents, &wanted).as_deref(), Ok(text));
    }
}

#[test]
fn containers_move_with_their_comments() {
    let text = "spec:\n  # all\n\n  containers:\n  # The app.\n  - name: app\n\n  # The proxy.\n  - name: proxy # v2\n    image: p\n    # off:\n    # x: 1\n\nlast: 1\n";
    let expected = "spec:\n  # all\n\n  initContainers:\n  # The proxy.\n  - name: proxy # v2\n    image: p\n    restartPolicy: Always\n    startupProbe:\n      httpGet:\n        path: /ready\n        port: 1\n    # off:\n    # x: 1\n  containers:\n  # The app.\n  - name: app\n\nlast: 1\n";
    let result = change(text, convert("proxy")).unwrap();
    assert_eq!(result, expected, "\n{result}");
}
