//! SARIF 2.1.0, for code scanning (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).

use std::io::{self, Write};

use serde_json::{Value, json};
use sidecar_startup::Action;
use sidecar_startup::rules::RULES;

use super::entry::{Entry, Excuse, Finding, INVALID, INVALID_ANNOTATION, Level, Named, Report, UNREADABLE};
use crate::totals::Totals;

/// A log with one run, whose results are written as they come.
pub(super) struct Sarif {
    /// The log after the results.
    rest: String,
    /// What is written before the next result.
    before: String,
}

/// The results' place in a log without results.
const NO_RESULTS: &str = "\"results\":[]";

impl Sarif {
    pub(super) fn new() -> Self {
        let log = json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "results": [],
                "columnKind": "unicodeCodePoints",
                "tool": {"driver": {
                    "name": "sidecar-startup",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules(),
                }},
            }],
        });
        let log = log.to_string();
        let (before, rest) = log.split_once(NO_RESULTS).unwrap_or_default();
        Self { before: format!("{before}\"results\":["), rest: format!("]{rest}\n") }
    }
}

impl Report for Sarif {
    fn add(&mut self, entry: &Entry<'_>, output: &mut dyn Write) -> io::Result<()> {
        for finding in entry.findings {
            let before = std::mem::replace(&mut self.before, ",".to_owned());
            writeln!(output, "{before}")?;
            write!(output, "{}", result(entry.file, entry.object, finding))?;
        }
        Ok(())
    }

    fn end(&mut self, _: &Totals, output: &mut dyn Write) -> io::Result<()> {
        let before = if self.before == "," { "" } else { &self.before };
        write!(output, "{before}{}", self.rest)
    }
}

fn rules() -> Vec<Value> {
    let mut rules: Vec<_> = RULES
        .iter()
        .map(|rule| {
            let help = rule.doc();
            json!({
                "id": rule.id.name(),
                "shortDescription": {"text": rule.summary()},
                "fullDescription": {"text": rule.summary()},
                "help": {"text": help, "markdown": help},
                "defaultConfiguration": {"level": if rule.default_action() == Action::Deny { "error" } else { "warning" }},
            })
        })
        .collect();
    for (id, text) in [
        (INVALID, "An object has no Pod template that the API server would accept."),
        (INVALID_ANNOTATION, "An annotation that should silence a rule names none, or gives no reason."),
        (UNREADABLE, "A file or a document cannot be read."),
    ] {
        rules.push(json!({
            "id": id,
            "shortDescription": {"text": text},
            "fullDescription": {"text": text},
            "help": {"text": text, "markdown": text},
            "defaultConfiguration": {"level": "error"},
        }));
    }
    rules
}

fn result(file: &str, object: Option<Named<'_>>, finding: &Finding) -> Value {
    let name = object.map(|object| format!("{} {}", object.kind, object.full_name()));
    let region =
        finding.position.map(|position| json!({"startLine": position.line, "startColumn": position.column}));
    // Stays the same when lines move.
    let key = name.as_ref().map(|name| {
        let container = finding.container.as_deref().unwrap_or_default();
        json!({"object/v1": format!("{name}/{}/{container}", finding.id)})
    });
    let suppression = finding.excuse.map(|excuse| match excuse {
        Excuse::Ignored => json!([{"kind": "inSource"}]),
        Excuse::Known => json!([{"kind": "external"}]),
    });
    present(json!({
        "ruleId": finding.id,
        "level": if finding.level == Level::Warning { "warning" } else { "error" },
        "message": {"text": finding.message},
        "locations": [present(json!({
            "physicalLocation": present(json!({"artifactLocation": {"uri": uri(file)}, "region": region})),
            "logicalLocations": name.map(|name| json!([{"fullyQualifiedName": name, "kind": "object"}])),
        }))],
        "suppressions": suppression,
        "partialFingerprints": key,
    }))
}

/// An object without the fields that are null, which the schema does not allow.
fn present(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, field| !field.is_null());
    }
    value
}

/// A relative reference for a path: code scanning resolves it against the repository.
fn uri(file: &str) -> String {
    let file = file.strip_prefix("./").unwrap_or(file);
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(byte);
    let encoded =
        |byte: u8| if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let path: String = file.bytes().map(encoded).collect();
    if file.starts_with('/') { format!("file://{path}") } else { path }
}
