//! Texts that repairs write for other programs: Istio's configuration and shell scripts.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use sidecar_startup::model::istio_config::{CONFIG, Hold, hold_of, with_hold};
use sidecar_startup::validate;

const HOLD: &str = "holdApplicationUntilProxyStarts";

/// Values as found in configurations.
fn value() -> impl Strategy<Value = Value> {
    let text = proptest::sample::select(vec![
        "a",
        "",
        "a: b",
        "it's",
        "x # y",
        "{z",
        "- q",
        "true",
        "1",
        "line\nline\n",
        "\"q\"",
    ]);
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text.prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::vec((key(), inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["concurrency", "proxyMetadata", "ISTIO_META_X", "tracing", "a.b/c"])
        .prop_map(str::to_owned)
}

/// Parsed by a real parser, the repaired configuration has the field, and is otherwise unchanged.
#[test]
fn configurations_gain_one_field() {
    let configuration = proptest::collection::vec((key(), value()), 0..4);
    let forms: [fn(&Value) -> String; 4] = [
        manifest::to_yaml,
        |value| value.to_string(),
        |value| serde_json::to_string_pretty(value).unwrap_or_default(),
        |value| format!("# of the team\n---\n\n{}", manifest::to_yaml(value)),
    ];
    let (mut taken, mut asked) = (0, 0);
    for form in forms {
        let mut runner = TestRunner::deterministic();
        for _ in 0..200 {
            let fields = configuration.new_tree(&mut runner).unwrap().current();
            let mut fields: Map<String, Value> = fields.into_iter().collect();
            let text = form(&Value::Object(fields.clone()));
            asked += 1;
            let Some(held) = with_hold(&text) else { continue };
            taken += 1;
            fields.insert(HOLD.to_owned(), json!(true));
            assert_eq!(manifest::parse_one(&held).unwrap(), Value::Object(fields), "{text}\nbecame\n{held}");
        }
    }
    // Unclear configurations are left alone, but most must not be unclear.
    assert!(asked * 8 < taken * 10, "only {taken} of {asked} were changed");
}

/// Pieces of configurations that ask to be held at the top level or below, or only look like it.
fn piece() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "holdApplicationUntilProxyStarts: true\n",
        "holdApplicationUntilProxyStarts: false # true\n",
        "\"holdApplicationUntilProxyStarts\" : true\n",
        "  holdApplicationUntilProxyStarts: true\n",
        "  - holdApplicationUntilProxyStarts: true\n",
        "- {holdApplicationUntilProxyStarts: true}\n",
        "concurrency: 2\n",
        "proxyMetadata:\n",
        "proxyMetadata: {A: b,\n",
        "holdApplicationUntilProxyStarts: true}\n",
        "tracing: [{a: 'b'},\n",
        "  c]\n",
        "image: >-\n",
        "  it's {a \"b\n",
        "  key: |\n",
        "    text: 'a\n",
        "discoveryAddress: \"a: b\n",
        "  c\"\n",
        "# a comment's {\n",
        "binaryPath: it's # {\n",
        "\n",
        "---\n",
    ])
}

/// What is read as asked for, or as not asked for, a real parser reads the same way.
#[test]
fn holds_are_read_as_a_parser_reads_them() {
    let mut runner = TestRunner::deterministic();
    let (mut asked, mut not_asked, mut unclear) = (0, 0, 0);
    for _ in 0..20_000 {
        let text = proptest::collection::vec(piece(), 1..7).new_tree(&mut runner).unwrap().current().concat();
        let Ok(Value::Object(config)) = manifest::parse_one(&text) else { continue };
        let is_held = config.get(HOLD) == Some(&json!(true));
        let annotations = json!({ CONFIG: text }).to_string();
        match hold_of(&serde_json::from_str(&annotations).unwrap()) {
            Hold::Asked => {
                asked += 1;
                assert!(is_held, "not asked for in\n{text}");
            }
            Hold::NotAsked => {
                not_asked += 1;
                assert!(!is_held, "asked for in\n{text}");
            }
            Hold::Unreadable => {
                unclear += 1;
                assert!(
                    config.get(HOLD).is_some_and(|value| !value.is_boolean()),
                    "unclear in
{text}"
                );
            }
        }
    }
    assert!(
        300 < asked && 300 < not_asked && 100 < unclear,
        "{asked} asked, {not_asked} not, {unclear} unclear"
    );
}

/// The hook that a repair makes of a probe's command.
fn hook(probe: &[&str], timeout: u32) -> Vec<String> {
    let payload = json!({
        "settings": {"fix": "All", "rules": {"classic-sidecar": "Ignore"}, "holdApplication": {"timeoutSeconds": timeout}},
        "request": {
            "operation": "CREATE",
            "kind": {"group": "", "kind": "Pod"},
            "object": {
                "metadata": {"annotations": {"sidecar-startup/sidecars": "dind"}},
                "spec": {"containers": [
                    {"name": "dind", "image": "docker:27-dind", "readinessProbe": {"exec": {"command": probe}}},
                    {"name": "build", "image": "build:1"},
                ]},
            },
        },
    });
    let answer = validate(&payload.to_string());
    let repaired = answer.repaired().unwrap();
    let command = repaired.pointer("/spec/containers/0/lifecycle/postStart/exec/command").unwrap();
    serde_json::from_value(command.clone()).unwrap()
}

fn exit_code(command: &[String]) -> Option<i32> {
    let (shell, arguments) = command.split_first().unwrap();
    Command::new(shell).args(arguments).stdin(Stdio::null()).status().unwrap().code()
}

#[test]
fn the_hook_waits_until_the_probe_succeeds() {
    let file = std::env::temp_dir().join(format!("it's ready; \"{}\" $HOME", std::process::id()));
    let name = file.to_str().unwrap().to_owned();
    let is_ready = ["test", "-e", &name];
    assert_ne!(exit_code(&hook(&is_ready, 1)), Some(0), "the sidecar is not ready, and the time is over");
    let late = std::thread::spawn({
        let file = file.clone();
        move || {
            std::thread::sleep(std::time::Duration::from_millis(300));
            std::fs::write(file, "").unwrap();
        }
    });
    assert_eq!(exit_code(&hook(&is_ready, 20)), Some(0), "the sidecar became ready");
    late.join().unwrap();
    std::fs::remove_file(file).unwrap();
}

/// The kubelet sets no time limit for a hook, and waits until no process has its streams open.
#[test]
fn the_hook_ends_in_time_though_the_probe_hangs() {
    // The hook leaves the probe behind. Here, it ends by itself, and after the test.
    let command = hook(&["timeout", "60", "tail", "-f", "/dev/null"], 1);
    let (shell, arguments) = command.split_first().unwrap();
    let begun = std::time::Instant::now();
    let output = Command::new(shell).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(!output.status.success());
    assert!(begun.elapsed() < std::time::Duration::from_secs(30), "it took {:?}", begun.elapsed());
}
