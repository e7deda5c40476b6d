//! A test report as XML for `JUnit`: a suite for each file, and a case for each object.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::entry::{Entry, Finding, Level, Report};
use crate::totals::Totals;

/// The report so far. Its counts come first, so it is written at the end.
pub(super) struct Junit {
    report: quick_junit::Report,
    /// The suite of the last file.
    suite: Option<TestSuite>,
}

impl Junit {
    pub(super) fn new() -> Self {
        Self { report: quick_junit::Report::new("sidecar-startup"), suite: None }
    }
}

impl Report for Junit {
    fn add(&mut self, entry: &Entry<'_>, _: &mut dyn Write) -> io::Result<()> {
        let is_new = self.suite.as_ref().is_none_or(|suite| suite.name.as_str() != entry.file);
        if is_new {
            let complete = self.suite.replace(TestSuite::new(entry.file));
            self.report.add_test_suites(complete);
        }
        let name = entry.object.map(|object| format!("{} {}", object.kind, object.full_name()));
        let name = name.unwrap_or_else(|| "readable".to_owned());
        let warnings =
            entry.findings.iter().filter(|finding| finding.counts() && finding.level == Level::Warning);
        let warnings: String = warnings.map(|finding| described(entry.file, finding)).collect();
        for (index, status) in statuses(entry).into_iter().enumerate() {
            let mut case = TestCase::new(name.clone(), status);
            case.set_classname(entry.file);
            if index == 0 && !warnings.is_empty() {
                case.set_system_out(warnings.as_str());
            }
            if let Some(suite) = &mut self.suite {
                suite.add_test_case(case);
            }
        }
        Ok(())
    }

    fn end(&mut self, _: &Totals, output: &mut dyn Write) -> io::Result<()> {
        self.report.add_test_suites(self.suite.take());
        self.report.serialize(output).map_err(io::Error::other)
    }
}

/// How an object fares. What is denied and cannot be read in part has two statuses, since a case has only one.
fn statuses(entry: &Entry<'_>) -> Vec<TestCaseStatus> {
    let of = |(level, kind)| {
        let mut found =
            entry.findings.iter().filter(move |finding| finding.counts() && finding.level == level);
        let first = found.next()?;
        let all = [first].into_iter().chain(found).map(|finding| described(entry.file, finding));
        let mut status = TestCaseStatus::non_success(kind);
        status
            .set_type(first.id)
            .set_message(first.message.as_str())
            .set_description(all.collect::<String>());
        Some(status)
    };
    let kinds = [(Level::Error, NonSuccessKind::Error), (Level::Denied, NonSuccessKind::Failure)];
    let failed: Vec<_> = kinds.into_iter().filter_map(of).collect();
    if failed.is_empty() { vec![TestCaseStatus::success()] } else { failed }
}

fn described(file: &str, finding: &Finding) -> String {
    let position = finding.position.map(|position| format!(":{}:{}", position.line, position.column));
    format!("{file}{}: {}\n", position.unwrap_or_default(), finding.message)
}
