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

/// The JSON pointers of all values in a value.
fn pointers(value: &Value, pointer: &str, all: &mut Vec<String>) {
    all.push(pointer.to_owned());
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                pointers(value, &format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                pointers(value, &format!("{pointer}/{index}"), all);
            }
        }
        _ => {}
    }
}

/// What one place of a manifest may become.
fn changes(value: &mut Value) -> Vec<Value> {
    let mut all = vec![
        json!("new: text"),
        json!(5),
        json!({"a": [{"b": "c"}]}),
        json!(["x"]),
        json!([]),
        json!("a\nb\n"),
    ];
    match value {
        Value::Object(fields) => {
            for key in fields.keys() {
                let mut fields = fields.clone();
                fields.shift_remove(key);
                all.push(fields.into());
            }
            fields.insert("added".to_owned(), json!({"x": 1}));
            all.push(fields.clone().into());
        }
        Value::Array(items) => {
            items.insert(0, json!({"name": "added", "command": ["a", "b\nc\n"]}));
            all.push(items.clone().into());
            items.reverse();
            all.push(items.clone().into());
            items.pop();
            items.pop();
            all.push(items.clone().into());
        }
        _ => {}
    }
    all
}

#[test]
fn whatever_changes_is_written_or_refused() {
    let (mut tried, mut written) = (0, 0);
    for folder in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fix")).unwrap() {
        let folder = folder.unwrap().path();
        let text = fs::read_to_string(folder.join("manifest.yaml"));
        let Ok(text) = text.or_else(|_| fs::read_to_string(folder.join("manifest.json"))) else { continue };
        let Ok(documents) = crate::parse(&text) else { continue };
        let values: Vec<_> = documents.iter().map(|document| document.value.clone()).collect();
        for (index, value) in values.iter().enumerate() {
            let mut places = Vec::new();
            pointers(value, "", &mut places);
            for pointer in places.iter().skip(1).step_by(2) {
                for change in changes(&mut value.pointer(pointer).unwrap().clone()) {
                    let mut wanted = values.clone();
                    *wanted[index].pointer_mut(pointer).unwrap() = change;
                    tried += 1;
                    // The result has been read again, so it says what is wanted.
                    written += usize::from(rewrite(&text, &documents, &wanted).is_ok());
                }
            }
        }
    }
    assert!(5_000 < tried && tried * 85 / 100 < written, "{written} of {tried}");
}
