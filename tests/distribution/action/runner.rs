//! A runner of GitHub Actions, as far as `action.yml` needs one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::Value;

use crate::files::{path, yaml};

/// What is checked, and with what.
pub(super) struct Run {
    folder: PathBuf,
    served: PathBuf,
    /// The values of expressions such as `inputs.paths`.
    values: BTreeMap<String, String>,
    machine: (&'static str, &'static str),
    has_command: bool,
}

/// How the action ended.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The exit code of the last step that ran.
    pub(super) code: i32,
    /// What the steps printed.
    pub(super) log: String,
    /// The URLs that were downloaded.
    pub(super) asked: Vec<String>,
    /// The report that went to code scanning.
    pub(super) uploaded: Option<Value>,
    /// The outputs of the action.
    pub(super) outputs: BTreeMap<String, String>,
}

/// The folder with the command as it is built.
fn built() -> PathBuf {
    let folder = path("target/debug");
    assert!(folder.join("sidecar-startup").is_file(), "run make tools first");
    folder.canonicalize().unwrap()
}

fn empty(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).unwrap();
}

/// The files of a release for one machine.
fn release() -> &'static Path {
    static RELEASE: OnceLock<PathBuf> = OnceLock::new();
    RELEASE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("action-release");
        empty(&folder);
        let run = |arguments: &[&str]| {
            let done = Command::new(path("scripts/release")).args(arguments).status().unwrap();
            assert!(done.success());
        };
        let (command, folder_name) = (built().join("sidecar-startup"), folder.to_str().unwrap());
        run(&["command", command.to_str().unwrap(), "x86_64-unknown-linux-musl", folder_name]);
        run(&["checksums", folder_name]);
        folder
    })
}

impl Run {
    /// An action without inputs in an empty repository.
    pub(super) fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("action").join(name);
        empty(&folder);
        empty(&folder.join("repository"));
        empty(&folder.join("temp"));
        let declared = yaml("action.yml")["inputs"].as_object().unwrap().clone();
        let defaults = declared
            .into_iter()
            .map(|(name, input)| (format!("inputs.{name}"), input["default"].as_str().unwrap().to_owned()));
        let served = folder.join("served");
        Self { folder, served, values: defaults.collect(), machine: ("Linux", "X64"), has_command: false }
    }

    /// Adds one of the examples to the repository.
    pub(super) fn with_example(self, name: &str) -> Self {
        fs::copy(path("examples").join(name), self.folder.join("repository").join(name)).unwrap();
        self
    }

    /// Adds a file to the repository.
    pub(super) fn with_file(self, name: &str, text: &str) -> Self {
        fs::write(self.folder.join("repository").join(name), text).unwrap();
        self
    }

    /// Sets an input.
    pub(super) fn with(mut self, input: &str, value: &str) -> Self {
        self.values.insert(format!("inputs.{input}"), value.to_owned()).unwrap();
        self
    }

    /// Has the command on the runner.
    pub(super) fn with_command(mut self) -> Self {
        self.has_command = true;
        self
    }

    /// Runs on another machine.
    pub(super) fn on(mut self, system: &'static str, processor: &'static str) -> Self {
        self.machine = (system, processor);
        self
    }

    /// Has other bytes in the archive than its checksum says.
    pub(super) fn with_changed_archive(self) -> Self {
        empty(&self.served);
        for entry in fs::read_dir(release()).unwrap().map(Result::unwrap) {
            let copy = self.served.join(entry.file_name());
            fs::copy(entry.path(), &copy).unwrap();
            if copy.extension().is_some_and(|extension| extension == "gz") {
                let mut bytes = fs::read(&copy).unwrap();
                bytes.push(0);
                fs::write(&copy, bytes).unwrap();
            }
        }
        self
    }

    /// Runs the steps, up to the first that fails.
    pub(super) fn finish(mut self) -> Outcome {
        let action = yaml("action.yml");
        let mut outcome = Outcome {
            code: 0,
            log: String::new(),
            asked: Vec::new(),
            uploaded: None,
            outputs: BTreeMap::new(),
        };
        for step in action["runs"]["steps"].as_array().unwrap() {
            if step["if"].as_str().is_some_and(|condition| !self.holds(condition)) {
                continue;
            }
            if let Some(script) = step["run"].as_str() {
                assert_eq!(step["shell"], "bash", "composite actions have no default");
                self.run(script, step, &mut outcome);
            } else {
                let action = step["uses"].as_str().unwrap();
                assert!(action.starts_with("github/codeql-action/upload-sarif@"), "{action}");
                let report = self.evaluate(step["with"]["sarif_file"].as_str().unwrap());
                let report = fs::read(report).unwrap();
                outcome.uploaded = Some(serde_json::from_slice(&report).unwrap());
            }
            if outcome.code != 0 {
                break;
            }
        }
        let outputs = action["outputs"].as_object().unwrap().iter();
        outcome.outputs = outputs
            .map(|(name, output)| (name.clone(), self.evaluate(output["value"].as_str().unwrap())))
            .collect();
        let asked = fs::read_to_string(self.folder.join("asked")).unwrap_or_default();
        outcome.asked = asked.lines().map(str::to_owned).collect();
        outcome
    }

    /// Runs a script as a runner does.
    fn run(&mut self, script: &str, step: &Value, outcome: &mut Outcome) {
        let served = if self.served.is_dir() { self.served.clone() } else { release().to_owned() };
        let file = |name: &str| self.folder.join("temp").join(name);
        // First what steps have added, then what is on the machine.
        let mut folders: Vec<PathBuf> =
            fs::read_to_string(file("path")).unwrap_or_default().lines().map(PathBuf::from).collect();
        folders.extend(self.has_command.then(built));
        folders.extend([
            path("tests/distribution/bin").canonicalize().unwrap(),
            "/usr/bin".into(),
            "/bin".into(),
        ]);
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .current_dir(self.folder.join("repository"))
            .env_clear()
            .env("PATH", std::env::join_paths(folders).unwrap())
            .env("GITHUB_ACTION_PATH", path("").canonicalize().unwrap())
            .env("GITHUB_OUTPUT", file("output"))
            .env("GITHUB_PATH", file("path"))
            .env("RUNNER_TEMP", self.folder.join("temp"))
            .envs([("RUNNER_OS", self.machine.0), ("RUNNER_ARCH", self.machine.1)])
            .envs([("SERVED", served), ("ASKED", self.folder.join("asked"))]);
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            command.env(name, self.evaluate(value.as_str().unwrap()));
        }
        let done = command.output().unwrap();
        outcome.code = done.status.code().unwrap();
        outcome.log += &String::from_utf8_lossy(&done.stdout);
        outcome.log += &String::from_utf8_lossy(&done.stderr);
        if let Some(id) = step["id"].as_str() {
            for line in fs::read_to_string(file("output")).unwrap_or_default().lines() {
                let (name, value) = line.split_once('=').unwrap();
                self.values.insert(format!("steps.{id}.outputs.{name}"), value.to_owned());
            }
        }
    }

    /// The value of `inputs` or `steps` that an expression names; what is missing is empty.
    fn value(&self, name: &str) -> String {
        self.values.get(name).cloned().unwrap_or_default()
    }

    /// Replaces the expressions in a text.
    fn evaluate(&self, text: &str) -> String {
        let expression = Regex::new(r"\$\{\{ ([a-z.-]+) \}\}").unwrap();
        expression.replace_all(text, |found: &regex::Captures<'_>| self.value(&found[1])).into_owned()
    }

    /// Whether a condition holds, which compares values and joins that by `&&` and, on the outside, by `||`.
    fn holds(&self, condition: &str) -> bool {
        let compare = |comparison: &str| {
            let (name, text) = comparison.trim_matches(['(', ')']).split_once(" == ").unwrap();
            format!("'{}'", self.value(name)) == text
        };
        condition.split(" || ").any(|part| part.split(" && ").all(compare))
    }
}
