//! `sidecar-startup check`.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};
use sidecar_startup::Settings;

use crate::judge::{Remark, Verdict, judge};
#[cfg(feature = "module")]
use crate::module::Module;
use crate::nodes::NodesFile;
use crate::objects::{self, Object};

/// The arguments of `check`.
#[derive(clap::Args)]
pub(crate) struct Check {
    /// Manifests in YAML or JSON, with any number of documents; - reads standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The settings of the policy, in YAML or JSON.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The cluster's nodes, as printed by `kubectl get nodes -o yaml`, for the setting nodes.sidecarSupport: Checked.
    #[arg(long, value_name = "FILE")]
    nodes: Option<PathBuf>,
    /// Uses this compiled policy instead of the built-in rules.
    #[cfg(feature = "module")]
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
}

impl Check {
    /// Checks every object in the files and prints a report. Returns whether any object is denied.
    pub(crate) fn run(&self) -> anyhow::Result<bool> {
        let checker = Checker::new(self)?;
        let mut report = Report::default();
        for path in &self.files {
            let text = objects::read(path)?;
            check_file(&checker, path, &text, &mut report).with_context(|| format!("{}", path.display()))?;
        }
        report.print()?;
        Ok(0 < report.denied)
    }
}

fn check_file(checker: &Checker, path: &Path, text: &str, report: &mut Report) -> anyhow::Result<()> {
    let file = path.display().to_string();
    for document in &manifest::parse(text)? {
        for object in objects::of(document)? {
            report.add(&file, &object, &checker.check(&object)?);
        }
    }
    Ok(())
}

/// What an object is checked with.
struct Checker {
    settings: Value,
    nodes: Option<NodesFile>,
    #[cfg(feature = "module")]
    module: Option<Module>,
}

impl Checker {
    fn new(arguments: &Check) -> anyhow::Result<Self> {
        let settings = arguments.settings.as_deref().map(read_settings).transpose()?.unwrap_or_default();
        Settings::from_value(&settings).map_err(|error| error.below(&["settings"].into()))?;
        let nodes = arguments.nodes.as_deref().map(NodesFile::read).transpose()?;
        #[cfg(feature = "module")]
        let module = arguments.module.as_deref();
        #[cfg(feature = "module")]
        let module = module.map(|path| Module::load(path, &settings, nodes.as_ref())).transpose()?;
        Ok(Self {
            settings,
            nodes,
            #[cfg(feature = "module")]
            module,
        })
    }

    #[cfg_attr(not(feature = "module"), expect(clippy::unnecessary_wraps, reason = "a module can fail"))]
    fn check(&self, object: &Object<'_>) -> anyhow::Result<Verdict> {
        let verdict = judge(object, &self.settings, self.nodes.as_ref());
        #[cfg(feature = "module")]
        if let Some(module) = &self.module {
            return module.judge(object, verdict);
        }
        Ok(verdict)
    }
}

fn read_settings(path: &Path) -> anyhow::Result<Value> {
    let documents = manifest::parse(&objects::read(path)?);
    let mut documents = documents.with_context(|| format!("{}", path.display()))?;
    Ok(documents.pop().map_or(Value::Null, |document| document.value))
}

/// The verdicts so far, as text and as totals.
#[derive(Default)]
struct Report {
    text: String,
    allowed: usize,
    denied: usize,
}

impl Report {
    fn add(&mut self, file: &str, object: &Object<'_>, verdict: &Verdict) {
        let (count, word) = match (verdict.is_denied, verdict.fixes.is_empty()) {
            (true, _) => (&mut self.denied, "denied"),
            (false, true) => (&mut self.allowed, "allowed"),
            (false, false) => (&mut self.allowed, "allowed, once repaired"),
        };
        *count += 1;
        self.text += &format!("{file}: {} {}: {word}\n", object.kind(), object.name());
        for fix in &verdict.fixes {
            self.text += &format!("  fix: {fix}\n");
        }
        for remark in &verdict.remarks {
            self.text += &describe(file, object, remark);
        }
    }

    fn print(&self) -> anyhow::Result<()> {
        let totals = format!("{} allowed, {} denied\n", self.allowed, self.denied);
        let mut output = io::stdout().lock();
        let written =
            output.write_all(self.text.as_bytes()).and_then(|()| output.write_all(totals.as_bytes()));
        written.context("cannot write the report")
    }
}

/// Formats a remark: its position in the file, the reason and the suggested YAML.
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
