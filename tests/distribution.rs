//! Files that are published with the policy: the Artifact Hub package, Rancher's settings form and the workflows.

#![allow(clippy::indexing_slicing, reason = "a missing field of a JSON value reads as null")]
#![allow(clippy::unwrap_used, reason = "helpers fail like the tests that call them")]

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs};

use serde_json::{Map, Value, json};
use sidecar_startup::Settings;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

fn yaml(name: &str) -> Value {
    manifest::parse_one(&read(name)).unwrap()
}

/// The package without its creation time.
fn without_time(package: &str) -> String {
    let lines = package.lines().filter(|line| !line.starts_with("createdAt: "));
    lines.collect::<Vec<_>>().join("\n")
}

/// `UPDATE_EXPECT=1` rewrites a stale package.
#[test]
fn the_package_is_up_to_date() {
    let now = SystemTime::now();
    let package =
        policy_host::artifacthub::package(&read("metadata.yml"), Some(&read("questions-ui.yml")), now)
            .unwrap();
    let is_current = || without_time(&package) == without_time(&read("artifacthub-pkg.yml"));
    if !is_current() && env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1") {
        fs::write(path("artifacthub-pkg.yml"), &package).unwrap();
    }
    assert!(is_current(), "artifacthub-pkg.yml is stale: run make artifacthub-pkg.yml");
}

/// Artifact Hub lets the owners in `artifacthub-repo.yml` claim the repository.
#[test]
fn the_maintainers_own_the_repository() {
    assert_eq!(yaml("artifacthub-repo.yml")["owners"], yaml("artifacthub-pkg.yml")["maintainers"]);
}

/// The questions of the form that hold a value, rather than group other questions.
fn questions() -> Vec<Value> {
    let all = yaml("questions-ui.yml")["questions"].as_array().unwrap().clone();
    let with_parts = all.into_iter().flat_map(|question| match question["subquestions"].as_array() {
        Some(parts) => parts.clone(),
        None => vec![question],
    });
    with_parts.collect()
}

/// Sets the setting that a question asks for.
fn set(settings: &mut Value, variable: &Value, value: Value) {
    let mut place = settings;
    for step in variable.as_str().unwrap().split('.') {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[step];
    }
    *place = value;
}

/// The settings that the unchanged form produces.
fn untouched() -> Value {
    let mut settings = json!({});
    for question in questions() {
        set(&mut settings, &question["variable"], question["default"].clone());
    }
    settings
}

#[test]
fn the_form_makes_valid_settings() {
    let settings = untouched();
    Settings::from_value(&settings).unwrap();
    for question in questions() {
        let mut alone = json!({});
        set(&mut alone, &question["variable"], question["default"].clone());
        Settings::from_value(&alone).unwrap_or_else(|error| panic!("{alone}: {error}"));

        for option in question["options"].as_array().into_iter().flatten() {
            let mut settings = untouched();
            // The option must be visible to be chosen.
            if let Some((variable, value)) =
                question["show_if"].as_str().and_then(|shown| shown.split_once('='))
            {
                set(&mut settings, &json!(variable), json!(value));
            }
            set(&mut settings, &question["variable"], option.clone());
            let choice = format!("{}={}", question["variable"].as_str().unwrap(), option.as_str().unwrap());
            // Required questions that the choice reveals must be answered.
            for shown in questions() {
                if shown["show_if"] == choice && shown["required"] == true {
                    assert_eq!(shown["type"], "map[", "{choice}");
                    set(&mut settings, &shown["variable"], json!({"sidecar-containers": "supported"}));
                }
            }
            Settings::from_value(&settings).unwrap_or_else(|error| panic!("{choice}: {error}"));
        }
        if question["type"] == "int" {
            let mut settings = untouched();
            set(&mut settings, &question["variable"], question["min"].clone());
            // The maximum must not be below the minimum.
            if question["variable"] == "startupSeconds.maximum" {
                set(&mut settings, &json!("startupSeconds.minimum"), json!(0));
            }
            Settings::from_value(&settings).unwrap_or_else(|error| panic!("{settings}: {error}"));
        }
    }
}

/// The unchanged form yields the policy's own defaults.
#[test]
fn the_form_starts_with_the_defaults_of_the_policy() {
    let debug = |settings: &Value| format!("{:?}", Settings::from_value(settings).unwrap());
    assert_eq!(debug(&untouched()), debug(&json!({})));
}

#[test]
fn rancher_can_read_the_form() {
    let all = yaml("questions-ui.yml");
    let headings = all["questions"].as_array().unwrap().iter().cloned();
    for question in headings.chain(questions()) {
        let name = &question["variable"];
        assert_eq!(question["group"], "Settings", "{name}");
        assert!(question["label"].is_string(), "{name}");
        assert!(question.as_object().unwrap().contains_key("default"), "{name}");
        let r#type = question["type"].as_str().unwrap();
        assert!(["array[", "enum", "int", "map[", "string"].contains(&r#type), "{name}: {type}");
        assert_eq!(r#type == "enum", question["options"].is_array(), "{name}");
        assert_eq!(r#type == "int", question["min"].is_u64(), "{name}");
        for part in question["subquestions"].as_array().into_iter().flatten() {
            let is_below =
                part["variable"].as_str().unwrap().starts_with(&format!("{}.", name.as_str().unwrap()));
            assert!(is_below, "{name} has a part {}", part["variable"]);
        }
    }
}

/// The workflows with their file names.
fn workflows() -> Vec<(String, String)> {
    let folder = path(".github/workflows");
    let entries = fs::read_dir(&folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    let texts = names.into_iter().map(|name| {
        let text = fs::read_to_string(folder.join(&name)).unwrap();
        (name, text)
    });
    texts.collect()
}

/// An action's owner can move a tag but not a commit.
#[test]
fn the_actions_of_the_workflows_are_pinned() {
    for (name, text) in workflows() {
        let used = text.lines().filter_map(|line| line.split_once("uses: ").map(|(_, action)| action));
        let mut count = 0;
        for action in used {
            let pinned = action.split_once('@').and_then(|(_, version)| version.split_once(" # v"));
            let is_pinned = pinned.is_some_and(|(commit, _)| {
                commit.len() == 40 && commit.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            });
            assert!(is_pinned, "{name}: {action}: expected a commit, and its version as a comment");
            count += 1;
        }
        assert_eq!(count, text.matches("uses:").count(), "{name}");
    }
}

/// Each job declares the least permissions that it needs.
#[test]
fn each_job_declares_its_permissions() {
    for (name, text) in workflows() {
        let workflow = manifest::parse_one(&text).unwrap();
        assert_eq!(workflow["permissions"], json!({}), "{name}");
        for (id, job) in workflow["jobs"].as_object().unwrap() {
            assert!(job["permissions"].is_object() && job["timeout-minutes"].is_u64(), "{name}: {id}");
        }
    }
}

/// A fork has to change `metadata.yml` only.
#[test]
fn owner_and_registry_are_in_one_place() {
    let metadata = yaml("metadata.yml");
    let annotation =
        |name: &str| metadata["annotations"][format!("io.kubewarden.policy.{name}")].as_str().unwrap();
    let (url, oci_url) = (annotation("source").trim_start_matches("https://"), annotation("ociUrl"));
    for (name, text) in workflows().into_iter().chain([("Makefile".to_owned(), read("Makefile"))]) {
        let owner = |url: &str| url.rsplit_once('/').unwrap().0.to_owned();
        for place in [owner(url), owner(oci_url)] {
            assert!(!text.contains(&place), "{name} names {place}: use scripts/metadata");
        }
    }
}
