//! The report before a roll-out, and the settings that it suggests.

use std::fs;

use serde_json::{Value, json};
use sidecar_startup::Settings;

/// With the suggested settings, nothing of all acceptance cases is denied, but for what the API server would reject.
#[test]
fn suggested_settings_admit_everything() {
    let before = crate::support::json(&["check", "-o", "json", "tests/cases"], None);
    let output = crate::support::run(&["check", "--suggest-settings", "tests/cases"], None);
    let text = String::from_utf8(output.stdout).unwrap();
    let settings = manifest::parse_one(&text).unwrap();
    Settings::from_value(&settings).unwrap();
    let reasons =
        settings["exempt"].as_array().unwrap().iter().map(|entry| entry["reason"].as_str().unwrap());
    assert!(reasons.clone().all(|reason| reason.contains(": ")), "{text}");
    let file = crate::support::folder("suggest").join("settings.yaml");
    fs::write(&file, &text).unwrap();
    let after = crate::support::json(
        &["check", "-o", "json", "--settings", file.to_str().unwrap(), "tests/cases"],
        None,
    );
    let denied = |report: &Value| report["summary"]["denied"].as_u64().unwrap();
    let left = after["objects"].as_array().unwrap().iter().filter(|object| object["verdict"] == "denied");
    // Nor does it take names with control characters.
    let is_possible = |object: &&Value| {
        let finding = &object["findings"][0];
        let container = finding["container"].as_str().unwrap_or_default();
        finding["rule"] != "invalid-object" && !container.contains(char::is_control)
    };
    let left: Vec<_> = left.filter(is_possible).collect();
    assert!(200 < denied(&before));
    assert!(left.is_empty(), "{} are denied, the first: {:#}", left.len(), left[0]);
}

fn pod(name: &str, owner: &str, container: &Value) -> Value {
    let app = json!({"name": "shop", "image": "shop:1"});
    let is_init = container["restartPolicy"] == "Always";
    let spec = if is_init {
        json!({"initContainers": [container], "containers": [app]})
    } else {
        json!({"containers": [app, container]})
    };
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {
        "name": name, "namespace": "team", "labels": {"pod-template-hash": "5d4"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "controller": true}],
    }, "spec": spec, "status": {"phase": "Running"}})
}

fn cluster() -> String {
    let proxy = json!({"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.27.0", "args": ["proxy", "sidecar"]});
    let agent = json!({"name": "agent", "image": "agent:1", "restartPolicy": "Always"});
    let probed = json!({"name": "probed", "image": "probed:1", "restartPolicy": "Always",
        "readinessProbe": {"httpGet": {"path": "/", "port": 80}}});
    let set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web-5d4", "namespace": "team",
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": true}]}});
    let config =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "team"}});
    let items = [
        pod("web-5d4-a", "web-5d4", &proxy),
        pod("web-5d4-b", "web-5d4", &proxy),
        pod("api-5d4-a", "api-5d4", &agent),
        pod("api-5d4-b", "api-5d4", &agent),
        pod("job-5d4-a", "job-5d4", &probed),
        set,
        config,
    ];
    json!({"apiVersion": "v1", "items": items, "kind": "List"}).to_string()
}

#[test]
fn pods_count_with_what_creates_them() {
    let summary = crate::support::json(&["check", "--summary", "-o", "json", "-"], Some(&cluster()));
    assert_eq!((&summary["workloads"], &summary["pods"]), (&json!(3), &json!(5)));
    assert_eq!(summary["byRule"], json!({"classic-sidecar": 1, "sidecar-without-startup-probe": 2}));
    assert_eq!(summary["byNamespace"], json!({"team": 3}));
    assert_eq!(summary["byImage"], json!({"agent": 1, "istio/proxyv2": 1, "probed": 1}));
    let denied = summary["denied"].as_array().unwrap().iter();
    let denied: Vec<_> = denied
        .map(|it| (it["name"].as_str().unwrap(), it["deniedPods"].as_u64().unwrap(), it["solvedBy"].as_str()))
        .collect();
    assert_eq!(denied, [("api", 2, None), ("job", 1, Some("All")), ("web", 2, Some("All"))]);
    assert_eq!(summary["objects"]["skipped"]["otherKinds"], 1);
    assert_eq!(summary["objects"]["skipped"]["leftToOthers"], 1);
}

#[test]
fn sidecars_with_a_derived_probe_are_declared() {
    let output = crate::support::run(&["check", "--suggest-settings"], Some(&cluster()));
    let settings = manifest::parse_one(&String::from_utf8(output.stdout).unwrap()).unwrap();
    assert_eq!(settings["sidecars"][0]["match"], json!({"containerNames": ["probed"], "images": ["probed"]}));
    assert_eq!(settings["sidecars"][0]["startupProbe"]["httpGet"]["port"], 80);
    assert_eq!(settings["exempt"].as_array().unwrap().len(), 1);
    assert_eq!(settings["exempt"][0]["match"]["containerNames"], json!(["agent"]));
    assert!(settings["exempt"][0]["reason"].as_str().unwrap().starts_with("Deployment api: "));
    assert_eq!(settings["exempt"][0]["namespaces"], json!(["team"]));
    assert_eq!(settings["fix"], "All");
}
