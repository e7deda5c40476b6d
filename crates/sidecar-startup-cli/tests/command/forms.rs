//! The forms for tools, read back by what reads them.

use serde_sarif::sarif::{ResultLevel, Sarif};

fn sarif(paths: &[&str]) -> Sarif {
    let mut arguments = vec!["check", "-o", "sarif"];
    arguments.extend(paths);
    serde_json::from_value(crate::support::json(&arguments, None)).unwrap()
}

#[test]
fn sarif_is_valid() {
    let log = sarif(&["examples", "README.md"]);
    let run = log.runs.first().unwrap();
    let rules = run.tool.driver.rules.as_ref().unwrap();
    let results = run.results.as_ref().unwrap();
    assert!(results.iter().any(|result| result.level == Some(ResultLevel::Error)));
    for result in results {
        let id = result.rule_id.as_ref().unwrap();
        let rule = rules.iter().find(|rule| rule.id == *id).unwrap();
        assert!(!rule.help.as_ref().unwrap().text.is_empty(), "{id} has no help");
        let place = result.locations.as_ref().unwrap().first().unwrap().physical_location.as_ref().unwrap();
        assert!(0 < place.region.as_ref().unwrap().start_line.unwrap());
    }
}

#[test]
fn sarif_without_findings_has_an_empty_list() {
    for paths in [&["examples/startup-probe.yaml"][..], &["deploy/base"]] {
        let log = sarif(paths);
        assert_eq!(log.runs.first().unwrap().results.as_deref(), Some(&[][..]));
    }
}

#[test]
fn junit_counts() {
    let output = crate::support::run(&["check", "-o", "junit", "examples", "nowhere.yaml"], None);
    let report =
        quick_junit::Report::deserialize_from_str(&String::from_utf8(output.stdout).unwrap()).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (8, 5, 1));
}

#[test]
fn json_is_the_same_in_one_piece_and_streamed() {
    let item = r#"  {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "é-N"},
  "spec": {"initContainers": [
      {"name": "b", "restartPolicy": "Always"}], "containers": [{"name": "c", "env": [PAD]}]}}"#;
    let pad = vec![r#"{"name": "A", "value": "b"}"#; 8_000].join(",");
    let list = |count: usize, pad: &str, before: &str, after: &str| {
        let items: Vec<_> =
            (0..count).map(|n| item.replace('N', &n.to_string()).replace("PAD", pad)).collect();
        format!("{{{before}\n\"items\": [\n{}]{after}}}", items.join(",\n"))
    };
    for (before, after) in
        [(r#""kind": "PodList", "apiVersion": "v1","#, ""), (r#""apiVersion": "v1","#, r#","kind": "List""#)]
    {
        let places = |pad: &str| -> Vec<(String, u64, u64)> {
            let report = crate::support::json(&["check", "-o", "json"], Some(&list(40, pad, before, after)));
            let objects = report["objects"].as_array().unwrap().iter();
            let place = |object: &serde_json::Value| {
                let finding = &object["findings"][0];
                let name = object["name"].as_str().unwrap().to_owned();
                (name, finding["line"].as_u64().unwrap(), finding["column"].as_u64().unwrap())
            };
            objects.map(place).collect()
        };
        let whole = places("");
        assert_eq!(whole.len(), 40);
        assert_eq!(whole[1], ("é-1".to_owned(), 8, 7));
        assert_eq!(places(&pad), whole);
    }
}

#[test]
fn items_of_a_typed_list_need_no_kind() {
    let list = r#"{"items": [{"metadata": {"name": "a"}, "spec": {"initContainers": [{"name": "b", "restartPolicy": "Always"}],
        "containers": [{"name": "c", "env": [PAD]}]}}], "kind": "PodList", "apiVersion": "v1"}"#;
    let pad = vec![r#"{"name": "A", "value": "b"}"#; 320_000].join(",");
    for pad in ["", &pad] {
        let report = crate::support::json(&["check", "-o", "json"], Some(&list.replace("PAD", pad)));
        assert_eq!(report["summary"]["denied"], 1, "{} bytes", pad.len());
    }
}

#[test]
fn colours_are_for_terminals() {
    let path = "examples/readiness-probe-only.yaml";
    let plain = crate::support::run(&["check", path], None).stdout;
    assert!(!plain.contains(&0x1b));
    let coloured = crate::support::run(&["check", path, "--color", "always"], None).stdout;
    assert!(coloured.contains(&0x1b));
}

#[test]
fn a_closed_pipe_is_no_error() {
    use std::process::{Command, Stdio};
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidecar-startup"));
    let command =
        command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).args(["check", "tests/cases"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(matches!(output.status.code(), Some(0..=2)), "{:?}", output.status);
}
