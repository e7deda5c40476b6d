//! What the command says to write instead is pasted into every manifest of the acceptance cases. Then the violation must be gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

const CASES: &str = "tests/cases";

#[test]
fn what_is_pasted_repairs() {
    let before = crate::support::json(&["check", "-o", "json", CASES], None);
    let folder = crate::support::folder("paste");
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut gone: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut moved = 0;
    for object in before["objects"].as_array().unwrap() {
        let (edits, faults) = edits(object);
        if edits.is_empty() {
            continue;
        }
        moved += usize::from(edits.iter().any(|edit| edit.text.is_empty()));
        let file = object["file"].as_str().unwrap();
        let name = file.strip_prefix(CASES).unwrap().trim_start_matches('/');
        let target = folder.join(name);
        // A file may hold several objects; all of their edits go from the bottom up.
        assert!(!target.exists(), "{file} has several objects");
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(&target, pasted(&fs::read_to_string(root.join(file)).unwrap(), edits)).unwrap();
        gone.insert(target.display().to_string(), faults);
    }
    assert!(50 < gone.len(), "only {} manifests were repaired", gone.len());
    assert!(20 < moved, "only {moved} containers were moved");
    let after = crate::support::json(&["check", "-o", "json", folder.to_str().unwrap()], None);
    for object in after["objects"].as_array().unwrap() {
        let file = object["file"].as_str().unwrap();
        assert_ne!(object["verdict"], "unreadable", "{object}");
        let left: BTreeSet<_> = object["findings"].as_array().unwrap().iter().filter_map(denial).collect();
        let unchanged: Vec<_> = gone.get(file).unwrap().intersection(&left).collect();
        assert!(unchanged.is_empty(), "{file} still breaks {unchanged:?}");
        gone.remove(file);
    }
    assert!(gone.is_empty(), "{gone:?} were not judged again");
}

/// A Job with the proxy as its users write it, with this line of arguments.
fn job(arguments: &str) -> String {
    format!(
        "apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: migrate
          image: migrate:1
        - name: cloud-sql-proxy
          image: gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.11.0
{arguments}"
    )
}

#[test]
fn arguments_that_a_sidecar_lacks_are_pasted_with_it() {
    for (arguments, expected) in [
        (
            "          args: [\"--port=5432\", \"project:region:db\"]\n",
            json!(["--port=5432", "project:region:db", "--health-check", "--http-address=0.0.0.0"]),
        ),
        (
            "          args: [--health-check, --http-address=localhost, --http-port=9801, \"project:region:db\"]\n",
            json!(["--http-port=9801", "project:region:db", "--health-check", "--http-address=0.0.0.0"]),
        ),
        (
            "          command: [/cloud-sql-proxy, \"project:region:db\"]\n",
            json!(["--health-check", "--http-address=0.0.0.0"]),
        ),
    ] {
        let manifest = job(arguments);
        let before = crate::support::json(&["check", "-o", "json", "-"], Some(&manifest));
        let (edits, faults) = edits(&before["objects"][0]);
        assert_eq!(faults.len(), 1, "{before}");
        let pasted = pasted(&manifest, edits);
        let object: Value = serde_yaml_ng::from_str(&pasted).unwrap();
        let sidecar = &object["spec"]["template"]["spec"]["initContainers"][0];
        assert_eq!(sidecar["args"], expected, "{pasted}");
        assert_eq!(sidecar["startupProbe"]["httpGet"]["path"], "/startup", "{pasted}");
        let after = crate::support::json(&["check", "-o", "json", "-"], Some(&pasted));
        assert_eq!(after["objects"][0]["findings"], json!([]), "{pasted}");
    }
}

#[test]
fn arguments_that_would_not_reach_the_sidecar_are_not_pasted() {
    for arguments in [
        "",
        "          command: [sh, -c, \"/cloud-sql-proxy project:region:db\"]\n",
        "          args: [\"--\", \"project:region:db\"]\n",
        "          args: [\"$(ARGUMENTS)\"]\n",
        "          args: [--config-file=/config/proxy.toml]\n",
    ] {
        let judged = crate::support::json(&["check", "-o", "json", "-"], Some(&job(arguments)));
        let finding = &judged["objects"][0]["findings"][0];
        assert_eq!(finding["level"], "denied", "{judged}");
        assert_eq!(finding["instead"], json!([]), "{judged}");
        assert!(finding["notRepaired"].is_string(), "{judged}");
    }
}

struct Edit {
    first: usize,
    last: usize,
    text: String,
}

/// The edits of an object, if all of them are of lines, and the violations that they repair.
fn edits(object: &Value) -> (Vec<Edit>, BTreeSet<(String, String)>) {
    let mut edits = Vec::new();
    let mut faults = BTreeSet::new();
    for finding in object["findings"].as_array().unwrap() {
        let instead = finding["instead"].as_array().unwrap();
        if !instead.is_empty() && finding["notRepaired"].is_null() {
            faults.extend(denial(finding));
        }
        for edit in instead {
            let line = |key: &str| edit[key].as_u64().and_then(|line| usize::try_from(line).ok());
            let (Some(first), Some(last)) = (line("firstLine"), line("lastLine")) else {
                return (Vec::new(), BTreeSet::new());
            };
            edits.push(Edit { first, last, text: edit["text"].as_str().unwrap().to_owned() });
        }
    }
    (edits, faults)
}

fn denial(finding: &Value) -> Option<(String, String)> {
    let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    (finding["level"] == "denied").then(|| (text("rule"), text("container")))
}

fn pasted(text: &str, mut edits: Vec<Edit>) -> String {
    let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse((edit.first, edit.last)));
    for edit in edits {
        lines.splice(edit.first - 1..edit.last, [edit.text]);
    }
    lines.concat()
}
