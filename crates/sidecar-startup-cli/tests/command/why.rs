//! Recorded Pods in `tests/why`, a folder each: `pod.yaml`, the time in `now.txt`, and what the command says in `expected.txt`, which
//! `UPDATE_EXPECT=1` rewrites.

use std::path::Path;
use std::{env, fs};

use crate::support::run;

const CASES: &str = "tests/why";

#[test]
fn recorded_pods_are_explained() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(CASES);
    let mut stages = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let case = entry.unwrap().path();
        let now = fs::read_to_string(case.join("now.txt")).unwrap();
        let output = run(&["why", "--now", now.trim(), case.join("pod.yaml").to_str().unwrap()], None);
        let said = String::from_utf8(output.stdout).unwrap();
        let said = format!("{said}exit {}\n", output.status.code().unwrap());
        let expected = case.join("expected.txt");
        if env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&expected, &said).unwrap();
        }
        assert_eq!(fs::read_to_string(&expected).unwrap_or_default(), said, "{}", case.display());
        // The messages of a status repeat what registries and the API server say.
        assert!(!said.contains("s3cr3t") && !said.contains("hunter2"), "{said}");
        stages += 1;
    }
    assert!(15 <= stages, "{stages}");
}

#[test]
fn what_is_no_pod_is_an_error() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\n";
    for (input, error) in [
        (service, "expected a Pod, but found a Service"),
        ("a: 1\n", "expected a Pod"),
        ("", "-: nothing is piped in"),
    ] {
        let output = run(&["why", "-"], Some(input));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(error), "{text}");
    }
}

#[test]
fn each_pod_of_a_list_gets_an_answer() {
    let pods = ["running-well", "startup-probe-closed"].map(|stage| {
        let file =
            Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(CASES).join(stage).join("pod.yaml");
        serde_yaml_ng::from_str::<serde_json::Value>(&fs::read_to_string(file).unwrap()).unwrap()
    });
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": pods}).to_string();
    let output = run(&["why", "--now", "2026-03-02T10:01:30Z", "-"], Some(&list));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().filter(|line| line.starts_with("Pod shop-6b9f: ")).count(), 2, "{said}");
    assert_eq!(output.status.code(), Some(1), "{said}");
}
