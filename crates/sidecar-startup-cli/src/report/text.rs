//! The report for people.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Element, Level as Title, Origin, Renderer, Snippet};

use super::entry::{Entry, Finding, Level, Named, Report};
use crate::instead::{Action, Instead};
use crate::totals::Totals;

/// Longer lines are not shown: they are JSON without line breaks.
const MAX_LINE: usize = 200;

/// The report for people.
pub(super) struct Text {
    renderer: Renderer,
    is_quiet: bool,
}

impl Text {
    pub(super) fn new(has_colours: bool, is_quiet: bool) -> Self {
        let renderer = if has_colours { Renderer::styled() } else { Renderer::plain() };
        Self { renderer, is_quiet }
    }

    fn render(&self, entry: &Entry<'_>, finding: &Finding) -> String {
        let level = match finding.level {
            Level::Error | Level::Denied => Title::ERROR,
            Level::Warning => Title::WARNING,
        };
        let label = label(entry.object, finding);
        let title = level.primary_title(one_line(&finding.detail)).id(finding.id);
        let mut group = title.element(excerpt(entry.file, finding, &label));
        if shown_line(finding).is_none() && !label.is_empty() {
            group = group.element(Title::NOTE.message(&*label));
        }
        if let Some(refusal) = &finding.refusal {
            group = group.element(Title::NOTE.message(format!("not repaired: {}", one_line(refusal))));
        }
        if !finding.help.is_empty() {
            group = group.element(Title::HELP.message(&*finding.help));
        }
        let mut text = self.renderer.render(&[group]);
        text.push('\n');
        for instead in &finding.instead {
            text += &proposal(instead);
        }
        text.push('\n');
        text
    }
}

impl Report for Text {
    fn add(&mut self, entry: &Entry<'_>, output: &mut dyn Write) -> io::Result<()> {
        let mut text = String::new();
        for finding in entry.findings.iter().filter(|finding| finding.counts()) {
            if !(self.is_quiet && finding.level == Level::Warning) {
                text += &self.render(entry, finding);
            }
        }
        if let (Some(object), false, [_, ..]) = (entry.object, self.is_quiet, entry.fixes) {
            text +=
                &format!("{}: {} {}: allowed, once repaired\n", entry.file, object.kind, object.full_name());
            text += &entry.fixes.iter().map(|fix| format!("  fix: {fix}\n")).collect::<String>();
            text.push('\n');
        }
        output.write_all(text.as_bytes())
    }

    fn end(&mut self, totals: &Totals, output: &mut dyn Write) -> io::Result<()> {
        if self.is_quiet { Ok(()) } else { writeln!(output, "{totals}") }
    }
}

/// The object and the field.
fn label(object: Option<Named<'_>>, finding: &Finding) -> String {
    let object = object.map(|object| format!("{} {}", object.kind, object.full_name()));
    let field = (!finding.field.is_empty()).then(|| finding.field.clone());
    let parts: Vec<_> = object.into_iter().chain(field).collect();
    parts.join(", ")
}

/// The line, if it is short enough.
fn shown_line(finding: &Finding) -> Option<&str> {
    finding.line.as_deref().filter(|line| line.chars().count() <= MAX_LINE)
}

fn excerpt<'f>(file: &'f str, finding: &'f Finding, label: &'f str) -> Element<'f> {
    let Some(position) = finding.position else { return Origin::path(file).into() };
    let Some(line) = shown_line(finding) else {
        return Origin::path(file).line(position.line).char_column(position.column).into();
    };
    let start = line.char_indices().nth(position.column - 1).map_or(line.len(), |(start, _)| start);
    let end = line.trim_end().len().max(start);
    let caret = AnnotationKind::Primary.span(start..end);
    let caret = if label.is_empty() { caret } else { caret.label(label) };
    Snippet::source(line).line_start(position.line).path(file).annotation(caret).into()
}

/// What to write instead, ready to be pasted.
fn proposal(instead: &Instead) -> String {
    let field = instead.field();
    let what = match (instead.action, instead.lines) {
        (Action::Remove, Some((first, last))) => format!("remove {}", lines(first, last)),
        (Action::Remove, None) => format!("remove {field}"),
        (_, Some((first, last))) if last < first => format!("insert above line {first}:"),
        (_, Some((first, last))) => format!("instead of {}, write:", lines(first, last)),
        (Action::Replace, None) => format!("instead of {field}, write:"),
        (Action::Add, None) => format!("add {field}:"),
        (Action::Insert(Some(before)), None) => format!("insert before {field}[{before}]:"),
        (Action::Insert(None), None) => format!("add to the end of {field}:"),
    };
    format!("help: {what}\n{}", instead.text)
}

fn lines(first: usize, last: usize) -> String {
    if first == last { format!("line {first}") } else { format!("lines {first} to {last}") }
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}
