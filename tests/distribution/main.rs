//! Files that are published with the policy: the Artifact Hub package, Rancher's settings form, the workflows and the GitHub Action;
//! and what it is built from.

#![allow(clippy::indexing_slicing, reason = "a missing field of a JSON value reads as null")]
#![allow(clippy::unwrap_used, reason = "helpers fail like the tests that call them")]

mod action;
mod files;
mod sources;
mod workflows;

use std::time::SystemTime;
use std::{env, fs};

use serde_json::{Map, Value, json};
use sidecar_startup::Settings;

use self::files::{path, read, yaml};

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
