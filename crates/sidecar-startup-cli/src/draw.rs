//! `sidecar-startup timeline`.

mod drawing;
mod pictures;

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::bail;
use timeline::Charset;

use self::drawing::Drawing;
use self::pictures::Pictures;
use crate::annotations::Ignores;
use crate::check::{Status, is_broken_pipe, name};
use crate::config::Config;
use crate::fix::{repaired_by, set_extent};
use crate::input::walk::{Exclude, Step, files};
use crate::input::{self, Found, Unreadable};
use crate::judge::Judge;
use crate::object::Object;

/// The arguments of `timeline`.
#[derive(clap::Args)]
pub(crate) struct Draw {
    /// Manifests in YAML or JSON, and folders with such files; - or no path reads standard input.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Draws SVG images: to this file, or to files in this folder if there is more than one.
    #[arg(long, value_name = "OUT")]
    svg: Option<PathBuf>,
    /// The form of the timelines.
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text", conflicts_with = "svg")]
    output: Form,
    /// Uses no characters but ASCII.
    #[arg(long)]
    ascii: bool,
    /// Also shows each timeline as it is after `sidecar-startup fix`.
    #[arg(long)]
    fix: bool,
    /// The settings, in YAML or JSON, or a policy with settings; without it, .sidecar-startup.yaml above the first path.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The namespace for objects that do not set one.
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
}

/// The form of timelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// Drawn in at most 80 columns, and explained in words.
    Text,
    /// The model.
    Json,
}

impl Draw {
    /// Draws everything at the paths, or what is piped in.
    ///
    /// # Errors
    /// The settings cannot be read, or the output cannot be written.
    pub(crate) fn run(&self) -> anyhow::Result<Status> {
        if self.paths.is_empty() && io::stdin().is_terminal() {
            bail!("name files or folders to draw, or pipe manifests into this command");
        }
        let Config { mut settings, exclude } =
            Config::read(self.settings.as_deref(), self.paths.first().map(PathBuf::as_path))?;
        if self.fix {
            set_extent(&mut settings, None);
        }
        let judge = Judge::new(settings, self.namespace.clone(), None)?;
        let mut drawings = Vec::new();
        let mut status = Status::Clean;
        let mut failed = |place: &str, reason: &str| {
            status = Status::Failed;
            eprintln!("{place}: error: {reason}");
        };
        self.read(&exclude, &mut |file, found| {
            match found {
                Found::Object(object) if judge.is_workload(&object) => match self.draw(&judge, file, &object)
                {
                    Ok(drawing) => drawings.push(drawing),
                    Err(error) => {
                        failed(&format!("{file}:{}", object.position("").line), &error.to_string());
                    }
                },
                Found::Object(_) | Found::Fragment => {}
                Found::Unreadable(Unreadable { position, reason, .. }) => {
                    let line = position.map(|position| format!(":{}", position.line)).unwrap_or_default();
                    failed(&format!("{file}{line}"), &reason);
                }
            }
            Ok(())
        })?;
        drawings.retain(|drawing| !drawing.timelines.is_empty());
        if drawings.is_empty() && status == Status::Clean {
            eprintln!("nothing to draw: no object was found that creates Pods");
        }
        match self.print(&drawings) {
            Err(error) if !is_broken_pipe(&error) => Err(error),
            _ => Ok(status),
        }
    }

    fn read(
        &self,
        exclude: &Exclude,
        sink: &mut dyn FnMut(&str, Found<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let pipe = [PathBuf::from("-")];
        let paths = if self.paths.is_empty() { pipe.as_slice() } else { &self.paths };
        for step in paths.iter().flat_map(|path| files(path, exclude)) {
            match step {
                Step::File(path) => input::read(&path, &mut |found| sink(&name(&path), found))?,
                // Not YAML until Helm renders it, a part of an object, or left out.
                Step::Template | Step::Patch | Step::Excluded => {}
                Step::Unreadable(path, reason) => {
                    sink(&name(&path), Found::Unreadable(Unreadable::whole(reason)))?;
                }
            }
        }
        Ok(())
    }

    fn draw(&self, judge: &Judge, file: &str, object: &Object<'_>) -> anyhow::Result<Drawing> {
        let request = judge.request(object);
        let fixed =
            if self.fix { repaired_by(judge, (object, &request), &Ignores::of(&object.json)) } else { None };
        let fixed = fixed.and_then(|(_, verdict)| verdict.object);
        Ok(Drawing {
            file: file.to_owned(),
            kind: object.head.kind().to_owned(),
            namespace: judge.namespace_of(object).map(str::to_owned),
            name: object.head.name().to_owned(),
            timelines: judge.timelines(&request)?,
            repaired: match fixed {
                Some(fixed) => judge.timelines(&judge.request_for(object, &fixed.to_string()))?,
                None => Vec::new(),
            },
        })
    }

    fn print(&self, drawings: &[Drawing]) -> anyhow::Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        if let Some(path) = &self.svg {
            for file in Pictures::of(drawings).write(path)? {
                writeln!(out, "{}", name(Path::new(&file)))?;
            }
        } else if self.output == Form::Json {
            serde_json::to_writer_pretty(&mut out, &serde_json::json!({"version": 1, "objects": drawings}))?;
            writeln!(out)?;
        } else {
            let charset = if self.ascii { Charset::Ascii } else { Charset::Unicode };
            for (index, (title, timeline)) in drawings.iter().flat_map(|it| it.titled(self.fix)).enumerate() {
                let before = if index == 0 { "" } else { "\n" };
                writeln!(out, "{before}{title}\n\n{}", timeline::text(timeline, charset).trim_end())?;
            }
        }
        Ok(out.flush()?)
    }
}
