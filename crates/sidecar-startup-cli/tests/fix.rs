//! Runs `sidecar-startup fix` on each manifest in `tests/fix`, and checks what it promises: it repairs as the policy does, every parser
//! reads the result the same, nothing but the repaired fields changes, and a second run changes nothing.
//!
//! A folder holds `manifest.yaml` or `manifest.json`, and perhaps `settings.yaml` and `nodes.yaml`. `expected.yaml` (or `.json`) is what
//! the manifest becomes, if it changes, and `refused.txt` what is left to the reader. `UPDATE_EXPECT=1` writes both.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize as _;
use serde_json::{Value, json};
use sidecar_startup::model::cluster::{Cluster, Node, NodesUnavailable};

type Outcome = Result<(), Failed>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let cases = match Case::all() {
        Ok(cases) => cases,
        Err(error) => {
            eprintln!("cannot list tests/fix: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials: Vec<_> = cases.iter().cloned().map(Case::trial).collect();
    let has_kubectl =
        Command::new("kubectl").args(["version", "--client"]).output().is_ok_and(|run| run.status.success());
    trials.push(
        Trial::test("kubectl reads what was meant", move || kubectl_agrees(&cases))
            .with_ignored_flag(!has_kubectl),
    );
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A folder.
#[derive(Clone)]
struct Case {
    folder: PathBuf,
    /// `yaml` or `json`.
    form: &'static str,
}

/// What a run of the command gives.
struct Run {
    code: i32,
    text: String,
    /// What it says, with the manifest called by its name alone.
    report: String,
}

impl Case {
    fn all() -> std::io::Result<Vec<Self>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fix");
        let case = |folder: PathBuf| {
            let form = if folder.join("manifest.json").is_file() { "json" } else { "yaml" };
            Self { folder, form }
        };
        let cases = fs::read_dir(root)?.map(|entry| Ok(case(entry?.path())));
        let mut cases: Vec<_> = cases.collect::<std::io::Result<_>>()?;
        cases.sort_by(|one, other| one.folder.cmp(&other.folder));
        Ok(cases)
    }

    fn name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn trial(self) -> Trial {
        Trial::test(self.name(), move || self.check())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn command(&self, command: &str, input: &str) -> Result<Run, Failed> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sidecar-startup"));
        process.args([command, "-"]).current_dir(&self.folder);
        for option in ["settings", "nodes"] {
            let file = format!("{option}.yaml");
            if self.path(&file).is_file() {
                process.arg(format!("--{option}={file}"));
            }
        }
        let output = run(process, input)?;
        Ok(Run {
            code: output.status.code().ok_or("the command was killed")?,
            text: String::from_utf8(output.stdout)?,
            report: String::from_utf8(output.stderr)?,
        })
    }

    fn check(&self) -> Outcome {
        let manifest = fs::read_to_string(self.path(&format!("manifest.{}", self.form)))?;
        let fixed = self.command("fix", &manifest)?;
        let report = fixed.report.replace("-:", &format!("manifest.{}:", self.form));
        self.expect(
            &format!("expected.{}", self.form),
            (fixed.text != manifest).then_some(fixed.text.as_str()),
        )?;
        let is_clean = fixed.code == 0;
        self.expect("refused.txt", (!is_clean).then_some(report.as_str()))?;
        let again = self.command("fix", &fixed.text)?;
        same("a second run", &again.text, &fixed.text)?;
        let checked = self.command("check", &fixed.text)?;
        ensure((checked.code == 0) == is_clean, || {
            format!(
                "fix ends with {}, and check of the result with {}:\n{}",
                fixed.code, checked.code, checked.text
            )
        })?;
        if is_clean {
            self.says_what_the_policy_says(&manifest, &fixed.text)?;
        }
        keeps_what_is_no_value(&manifest, &fixed.text)?;
        other_parser_agrees(&manifest, &fixed.text)
    }

    /// Compares a text with a file, or writes the file.
    fn expect(&self, file: &str, text: Option<&str>) -> Outcome {
        let path = self.path(file);
        let known = fs::read_to_string(&path).ok();
        if known.as_deref() == text {
            return Ok(());
        }
        if env::var_os("UPDATE_EXPECT").is_none() {
            return same(file, text.unwrap_or("(no file)"), known.as_deref().unwrap_or("(no file)"));
        }
        match text {
            Some(text) => fs::write(path, text)?,
            None => fs::remove_file(path)?,
        }
        Ok(())
    }

    /// The values of a text are those that the policy makes of the manifest's.
    fn says_what_the_policy_says(&self, manifest: &str, text: &str) -> Outcome {
        let (before, after) = (values(manifest)?, values(text)?);
        ensure(before.len() == after.len(), || "the number of documents has changed".to_owned())?;
        let settings = self.settings()?;
        for (before, after) in before.iter().zip(&after) {
            let wanted = repaired(before, &settings);
            ensure(wanted == *after, || {
                format!("the policy wants\n{wanted:#}\nand the text says\n{after:#}")
            })?;
        }
        Ok(())
    }

    /// The settings with all repairs, and with the nodes as known as the test needs them.
    fn settings(&self) -> Result<(Value, Nodes), Failed> {
        let read = |file: &str| fs::read_to_string(self.path(file)).ok();
        let mut settings = match read("settings.yaml") {
            Some(text) => manifest::parse_one(&text)?,
            None => json!({}),
        };
        settings.as_object_mut().ok_or("settings are no object")?.entry("fix").or_insert("All".into());
        let nodes = read("nodes.yaml").map(|text| manifest::parse_one(&text)).transpose()?;
        let nodes = nodes.and_then(|nodes| nodes.get("items")?.as_array().cloned());
        Ok((settings, Nodes(nodes.unwrap_or_default())))
    }
}

struct Nodes(Vec<Value>);

impl Cluster for Nodes {
    fn nodes(&self, _: &str) -> Result<Vec<Node>, NodesUnavailable> {
        Ok(self.0.iter().map(Node::from_value).collect())
    }
}

/// A document as the policy makes it.
fn repaired(document: &Value, context: &(Value, Nodes)) -> Value {
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (version, kind) = (text("apiVersion"), text("kind"));
    let mut document = document.clone();
    if let (Some(kind), Some(Value::Array(items))) = (kind.strip_suffix("List"), document.get_mut("items")) {
        for item in items {
            *item = repaired_item(item, &version, kind, context);
        }
        return document;
    }
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let kind = json!({"group": group, "version": "", "kind": kind});
    let request = json!({"operation": "CREATE", "kind": kind, "userInfo": {}, "object": document});
    let payload = json!({"request": request, "settings": context.0}).to_string();
    let answer = sidecar_startup::validate_in(&context.1, &payload);
    // The policy does not honour this annotation, the command does.
    let is_ignored = document.to_string().contains("sidecar-startup/ignore.");
    if is_ignored { document } else { answer.repaired().unwrap_or(document) }
}

/// An item of a list, which may leave it to the list to say of which kind it is.
fn repaired_item(item: &Value, version: &str, kind: &str, context: &(Value, Nodes)) -> Value {
    if kind.is_empty() || item.get("kind").is_some() {
        return repaired(item, context);
    }
    let mut whole = item.clone();
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("apiVersion".to_owned(), version.into());
        fields.insert("kind".to_owned(), kind.into());
    }
    let mut repaired = repaired(&whole, context);
    if let Some(fields) = repaired.as_object_mut() {
        fields.retain(|key, _| key != "apiVersion" && key != "kind");
    }
    repaired
}

/// Comments, line ends, the byte-order mark and the final newline stay.
fn keeps_what_is_no_value(before: &str, after: &str) -> Outcome {
    let comments = |text: &str| {
        let mut count = BTreeMap::new();
        for line in text.lines() {
            if let Some((_, comment)) = line.split_once('#') {
                *count.entry(comment.to_owned()).or_insert(0) += 1;
            }
        }
        count
    };
    // Of a container that is there twice, the policy takes one; its comments go with it.
    let (kept, now) = (comments(before), comments(after));
    let lost: Vec<_> = kept.iter().filter(|(text, count)| now.get(*text).unwrap_or(&0) < *count).collect();
    let is_twin = lost.iter().all(|(text, _)| text.contains("Left behind"));
    ensure(is_twin, || format!("comments are lost: {lost:?}"))?;
    let crlf = |text: &str| (text.matches("\r\n").count() == text.matches('\n').count(), text.contains('\r'));
    ensure(crlf(before) == crlf(after), || "line ends have changed".to_owned())?;
    ensure(before.ends_with('\n') == after.ends_with('\n'), || "the final newline has changed".to_owned())?;
    ensure(before.starts_with('\u{feff}') == after.starts_with('\u{feff}'), || {
        "the BOM has changed".to_owned()
    })
}

/// Where another parser agrees with ours about the manifest, it agrees about the result, too. It need not: it reads YAML 1.2.
fn other_parser_agrees(before: &str, after: &str) -> Outcome {
    let other = |text: &str| -> Option<Vec<Value>> {
        let documents = serde_yaml_ng::Deserializer::from_str(text).map(|document| {
            let mut value = serde_yaml_ng::Value::deserialize(document).ok()?;
            value.apply_merge().ok()?;
            serde_json::to_value(value).ok()
        });
        let documents: Option<Vec<_>> = documents.collect();
        Some(documents?.into_iter().filter(|value| !value.is_null()).collect())
    };
    let Ok(ours) = values(before) else { return Ok(()) };
    if other(before).is_none_or(|other| other != ours) {
        return Ok(());
    }
    let (other, ours) = (other(after), values(after)?);
    ensure(other.as_ref() == Some(&ours), || format!("another parser reads {other:?}"))
}

fn kubectl_agrees(cases: &[Case]) -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut compared = 0;
    for case in cases {
        let Ok(text) = fs::read_to_string(case.path(&format!("expected.{}", case.form))) else { continue };
        let Some(read) = kubectl(folder.path(), &text)? else { continue };
        let plain: Vec<_> = values(&text)?.iter().map(Value::to_string).collect();
        let meant = kubectl(folder.path(), &plain.join("\n"))?;
        ensure(meant.as_ref() == Some(&read), || {
            format!("{}: kubectl reads {read}\n\nand not {meant:?}", case.name())
        })?;
        compared += 1;
    }
    ensure(50 < compared, || format!("kubectl read only {compared} manifests"))
}

/// A text as kubectl understands it; none if it does not take it, as with documents that are no objects.
fn kubectl(folder: &Path, text: &str) -> Result<Option<String>, Failed> {
    let mut process = Command::new("kubectl");
    process.args(["annotate", "--local", "--filename=-", "--output=json", "read-by=kubectl"]);
    // It must not look for a cluster.
    process.current_dir(folder).env("HOME", folder).env("KUBECONFIG", folder.join("none"));
    let output = run(process, text.trim_start_matches('\u{feff}'))?;
    Ok(output.status.success().then_some(String::from_utf8(output.stdout)?))
}

fn run(mut process: Command, input: &str) -> std::io::Result<std::process::Output> {
    let mut child = process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    child.wait_with_output()
}

fn values(text: &str) -> Result<Vec<Value>, Failed> {
    Ok(manifest::parse(text)?.into_iter().map(|document| document.value).collect())
}

fn same(what: &str, is: &str, should: &str) -> Outcome {
    ensure(is == should, || {
        format!("{what} differs\n{}", similar::TextDiff::from_lines(should, is).unified_diff())
    })
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(Failed::from(message())) }
}
