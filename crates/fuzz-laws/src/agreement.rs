//! The library, the command and the explorer say the same of an object. That the module does, the cases check themselves.

use acceptance::case::Case;
use acceptance::outcome::Outcome;
use acceptance::seen::Decision;
use anyhow::{Context as _, ensure};
use explorer::{Session, Source, Verdict};
use serde_json::{Map, Value, json};
use sidecar_startup_cli::memory::InMemory;

/// Has all three judge the creation of an object, and compares what they say.
///
/// # Errors
/// What the command or the explorer says otherwise.
pub fn agree(case: &Case) -> anyhow::Result<()> {
    let mut object = case.object.clone();
    // The request of a case has a namespace; those who read manifests look for it there.
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.entry("namespace").or_insert("default".into());
    }
    let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
    let request =
        Map::from_iter([("namespace".to_owned(), namespace.into()), ("userInfo".to_owned(), json!({}))]);
    let mut case = case.with_object(object.clone()).with_request(request);
    case.cluster = None;
    let text = manifest::to_yaml(&case.object);
    command_agrees(&case, &text).with_context(|| format!("the command, on\n{text}"))?;
    explorer_agrees(&case, &text).with_context(|| format!("the explorer, on\n{text}"))
}

fn command_agrees(case: &Case, text: &str) -> anyhow::Result<()> {
    let mine = Outcome::of_library(case);
    let command = InMemory::new("json", case.settings.clone(), None, None);
    if mine.seen.decision == Decision::BadSettings {
        // It is told where they are by whoever reads them.
        let error = command.err().context("takes settings that the library refuses")?.to_string();
        ensure!(mine.message().ends_with(&error), "refuses the settings by {error}, not {}", mine.message());
        return Ok(());
    }
    let report: Value = serde_json::from_str(&command?.check(text.as_bytes())?)?;
    let objects = report["objects"].as_array().context("there are no objects")?;
    let Some(said) = objects.first() else {
        ensure!(
            mine.seen.decision == Decision::Allow && mine.violations().is_empty(),
            "skips what is {:?}",
            mine.seen
        );
        return Ok(());
    };
    // The command honours these; for the policy, they are annotations as any other.
    if text.contains("sidecar-startup/ignore.") {
        return Ok(());
    }
    let verdict = if mine.is_allowed() { "allowed" } else { "denied" };
    ensure!(said["verdict"] == verdict, "says {}, not {verdict}", said["verdict"]);
    let findings = said["findings"].as_array().into_iter().flatten();
    let lines: Vec<String> = findings
        .map(|finding| {
            let message = finding["message"].as_str().unwrap_or_default();
            if finding["level"] == "denied" {
                format!("Deny: {}", without_help(case, message))
            } else {
                format!("Warn: {message}")
            }
        })
        .collect();
    let annotation = |key| mine.seen.audit_annotations.get(key).map(String::as_str).unwrap_or_default();
    let expected = match annotation("violations") {
        "" if !mine.is_allowed() => format!("Deny: {}", without_help(case, mine.message())),
        violations => violations.to_owned(),
    };
    ensure!(lines.join("\n") == expected, "finds\n{}\nand not\n{expected}", lines.join("\n"));
    let fixes: Vec<_> = said["fixes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    ensure!(fixes.join("\n") == annotation("fixes"), "repairs\n{fixes:#?}\nand not\n{}", annotation("fixes"));
    Ok(())
}

/// A message without the help at its end, which the policy gives once for all violations, and the command for each.
fn without_help<'m>(case: &Case, message: &'m str) -> &'m str {
    let help = case.settings.get("help").and_then(Value::as_str).unwrap_or_default().trim();
    let without = message.strip_suffix(help).filter(|_| !help.is_empty());
    without.map_or(message, |message| message.trim_end_matches("; "))
}

fn explorer_agrees(case: &Case, text: &str) -> anyhow::Result<()> {
    let mine = Outcome::of_library(case);
    let settings = manifest::to_yaml(&case.settings);
    let session = match (Session::read(text, &settings), mine.seen.decision) {
        (Err(fault), Decision::BadSettings) => {
            ensure!(fault.source == Source::Settings, "finds the fault in the manifest: {fault:?}");
            return Ok(());
        }
        (session, _) => session.map_err(|fault| anyhow::anyhow!("{fault:?}"))?,
    };
    let summary = session.summary();
    let [said] = summary.objects.as_slice() else { anyhow::bail!("sees {} objects", summary.objects.len()) };
    let expected = match mine.seen.decision {
        Decision::Allow | Decision::BadSettings => Verdict::Allowed,
        Decision::Mutate => Verdict::Repaired,
        Decision::Deny => Verdict::Denied,
    };
    let is_skipped = said.verdict == Verdict::Skipped && expected == Verdict::Allowed;
    ensure!(said.verdict == expected || is_skipped, "says {:?}, not {expected:?}", said.verdict);
    // Marks are about the text as it is.
    let unrepaired = Outcome::of_library(&case.with_fix("None"));
    let marks: Vec<_> = said
        .marks
        .iter()
        .map(|mark| (mark.action.to_string(), mark.rule.map_or("", |rule| rule.name()), mark.path.as_str()))
        .collect();
    let violations = unrepaired.violations();
    let expected: Vec<_> = violations
        .iter()
        .map(|violation| (violation.action.clone(), violation.rule.as_str(), violation.path.as_str()))
        .collect();
    let is_unreadable =
        unrepaired.is_unreadable() && marks.len() == 1 && marks.iter().all(|mark| mark.1.is_empty());
    ensure!(marks == expected || is_unreadable, "marks\n{marks:#?}\nand not\n{expected:#?}");
    Ok(())
}
