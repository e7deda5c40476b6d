//! `sidecar-startup fix`.

mod diff;
mod repair;
mod report;
mod save;

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;
use serde_json::Value;
use sidecar_startup::settings::json::with;

use self::diff::Part;
use self::repair::Repairer;
pub(crate) use self::repair::repaired_by;
use self::report::Report;
use crate::check::{Colour, Status, is_broken_pipe, name};
use crate::config::Config;
use crate::input::NOTHING_IS_PIPED;
use crate::input::walk::{Step, files};
use crate::judge::Judge;
use crate::objects;

/// The arguments of `fix`.
#[derive(clap::Args)]
pub(crate) struct Fix {
    /// Manifests in YAML or JSON, and folders with such files; - or no path reads standard input.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Shows what changes, as a unified diff.
    #[arg(long)]
    diff: bool,
    /// Changes the files, and prints their names.
    #[arg(long)]
    write: bool,
    /// Which repairs are made: by default those of the setting fix, or all if it is None.
    #[arg(long, value_enum, value_name = "REPAIRS")]
    only: Option<Extent>,
    /// The settings, in YAML or JSON, or a policy with settings; without it, .sidecar-startup.yaml above the first path.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The namespace for objects that do not set one.
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
    /// The cluster's nodes, as printed by `kubectl get nodes -o yaml`, for the setting nodes.sidecarSupport: Checked.
    #[arg(long, value_name = "FILE")]
    nodes: Option<PathBuf>,
    /// When to use colours.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    color: Colour,
}

/// Which repairs are made.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Extent {
    /// Those that move no container, and use only probes and containers from the settings or the catalogue.
    Safe,
    /// Also those that move containers, add hooks, derive a startupProbe from another probe, or restrict Pods to some nodes.
    All,
}

impl Fix {
    /// Repairs everything at the paths, or what is piped in.
    ///
    /// # Errors
    /// The settings or the nodes cannot be read, or the output cannot be written.
    pub(crate) fn run(&self) -> anyhow::Result<Status> {
        let paths = self.paths()?;
        let Config { mut settings, exclude } =
            Config::read(self.settings.as_deref(), self.paths.first().map(PathBuf::as_path))?;
        set_extent(&mut settings, self.only);
        let judge = Judge::new(settings, self.namespace.clone(), self.nodes.as_deref())?;
        let mut output = Output { fix: self, out: BufWriter::new(io::stdout().lock()), separator: "" };
        let mut report = Report::default();
        for step in paths.iter().flat_map(|path| files(path, &exclude)) {
            match step {
                Step::File(path) => match repair_file(&judge, &path, &mut output, &mut report) {
                    Err(error) if is_broken_pipe(&error) => return Ok(report.status()),
                    outcome => outcome?,
                },
                Step::Patch => report.patches += 1,
                // Not YAML until Helm renders it, or left out.
                Step::Template | Step::Excluded => {}
                Step::Unreadable(path, reason) => report.error(&name(&path), &reason),
            }
        }
        match output.out.flush() {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
            _ => {}
        }
        report.end();
        Ok(report.status())
    }

    fn paths(&self) -> anyhow::Result<Vec<PathBuf>> {
        let is_piped = self.paths.is_empty() || self.paths.iter().any(|path| path == Path::new("-"));
        if is_piped && self.write {
            bail!("--write needs files: name them, or leave out --write to print the result");
        }
        if self.paths.is_empty() && io::stdin().is_terminal() {
            bail!("name files or folders to repair, or pipe manifests into this command");
        }
        Ok(if self.paths.is_empty() { vec![PathBuf::from("-")] } else { self.paths.clone() })
    }
}

/// `fix` always repairs, even with settings whose `fix` is None.
pub(crate) fn set_extent(settings: &mut Value, only: Option<Extent>) {
    let is_named = settings.get("fix").is_some_and(|fix| fix != "None");
    let extent = match only {
        None if is_named => return,
        Some(Extent::Safe) => "Safe",
        None | Some(Extent::All) => "All",
    };
    *settings = with(settings, [("fix", extent.into())]);
}

fn repair_file(
    judge: &Judge,
    path: &Path,
    output: &mut Output<'_, impl Write>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let file = name(path);
    let text = match objects::read(path) {
        Ok(text) => text,
        Err(error) => {
            report.error(&file, &format!("cannot be read: {}", error.root_cause()));
            return Ok(());
        }
    };
    if path == Path::new("-") && text.is_empty() {
        report.error(&file, NOTHING_IS_PIPED);
        return Ok(());
    }
    let parts = repair_text(judge, &file, &text, report);
    output.file(path, &file, &parts, report)
}

fn repair_text<'t>(judge: &Judge, file: &str, text: &'t str, report: &mut Report) -> Vec<Part<'t>> {
    let repairer = Repairer { judge, file };
    manifest::chunks(text).map(|chunk| (chunk.text, repairer.repair(chunk, report))).collect()
}

/// A text with its objects repaired. Nothing is said about it.
pub(crate) fn repaired_text(judge: &Judge, text: &str) -> String {
    joined(&repair_text(judge, "-", text, &mut Report::to(Box::new(io::sink()))))
}

fn joined(parts: &[Part<'_>]) -> String {
    parts.iter().map(|(old, new)| new.as_deref().unwrap_or(old)).collect()
}

/// Where the repaired manifests go.
struct Output<'f, W> {
    fix: &'f Fix,
    out: W,
    /// What goes before the next manifest.
    separator: &'static str,
}

impl<W: Write> Output<'_, W> {
    fn file(
        &mut self,
        path: &Path,
        file: &str,
        parts: &[Part<'_>],
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let is_changed = parts.iter().any(|(_, new)| new.is_some());
        if self.fix.diff && is_changed {
            diff::print(&mut self.out, file, parts, self.fix.color.is_on())?;
        }
        if self.fix.write {
            if is_changed {
                match save::replace(path, &joined(parts)) {
                    Ok(()) => self.wrote(file)?,
                    Err(error) => report.error(file, &format!("cannot be written: {error}")),
                }
            }
        } else if !self.fix.diff {
            let text = joined(parts);
            // Several files make one stream of documents.
            let is_apart = self.separator.is_empty() || manifest::begins_with_marker(&text);
            let separator = if is_apart { self.separator.trim_end_matches("---\n") } else { self.separator };
            self.out.write_all(separator.as_bytes())?;
            self.out.write_all(text.as_bytes())?;
            self.separator = if text.ends_with('\n') { "---\n" } else { "\n---\n" };
        }
        Ok(())
    }

    /// Names a file that was changed, where the standard output is not for a diff.
    fn wrote(&mut self, file: &str) -> io::Result<()> {
        if self.fix.diff { Ok(()) } else { writeln!(self.out, "{file}") }
    }
}
