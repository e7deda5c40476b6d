//! One run: judges what is found and passes it on to the report.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use super::arguments::Check;
use super::findings::{known, of_annotation, of_remark, of_unreadable, propose};
use super::progress::Progress;
use crate::annotations::Ignores;
use crate::baseline::{Baseline, Known};
use crate::input::{Found, Unreadable};
use crate::judge::{Judge, Verdict};
use crate::object::Object;
use crate::report::{Entry, Excuse, Finding, Form, Level, Named, Report};
use crate::rollout::{Rollout, summary};
use crate::totals::{Skipped, Totals, counted};
use anyhow::Context as _;

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Nothing is denied.
    Clean,
    /// Something is denied.
    Denied,
    /// Something could not be read.
    Failed,
}

/// Where the report goes.
pub(super) type Output<'o> = &'o mut dyn Write;

/// What a run prints.
enum Product {
    Report(Box<dyn Report>),
    Summary(Rollout, Form),
    Settings(Rollout),
}

/// One run.
pub(super) struct Run<'j> {
    judge: &'j Judge,
    product: Product,
    totals: Totals,
    baseline: Baseline,
    /// The violations so far, and the file to write them to.
    recorded: Option<(PathBuf, BTreeSet<Known>)>,
    progress: Progress,
    /// Whether it says what to write instead. Of an object of the cluster nobody has the text, and its values are not to be shown.
    proposes: bool,
}

impl<'j> Run<'j> {
    /// # Errors
    /// The baseline cannot be read.
    pub(super) fn new(judge: &'j Judge, check: &Check) -> anyhow::Result<Self> {
        let is_rollout = check.summary || check.suggest_settings;
        let product = match (check.summary, check.suggest_settings) {
            (true, _) => Product::Summary(Rollout::new(judge, false), check.output),
            (_, true) => Product::Settings(Rollout::new(judge, true)),
            _ => Product::Report(check.output.begin(check.has_colours(), check.quiet)),
        };
        let baseline = check.baseline.as_deref().map(Baseline::read).transpose()?;
        Ok(Self {
            judge,
            product,
            totals: Totals::default(),
            baseline: baseline.unwrap_or_default(),
            recorded: check.write_baseline.clone().map(|path| (path, BTreeSet::new())),
            progress: Progress::new(is_rollout),
            proposes: !check.cluster,
        })
    }

    /// How the run ends, as far as it is known.
    pub(super) const fn status(&self) -> Status {
        match (self.totals.errors, self.totals.denied) {
            (0, 0) => Status::Clean,
            (0, _) if self.recorded.is_some() || matches!(self.product, Product::Settings(_)) => {
                Status::Clean
            }
            (0, _) => Status::Denied,
            _ => Status::Failed,
        }
    }

    /// Passes over a file, and counts why.
    pub(super) fn skip(&mut self, why: fn(&mut Skipped) -> &mut usize) {
        *why(&mut self.totals.skipped) += 1;
    }

    /// Says so where there was nothing else to check.
    pub(super) fn say_settings_are_valid(&mut self, output: Output<'_>) -> anyhow::Result<()> {
        self.product = Product::Report(Box::new(Silent));
        Ok(writeln!(output, "settings are valid")?)
    }

    /// Warns if there was no document at all, lest a wrong path passes for ever.
    pub(super) fn warn_of_nothing(&self) {
        if self.totals == Totals::default() {
            eprintln!("warning: found nothing to check");
        }
    }

    /// Judges what was found in a file.
    pub(super) fn found(&mut self, file: &str, found: Found<'_>, output: Output<'_>) -> anyhow::Result<()> {
        match found {
            Found::Object(object) => self.object(file, &object, output),
            Found::Fragment => {
                self.totals.skipped.fragments += 1;
                Ok(())
            }
            Found::Unreadable(unreadable) => {
                self.totals.errors += 1;
                let entry = Entry {
                    file,
                    object: None,
                    is_denied: false,
                    fixes: &[],
                    findings: &[of_unreadable(unreadable)],
                };
                self.report(&entry, output)
            }
        }
    }

    fn object(&mut self, file: &str, object: &Object<'_>, output: Output<'_>) -> anyhow::Result<()> {
        self.progress.step();
        if !self.judge.is_workload(object) {
            let Skipped { other_kinds, other_templates, .. } = &mut self.totals.skipped;
            *(if object.has_template() { other_templates } else { other_kinds }) += 1;
            return Ok(());
        }
        let request = self.judge.request(object);
        let namespace = self.judge.namespace_of(object);
        if let Product::Summary(rollout, _) | Product::Settings(rollout) = &mut self.product {
            rollout.saw(object, namespace);
        }
        if self.judge.is_unjudged(object, &request) {
            self.totals.skipped.left_to_others += 1;
            return Ok(());
        }
        if let Product::Summary(rollout, _) | Product::Settings(rollout) = &mut self.product {
            let is_denied = rollout.judge(self.judge, object, namespace, &request);
            let count = if is_denied { &mut self.totals.denied } else { &mut self.totals.allowed };
            *count += 1;
            return Ok(());
        }
        let verdict = self.judge.check(&request)?;
        // A list hides such items from its own reading.
        if verdict.remarks.iter().any(|remark| remark.rule.is_none())
            && let Err(error) = serde_json::from_str::<serde_json::Value>(&object.json)
        {
            let position = Some(object.position(""));
            let unreadable = Unreadable { position, reason: format!("not JSON: {error}"), line: None };
            return self.found(file, Found::Unreadable(unreadable), output);
        }
        let named = Named::of(object, namespace);
        let (is_denied, findings) = self.findings(object, named, &request, &verdict);
        let is_repaired = !is_denied && !verdict.fixes.is_empty();
        self.totals.allowed += usize::from(!is_denied);
        self.totals.repaired += usize::from(is_repaired);
        self.totals.denied += usize::from(is_denied);
        let fixes = if is_denied { &[] } else { verdict.fixes.as_slice() };
        self.report(&Entry { file, object: Some(named), is_denied, fixes, findings: &findings }, output)
    }

    /// What was found about an object, and whether that denies it.
    fn findings(
        &mut self,
        object: &Object<'_>,
        named: Named<'_>,
        request: &str,
        verdict: &Verdict,
    ) -> (bool, Vec<Finding>) {
        let ignores = Ignores::of(&object.json);
        let mut findings: Vec<_> =
            verdict.remarks.iter().map(|remark| of_remark(object, remark, self.judge.help())).collect();
        let mut excused = Vec::new();
        for (finding, remark) in findings.iter_mut().zip(&verdict.remarks) {
            let Some(rule) = remark.rule else { continue };
            if ignores.cover(rule, &remark.pointer) {
                finding.excuse = Some(Excuse::Ignored);
                self.totals.ignored += 1;
                excused.push((rule, remark.container.clone()));
                continue;
            }
            let known = known(named, finding);
            if self.baseline.known.contains(&known) {
                finding.excuse = Some(Excuse::Known);
                excused.push((rule, remark.container.clone()));
                self.totals.known += 1;
            } else if let Some((_, recorded)) = &mut self.recorded {
                recorded.insert(known);
            }
        }
        let counts = |level| move |finding: &Finding| finding.counts() && finding.level == level;
        self.totals.warnings += findings.iter().filter(|finding| counts(Level::Warning)(finding)).count();
        let is_denied = verdict.is_denied && findings.iter().any(counts(Level::Denied));
        // What the policy repairs itself is not to be written.
        if self.proposes && (is_denied || verdict.fixes.is_empty()) && findings.iter().any(Finding::counts) {
            propose(self.judge, (object, request), &excused, verdict, &mut findings);
        }
        self.totals.errors += ignores.errors.len();
        let errors = ignores.errors.iter().map(|(pointer, reason)| of_annotation(object, pointer, reason));
        findings.extend(errors);
        (is_denied, findings)
    }

    fn report(&mut self, entry: &Entry<'_>, output: Output<'_>) -> anyhow::Result<()> {
        match &mut self.product {
            Product::Report(report) => {
                report.add(entry, output)?;
                if !entry.findings.is_empty() {
                    output.flush()?;
                }
            }
            // The standard output is for the product alone.
            Product::Summary(..) | Product::Settings(_) => {
                for finding in entry.findings {
                    let place = finding.position.map(|it| format!(":{}:{}", it.line, it.column));
                    eprintln!("error: {}{}: {}", entry.file, place.unwrap_or_default(), finding.message);
                }
            }
        }
        Ok(())
    }

    /// Ends the run.
    pub(super) fn end(&mut self, output: Output<'_>) -> anyhow::Result<()> {
        self.progress.end();
        match &mut self.product {
            Product::Report(report) => report.end(&self.totals, output)?,
            Product::Summary(rollout, form) => summary::print(rollout, &self.totals, *form, output)?,
            Product::Settings(rollout) => rollout.print_settings(self.judge, output)?,
        }
        if let Some((path, recorded)) = &self.recorded {
            let written = fs::write(path, Baseline::write(recorded)?);
            written.with_context(|| format!("cannot write {}", path.display()))?;
            eprintln!("wrote {} to {}", counted(recorded.len(), "violation"), path.display());
        }
        Ok(())
    }
}

/// Says nothing.
struct Silent;

impl Report for Silent {
    fn add(&mut self, _: &Entry<'_>, _: &mut dyn Write) -> std::io::Result<()> {
        Ok(())
    }

    fn end(&mut self, _: &Totals, _: &mut dyn Write) -> std::io::Result<()> {
        Ok(())
    }
}
