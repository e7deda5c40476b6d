//! What is read from a cluster, with a stand-in for kubectl that records how it is called.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::folder;

/// Runs the command with a kubectl that prints `objects`, writes its arguments to a file, and ends with `code`. Returns what the command
/// printed, and the arguments.
fn run(name: &str, objects: &str, code: i32, arguments: &[&str]) -> (Output, String) {
    let folder = folder(name);
    let kubectl = folder.join("kubectl");
    fs::write(folder.join("objects.json"), objects).unwrap();
    let script = format!(
        "#!/bin/sh\ncd \"$(dirname \"$0\")\"\necho \"$*\" >called\ncat objects.json\n[ {code} = 0 ] || echo 'Error from server' >&2\nexit {code}\n"
    );
    fs::write(&kubectl, script).unwrap();
    fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let output = Command::new(env!("CARGO_BIN_EXE_sidecar-startup"))
        .current_dir(&folder)
        .env("PATH", path)
        .args(arguments)
        .output()
        .unwrap();
    (output, called(&folder))
}

fn called(folder: &Path) -> String {
    fs::read_to_string(folder.join("called")).unwrap_or_default().trim().to_owned()
}

const LIST: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shop", "namespace": "a"}, "spec": {
        "initContainers": [{"name": "proxy", "image": "proxy", "restartPolicy": "Always", "ports": [{"containerPort": 1}]}],
        "containers": [{"name": "shop", "image": "shop"}]}},
    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "plain", "namespace": "b"}, "spec": {
        "containers": [{"name": "plain", "image": "plain"}]}}]}"#;

#[test]
fn a_cluster_is_checked() {
    let (output, called) =
        run("cluster", LIST, 0, &["check", "--cluster", "-A", "--context", "prod", "-l", "team=a"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("sidecar-without-startup-probe") && text.contains("1 allowed, 1 denied"), "{text}");
    let (verb, rest) = called.split_once(' ').unwrap();
    let (kinds, options) = rest.split_once(' ').unwrap();
    assert_eq!(verb, "get");
    for kind in ["pods", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs"] {
        assert!(kinds.contains(kind), "{kinds}");
    }
    assert_eq!(options, "--context=prod --selector=team=a --all-namespaces --output json");
}

#[test]
fn one_namespace_is_checked() {
    let (_, called) = run("namespace", LIST, 0, &["check", "--cluster", "-n", "shop"]);
    assert!(called.ends_with(" --namespace=shop --output json"), "{called}");
}

#[test]
fn a_kubectl_that_fails_is_an_error() {
    let (output, _) = run("failing", "", 1, &["check", "--cluster"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("Error from server") && text.contains("kubectl failed"), "{text}");
}

#[test]
fn a_pod_is_read_by_its_name() {
    let pod = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shop"}, "spec": {"containers": [{"name": "shop", "image": "shop"}]},
        "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "lastTransitionTime": "2026-03-02T10:00:00Z"}]}}"#;
    let (output, called) = run("why", pod, 0, &["why", "shop", "-n", "a", "--now", "2026-03-02T10:01:30Z"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("has not been scheduled for 90 s (Unschedulable)"), "{text}");
    assert_eq!(called, "get pods --namespace=a --output json -- shop");
}

#[test]
fn a_pod_that_is_not_found_is_an_error() {
    let (output, _) = run("missing", "", 1, &["why", "shop"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("Error from server"), "{text}");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{text}");
}

#[test]
fn the_options_of_a_cluster_need_it() {
    for arguments in [
        ["check", "-A", "x"].as_slice(),
        &["check", "--cluster", "x"],
        &["check", "--cluster", "-A", "-n", "x"],
    ] {
        let (output, called) = run("usage", "", 0, arguments);
        assert_eq!((output.status.code(), called.as_str()), (Some(2), ""), "{arguments:?}");
    }
}
