//! `sidecar-startup check`.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::{Value, json};
use sidecar_startup::Settings;

use crate::judge::{Remark, judge};
#[cfg(feature = "module")]
use crate::module::Module;
use crate::nodes::NodesFile;
use crate::objects::{self, Object};

/// What `check` is asked.
#[derive(clap::Args)]
pub(crate) struct Check {
    /// Manifests in YAML or JSON, with any number of documents; - reads standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The settings of the policy, in YAML or JSON.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The nodes of the cluster, as `kubectl get nodes -o yaml` prints them, for the setting nodes.sidecarSupport: Checked.
    #[arg(long, value_name = "FILE")]
    nodes: Option<PathBuf>,
    /// Judges with this compiled policy instead of the rules in this command.
    #[cfg(feature = "module")]
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
}

impl Check {
    /// Judges every object of the files and prints what is wrong. Tells whether any is denied.
    pub(crate) fn run(&self) -> anyhow::Result<bool> {
        let settings = match &self.settings {
            Some(path) => {
                let mut documents =
                    manifest::parse(&objects::read(path)?).with_context(|| format!("{}", path.display()))?;
                documents.pop().map_or(Value::Null, |document| document.value)
            }
            None => Value::Null,
        };
        Settings::from_value(&settings).map_err(|error| error.below(&["settings"].into()))?;
        let nodes = self.nodes.as_deref().map(NodesFile::read).transpose()?;
        #[cfg(feature = "module")]
        let module = self.module.as_deref();
        #[cfg(feature = "module")]
        let module = module.map(|path| Module::load(path, &settings, nodes.as_ref())).transpose()?;
        let mut report = String::new();
        let mut count = Count::default();
        for path in &self.files {
            let file = path.display();
            let documents = manifest::parse(&objects::read(path)?).with_context(|| format!("{file}"))?;
            for document in &documents {
                for object in objects::of(document).with_context(|| format!("{file}"))? {
                    let verdict = judge(&object, &settings, nodes.as_ref());
                    #[cfg(feature = "module")]
                    let verdict = match &module {
                        Some(module) => module.judge(&object, verdict).with_context(|| format!("{file}"))?,
                        None => verdict,
                    };
                    count.add(verdict.is_denied);
                    let word = match (verdict.is_denied, verdict.fixes.is_empty()) {
                        (true, _) => "denied",
                        (false, true) => "allowed",
                        (false, false) => "allowed, once repaired",
                    };
                    report += &format!("{file}: {} {}: {word}\n", object.kind(), object.name());
                    for fix in &verdict.fixes {
                        report += &format!("  fix: {fix}\n");
                    }
                    for remark in &verdict.remarks {
                        report += &describe(&format!("{file}"), &object, remark);
                    }
                }
            }
        }
        report += &count.to_string();
        io::stdout().write_all(report.as_bytes()).context("cannot write the report")?;
        Ok(0 < count.denied)
    }
}

/// The place, the reason, and what to add there.
fn describe(file: &str, object: &Object<'_>, remark: &Remark) -> String {
    let position = object.position(&remark.pointer);
    let word = if remark.is_warning { "warning" } else { "error" };
    let mut text = format!("  {file}:{}:{}: {word}\n", position.line, position.column);
    text += &format!("    {}\n", remark.text);
    if let (Some(suggestion), Some((_, field))) = (&remark.suggestion, remark.pointer.rsplit_once('/')) {
        text += "    for example:\n";
        for line in manifest::to_yaml(&json!({field: suggestion})).lines() {
            text += &format!("      {line}\n");
        }
    }
    text
}

#[derive(Default)]
struct Count {
    allowed: usize,
    denied: usize,
}

impl Count {
    fn add(&mut self, is_denied: bool) {
        if is_denied {
            self.denied += 1;
        } else {
            self.allowed += 1;
        }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} allowed, {} denied", self.allowed, self.denied)
    }
}
