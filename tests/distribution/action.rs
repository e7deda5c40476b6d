//! The GitHub Action: its steps run as on a runner, with a folder in place of the release and of code scanning.

mod runner;

use std::fs;

use self::runner::Run;
use super::files::{read, yaml};

const DENIED: &str = "readiness-probe-only.yaml";
const ALLOWED: &str = "startup-probe.yaml";

#[test]
fn installs_the_release_and_reports_before_it_fails() {
    let run = Run::new("reports").with_example(DENIED).with_example(ALLOWED).finish();
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.log.contains(&format!("::error file={DENIED},line=14,")), "{}", run.log);
    let uploaded = run.uploaded.unwrap();
    assert_eq!(uploaded["runs"][0]["results"][0]["ruleId"], "sidecar-without-startup-probe");
    let location = &uploaded["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], DENIED);
    let metadata = yaml("metadata.yml");
    let [source, version] = ["source", "version"]
        .map(|name| metadata["annotations"][format!("io.kubewarden.policy.{name}")].as_str().unwrap());
    let release = format!("{source}/releases/download/v{version}");
    let archive = format!("sidecar-startup-v{version}-x86_64-unknown-linux-musl.tar.gz");
    assert_eq!(run.asked, [format!("{release}/{archive}"), format!("{release}/sha256sums.txt")]);
}

#[test]
fn takes_the_command_that_is_there() {
    let run = Run::new("takes").with_example(ALLOWED).with_command().finish();
    assert_eq!((run.code, run.asked), (0, Vec::new()), "{}", run.log);
    assert!(run.uploaded.unwrap()["runs"][0]["results"].as_array().unwrap().is_empty());
}

#[test]
fn checks_the_paths_alone_by_the_settings() {
    let run = |name| Run::new(name).with_example(DENIED).with_example(ALLOWED).with_command();
    let one = run("one").with("paths", ALLOWED).finish();
    assert_eq!(one.code, 0, "{}", one.log);
    let both = run("both").with("paths", &format!("{ALLOWED}\n\n  {DENIED}\n")).finish();
    assert_eq!(both.code, 1, "{}", both.log);
    let warned = run("warned")
        .with_file("our settings.yaml", "defaultAction: Warn")
        .with("settings", "our settings.yaml");
    let warned = warned.finish();
    assert_eq!(warned.code, 0, "{}", warned.log);
    assert!(warned.log.contains("::warning file="), "{}", warned.log);
}

#[test]
fn reports_as_text_without_failing_or_uploading() {
    let run = Run::new("text").with_example(DENIED).with_command();
    let run = run.with("format", "text").with("fail", "false").with("upload", "false").finish();
    assert_eq!(run.code, 0, "{}", run.log);
    assert_eq!(run.outputs["exit-code"], "1");
    assert!(run.uploaded.is_none());
    assert!(run.log.contains("help: instead of lines 14 to 22, write:"), "{}", run.log);
    assert!(fs::read_to_string(&run.outputs["sarif"]).unwrap().contains(DENIED));
}

#[test]
fn a_baseline_accepts_what_it_has() {
    let known = r#"{"version": 1, "known": [{"kind": "Deployment", "name": "myapp", "rule": "sidecar-without-startup-probe",
        "container": "nginx"}]}"#;
    let run = Run::new("baseline").with_example(DENIED).with_command().with_file("known.json", known);
    let run = run.with("paths", DENIED).with("baseline", "known.json").finish();
    assert_eq!(run.code, 0, "{}", run.log);
}

#[test]
fn what_cannot_be_read_fails_all_the_same() {
    let run = Run::new("unreadable").with_file("broken.yaml", "a: [").with_command();
    let run = run.with("fail", "false").finish();
    assert_eq!(run.code, 2, "{}", run.log);
    assert!(run.uploaded.is_some());

    let run = Run::new("settings").with_example(ALLOWED).with_file("s", "fix: Everything").with_command();
    let run = run.with("settings", "s").finish();
    assert_eq!(run.code, 2, "{}", run.log);
    assert!(run.uploaded.is_none() && run.log.contains("settings.fix"), "{}", run.log);

    let run = Run::new("nothing").with_example(ALLOWED).with_command().with("paths", " ").finish();
    assert_eq!(run.code, 2, "{}", run.log);
    assert!(run.log.contains("::error::the input \"paths\" is empty"), "{}", run.log);
}

#[test]
fn only_runs_what_the_release_has() {
    let changed = Run::new("changed").with_example(ALLOWED).with_changed_archive().finish();
    assert_ne!(changed.code, 0, "{}", changed.log);
    assert!(!changed.log.contains("sidecar-startup 0"), "{}", changed.log);
    let other = Run::new("other").with_example(ALLOWED).on("Windows", "X64").finish();
    assert_eq!(other.code, 2, "{}", other.log);
    assert!(other.log.contains("::error::no release has the command for Windows on X64"), "{}", other.log);
    assert!(other.asked.is_empty());
}

/// Whoever copies the examples gets this release.
#[test]
fn the_pages_name_this_version() {
    let version = yaml("metadata.yml");
    let version = version["annotations"]["io.kubewarden.policy.version"].as_str().unwrap();
    let named = regex::Regex::new(r"sidecar-startup-policy@v(\S+)|rev: v(\S+)").unwrap();
    for (page, expected) in [("README.md", 1), ("docs/command.md", 2)] {
        let text = read(page);
        let versions = named.captures_iter(&text).filter_map(|found| found.get(1).or(found.get(2)));
        let versions: Vec<_> = versions.map(|found| found.as_str()).collect();
        assert_eq!(versions, vec![version; expected], "{page}");
    }
}
