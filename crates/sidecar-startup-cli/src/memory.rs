//! The command on texts in memory: for tests that give it more of them than there could be files.

use std::fmt;
use std::path::Path;

use clap::Parser as _;
use serde_json::Value;

use crate::check::Check;
use crate::fix::{repaired_text, set_extent};
use crate::judge::Judge;

/// The command, with settings.
pub struct InMemory {
    check: Check,
    judge: Judge,
    fixing: Judge,
}

#[derive(clap::Parser)]
struct Arguments {
    #[command(flatten)]
    check: Check,
}

impl InMemory {
    /// The command with the options `--settings`, `--namespace` and `--nodes`; the report has this form.
    ///
    /// # Errors
    /// There is no such form, the settings are invalid, or the nodes cannot be read.
    pub fn new(
        form: &str,
        settings: Value,
        namespace: Option<String>,
        nodes: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let Arguments { check } = Arguments::try_parse_from(["check", "--color=never", "--output", form])?;
        let judge = Judge::new(settings.clone(), namespace.clone(), nodes)?;
        let mut settings = settings;
        set_extent(&mut settings, None);
        Ok(Self { check, judge, fixing: Judge::new(settings, namespace, nodes)? })
    }

    /// What `check` prints about a manifest.
    ///
    /// # Errors
    /// The report cannot be written, or is not UTF-8.
    pub fn check(&self, manifest: &[u8]) -> anyhow::Result<String> {
        Ok(String::from_utf8(self.check.report_on(&self.judge, manifest.to_vec())?)?)
    }

    /// What `fix` makes of a manifest.
    #[must_use]
    pub fn fix(&self, manifest: &str) -> String {
        repaired_text(&self.fixing, manifest)
    }
}

impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemory").field("settings", self.judge.settings()).finish_non_exhaustive()
    }
}
