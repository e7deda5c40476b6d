//! The report for tools. Its fields are documented in `docs/command.md`; a change that could break a reader raises the version.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::entry::{Entry, Excuse, Finding, Level, Report};
use crate::instead::Action;
use crate::totals::Totals;

/// The version of the format.
const VERSION: u32 = 1;

/// The report for tools, written as it grows.
#[derive(Default)]
pub(super) struct Json {
    has_entries: bool,
}

impl Json {
    fn open(&mut self, output: &mut dyn Write) -> io::Result<()> {
        let before = if self.has_entries { "," } else { &format!("{{\"version\":{VERSION},\"objects\":[") };
        self.has_entries = true;
        writeln!(output, "{before}")
    }
}

impl Report for Json {
    fn add(&mut self, entry: &Entry<'_>, output: &mut dyn Write) -> io::Result<()> {
        self.open(output)?;
        let verdict = match (entry.object, entry.is_denied) {
            (None, _) => "unreadable",
            (_, true) => "denied",
            (_, false) => "allowed",
        };
        let value = json!({
            "file": entry.file,
            "kind": entry.object.map(|object| object.kind),
            "namespace": entry.object.and_then(|object| object.namespace),
            "name": entry.object.map(|object| object.name),
            "verdict": verdict,
            "fixes": entry.fixes,
            "findings": entry.findings.iter().map(finding).collect::<Vec<_>>(),
        });
        write!(output, "{value}")
    }

    fn end(&mut self, totals: &Totals, output: &mut dyn Write) -> io::Result<()> {
        if !self.has_entries {
            write!(output, "{{\"version\":{VERSION},\"objects\":[")?;
        }
        writeln!(output, "],\"summary\":{}}}", serde_json::to_string(totals)?)
    }
}

fn finding(finding: &Finding) -> Value {
    let instead = finding.instead.iter().map(|instead| {
        json!({
            "container": instead.container,
            "action": match instead.action {
                Action::Replace => "replace",
                Action::Add => "add",
                Action::Insert(_) => "insert",
                Action::Remove => "remove",
            },
            "before": match instead.action {
                Action::Insert(before) => before,
                _ => None,
            },
            "field": instead.field(),
            "firstLine": instead.lines.map(|(first, _)| first),
            "lastLine": instead.lines.map(|(_, last)| last),
            "text": instead.text,
        })
    });
    json!({
        "level": match finding.level {
            Level::Error => "error",
            Level::Denied => "denied",
            Level::Warning => "warning",
        },
        "excuse": finding.excuse.map(|excuse| match excuse {
            Excuse::Ignored => "ignored",
            Excuse::Known => "known",
        }),
        "rule": finding.id,
        "line": finding.position.map(|position| position.line),
        "column": finding.position.map(|position| position.column),
        "field": finding.field,
        "container": finding.container,
        "detail": finding.detail,
        "message": finding.message,
        "notRepaired": finding.refusal,
        "instead": instead.collect::<Vec<_>>(),
    })
}
