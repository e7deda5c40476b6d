//! `timeline`: the crate of that name tests the pictures themselves.

use std::fs;

use crate::support::{folder, json, run};

const POD: &str = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {
    "initContainers": [{"name": "b", "image": "b", "restartPolicy": "Always",
        "readinessProbe": {"tcpSocket": {"port": 1}, "periodSeconds": 1}}],
    "containers": [{"name": "c", "image": "c"}]}}"#;

#[test]
fn the_repair_is_drawn_after_the_pod_as_it_is() {
    let output = run(&["timeline", "--fix", "--ascii"], Some(POD));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.is_ascii(), "{text}");
    let (before, after) = text.split_once("Pod a, after fix\n").unwrap();
    assert!(before.starts_with("Pod a, before\n") && before.contains("nothing holds back c"), "{text}");
    assert!(after.contains("its startupProbe has to succeed before c"), "{text}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn json_has_the_models() {
    let drawn = json(&["timeline", "--fix", "-o", "json"], Some(POD));
    let object = &drawn["objects"][0];
    assert_eq!(
        (&drawn["version"], &object["kind"], &object["name"]),
        (&1.into(), &"Pod".into(), &"a".into())
    );
    assert_eq!(object["timelines"][0]["lanes"][0]["gate"], "started");
    assert_eq!(object["repaired"][0]["lanes"][0]["gate"], "startupProbe");
}

#[test]
fn one_picture_is_a_file_and_several_are_a_folder() {
    let folder = folder("pictures");
    let (file, several) = (folder.join("a.svg"), folder.join("several"));
    let one = run(&["timeline", "--svg", file.to_str().unwrap()], Some(POD));
    assert_eq!(one.status.code(), Some(0));
    assert!(fs::read_to_string(&file).unwrap().starts_with("<svg "));
    let refused = run(&["timeline", "--fix", "--svg", file.to_str().unwrap()], Some(POD));
    assert_eq!(refused.status.code(), Some(2));
    let listed = run(&["timeline", "--fix", "--svg", several.to_str().unwrap()], Some(POD));
    let names: Vec<_> = String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for (name, end) in names.iter().zip(["pod-a-before.svg", "pod-a-after-fix.svg"]) {
        assert!(name.ends_with(end) && fs::read_to_string(name).unwrap().contains("<title"), "{name}");
    }
}

#[test]
fn other_kinds_are_passed_over_and_errors_are_not() {
    let output = run(&["timeline"], Some("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"));
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    let output = run(&["timeline", "nowhere.yaml"], None);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere.yaml: error: cannot be opened"));
}
