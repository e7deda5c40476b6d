//! What `fix` makes of a text.

mod style;

use std::sync::LazyLock;

use anyhow::{Context as _, ensure};
use manifest::Document;
use serde_json::{Value, json};
use sidecar_startup::model::request::{of_creation, payload};
use sidecar_startup::settings::json::{lenient, with};
use sidecar_startup_cli::memory::InMemory;

use crate::cases;
use crate::draw::Draw;
use style::{Written, written};

/// What stands around the object, and says nothing about Pods.
const BEFORE: &str =
    "# first\nkind:   \"ConfigMap\"   # odd\napiVersion: v1\ndata: { a: 'b',\n  c: |-2\n }\n";
const AFTER: &str = "---\napiVersion:  v1\nkind: Service\nspec: {ports: [ {port: 80}, ]} # last";

/// A text is repaired as the policy repairs the objects in it, or stays as it is, and a second time nothing changes.
pub(crate) fn hold(bytes: &[u8]) -> anyhow::Result<()> {
    let Some((first, rest)) = bytes.split_first() else { return Ok(()) };
    let (settings, command) = command(*first)?;
    if first % 2 == 1 {
        let Ok(text) = std::str::from_utf8(rest) else { return Ok(()) };
        return check(text, settings, command).map(drop);
    }
    let mut draw = Draw::new(rest);
    let object = cases::object(&mut draw);
    let Written { text, comments } = written(&mut draw, &object);
    let read = manifest::parse_one(&text).with_context(|| format!("written as\n{text}"))?;
    ensure!(read == object, "{object}\nis written as\n{text}\nwhich is read as {read}");
    let fixed = check(&text, settings, command)?;
    keeps(&text, &fixed, &comments)?;
    edits_only_where_it_must(&text, &fixed)?;
    // Among others, whose bytes nobody touches. JSON takes no neighbours.
    if text.starts_with('{') || text.contains('\r') || !text.ends_with('\n') {
        return Ok(());
    }
    let marked = if text.starts_with("---\n") { text.clone() } else { format!("---\n{text}") };
    let among = command.fix(&format!("{BEFORE}{marked}{AFTER}"));
    let own = among.strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(AFTER));
    let own = own.with_context(|| format!("what stands around it has changed:\n{among}"))?;
    ensure!(
        own.strip_prefix("---\n") == Some(fixed.strip_prefix("---\n").unwrap_or(&fixed)),
        "among others it becomes\n{own}\nand alone\n{fixed}"
    );
    Ok(())
}

type Command = (Value, InMemory);

/// One of the commands with settings.
fn command(number: u8) -> anyhow::Result<(&'static Value, &'static InMemory)> {
    static COMMANDS: LazyLock<anyhow::Result<Vec<Command>>> = LazyLock::new(|| {
        let entry = json!({
            "match": {"containerNames": ["agent"]}, "requiredIn": {"podSelector": {"matchLabels": {"team": "payments"}}},
            "startupProbe": {"httpGet": {"path": "/", "port": 1}, "periodSeconds": 1}, "startsBefore": ["migrate"], "position": "First",
            "container": {"name": "agent", "image": "agent:1", "args": ["--a: #b", "'"]},
        });
        let wait = json!({"name": "wait", "podSelector": {"matchLabels": {"app": "webapp"}}, "container": {"image": "busybox:1", "command": ["wait"]}});
        let all = [
            json!({}),
            json!({"fix": "Safe"}),
            json!({"sidecars": [entry], "waitFor": [wait], "mesh": {"istio": "Hold", "linkerd": "Native"}}),
            json!({"gates": ["StartupProbe", "PostStart"], "nodes": {"sidecarSupport": "Labelled", "label": {"sidecars": "yes"}}}),
        ];
        all.map(|settings| Ok((settings.clone(), InMemory::new("text", settings, None, None)?)))
            .into_iter()
            .collect()
    });
    let commands = COMMANDS.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let (settings, command) = &commands[usize::from(number / 2) % commands.len()];
    Ok((settings, command))
}

/// The text once it is repaired.
fn check(text: &str, settings: &Value, command: &InMemory) -> anyhow::Result<String> {
    let fixed = command.fix(text);
    let again = command.fix(&fixed);
    ensure!(again == fixed, "a second time it becomes\n{again}\nafter\n{fixed}");
    if fixed == text {
        return Ok(fixed);
    }
    let values = |text: &str| -> anyhow::Result<Vec<Value>> {
        let pieces: Result<Vec<_>, _> =
            manifest::chunks(text).map(|chunk| manifest::parse(chunk.text)).collect();
        Ok(pieces?.into_iter().flatten().map(|Document { value, .. }| value).collect())
    };
    // Another piece may not be YAML at all.
    let Ok(before) = values(text) else { return Ok(fixed) };
    let after = values(&fixed).with_context(|| format!("from\n{text}\nit made\n{fixed}"))?;
    ensure!(before.len() == after.len(), "from {} documents it made {}:\n{fixed}", before.len(), after.len());
    for (before, after) in before.iter().zip(&after).filter(|(before, after)| before != after) {
        // A list is repaired item by item, and an annotation may excuse a fault before the command, but not before the policy.
        if before.get("items").is_some() || before.to_string().contains("sidecar-startup/ignore.") {
            continue;
        }
        let wanted = repaired(before, settings);
        ensure!(
            wanted.as_ref() == Some(after),
            "the policy wants\n{wanted:?}\nand the text says\n{after}\nafter\n{before}"
        );
    }
    Ok(fixed)
}

/// What the policy makes of an object; where it still would be denied, as far as that can be repaired.
fn repaired(object: &Value, settings: &Value) -> Option<Value> {
    let extent = settings.get("fix").cloned().unwrap_or_else(|| "All".into());
    let settings = with(settings, [("fix", extent)]);
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let group = text("/apiVersion").split_once('/').map_or("", |(group, _)| group);
    let request = of_creation(group, text("/kind"), text("/metadata/namespace"), &object.to_string());
    let answer = |settings: Value| sidecar_startup::validate(&payload(&request, &settings.to_string()));
    let strict = answer(settings.clone());
    if strict.object().is_some() || strict.is_allowed() {
        strict.repaired()
    } else {
        answer(lenient(&settings, strict.violations().iter().map(|violation| violation.rule))).repaired()
    }
}

/// Comments and the form of the text stay.
fn keeps(text: &str, fixed: &str, comments: &[String]) -> anyhow::Result<()> {
    // Of two containers of one name, which a second apply makes, one goes, and takes its comments along.
    let is_lost = |comment: &&String| {
        let is_it = |text: &str| text.lines().any(|line| line.trim_end().ends_with(&format!("# {comment}")));
        is_it(text) && !is_it(fixed)
    };
    let lost: Vec<_> = comments.iter().filter(is_lost).collect();
    ensure!(lost.is_empty() || has_twins(text), "it lost {lost:?}:\n{fixed}\nwas\n{text}");
    let lines = |text: &str| text.matches("\r\n").count() == text.matches('\n').count();
    ensure!(lines(text) == lines(fixed) || !text.contains('\n'), "its line ends have changed:\n{fixed:?}");
    ensure!(text.contains('\r') == fixed.contains('\r'), "its line ends have changed:\n{fixed:?}");
    ensure!(text.ends_with('\n') == fixed.ends_with('\n'), "its end has changed:\n{fixed:?}");
    Ok(())
}

fn has_twins(text: &str) -> bool {
    let Ok(value) = manifest::parse_one(text) else { return false };
    let mut names = Vec::new();
    collect_names(&value, &mut names);
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    names.len() < count
}

fn collect_names<'v>(value: &'v Value, names: &mut Vec<&'v str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_names(item, names)),
        Value::Object(fields) => {
            if fields.contains_key("image") {
                names.extend(fields.get("name").and_then(Value::as_str));
            }
            fields.values().for_each(|field| collect_names(field, names));
        }
        _ => {}
    }
}

/// Lines stay, but may move and be indented anew, or else say what a repair changes.
fn edits_only_where_it_must(text: &str, fixed: &str) -> anyhow::Result<()> {
    const CHANGED: [&str; 12] = [
        "restartPolicy",
        "startupProbe",
        "initContainers",
        "containers",
        "lifecycle",
        "postStart",
        "annotations",
        "proxy.istio.io/config",
        "linkerd",
        "nativeSidecar",
        "nodeSelector",
        "spec",
    ];
    // JSON may stand on one line, and a container that is moved into a list on one line is written anew.
    let is_on_one_line = |line: &str| line.contains("initContainers") && line.contains('{');
    if text.trim_start().starts_with('{') || text.lines().any(is_on_one_line) || has_twins(text) {
        return Ok(());
    }
    let bare = |line: &str| line.trim_matches(['-', ' ', '\r']).to_owned();
    let mut left: Vec<String> = fixed.lines().map(bare).collect();
    for line in text.lines().map(bare) {
        if let Some(at) = left.iter().position(|other| *other == line) {
            left.swap_remove(at);
        } else {
            // A container on one line is edited within it.
            let may_change = line.starts_with('{') || CHANGED.iter().any(|key| line.contains(key));
            ensure!(may_change || line.is_empty(), "it changed the line {line:?}:\n{fixed}\nwas\n{text}");
        }
    }
    Ok(())
}
