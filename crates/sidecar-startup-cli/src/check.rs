//! `sidecar-startup check`.

mod arguments;
mod findings;
mod progress;
mod run;

pub(crate) use self::arguments::{Check, Colour};
pub(crate) use self::run::Status;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};

use self::run::{Output, Run};
use crate::config::Config;
use crate::input::walk::{Exclude, Step, files};
use crate::input::{self, Found, NOTHING_IS_PIPED, Unreadable};
use crate::judge::Judge;
use crate::kubectl::Query;
use crate::report::Form;

/// The kinds that are read from a cluster: all that create Pods and that every cluster has.
const KINDS: &str =
    "pods,deployments,statefulsets,daemonsets,replicasets,replicationcontrollers,jobs,cronjobs,podtemplates";

impl Check {
    /// Checks everything at the paths, or what is piped in, and prints a report.
    ///
    /// # Errors
    /// The settings, the nodes or the baseline cannot be read, or a file cannot be written.
    pub(crate) fn run(&self) -> anyhow::Result<Status> {
        self.ensure_the_form_exists()?;
        let config = Config::read(self.settings.as_deref(), self.paths.first().map(PathBuf::as_path))?;
        #[cfg_attr(not(feature = "module"), expect(unused_mut, reason = "to load a module"))]
        let mut judge = Judge::new(config.settings, self.namespace.clone(), self.nodes.as_deref())?;
        #[cfg(feature = "module")]
        if let Some(module) = &self.module {
            judge.load_module(module)?;
        }
        let mut run = Run::new(&judge, self)?;
        let mut output = BufWriter::new(io::stdout().lock());
        let outcome = self.read_all(&config.exclude, &mut run, &mut output);
        match outcome.and_then(|()| run.end(&mut output)).and_then(|()| Ok(output.flush()?)) {
            // Whoever reads the report has seen enough.
            Err(error) if is_broken_pipe(&error) => Ok(run.status()),
            Err(error) => Err(error),
            Ok(()) => Ok(run.status()),
        }
    }

    /// Checks one manifest, called `-`, and returns the report.
    ///
    /// # Errors
    /// The report cannot be written.
    pub(crate) fn report_on(&self, judge: &Judge, manifest: Vec<u8>) -> anyhow::Result<Vec<u8>> {
        let (mut run, mut output) = (Run::new(judge, self)?, Vec::new());
        input::read_from(io::Cursor::new(manifest), &mut |found| run.found("-", found, &mut output))?;
        run.end(&mut output)?;
        Ok(output)
    }

    fn read_all(&self, exclude: &Exclude, run: &mut Run<'_>, output: Output<'_>) -> anyhow::Result<()> {
        if self.cluster {
            return self.query().read(&mut |found| run.found("cluster", found, output));
        }
        if self.paths.is_empty() {
            let is_piped = input::is_piped();
            if is_piped && input::read_pipe(&mut |found| run.found("-", found, output))? {
                run.warn_of_nothing();
                return Ok(());
            }
            return match (is_piped, self.is_about_settings()) {
                (false, true) => run.say_settings_are_valid(output),
                (true, true) => bail!("{NOTHING_IS_PIPED}; to check only the settings, add </dev/null"),
                (true, false) => bail!("{NOTHING_IS_PIPED}"),
                (false, false) => {
                    bail!("name files or folders to check, or pipe manifests into this command")
                }
            };
        }
        for step in self.paths.iter().flat_map(|path| files(path, exclude)) {
            match step {
                Step::File(path) => {
                    let name = name(&path);
                    input::read(&path, &mut |found| run.found(&name, found, output))?;
                }
                Step::Template => run.skip(|skipped| &mut skipped.helm_templates),
                Step::Patch => run.skip(|skipped| &mut skipped.kustomize_patches),
                Step::Excluded => run.skip(|skipped| &mut skipped.excluded),
                Step::Unreadable(path, reason) => {
                    run.found(&name(&path), Found::Unreadable(Unreadable::whole(reason)), output)?;
                }
            }
        }
        run.warn_of_nothing();
        Ok(())
    }

    /// Whether only the settings may be meant: whoever asks for a report on objects has some.
    fn is_about_settings(&self) -> bool {
        let is_about_objects = self.summary
            || self.suggest_settings
            || self.baseline.is_some()
            || self.write_baseline.is_some()
            || self.output != Form::Text;
        self.settings.is_some() && !is_about_objects
    }

    fn ensure_the_form_exists(&self) -> anyhow::Result<()> {
        let (what, forms): (_, &[Form]) = match (self.summary, self.suggest_settings) {
            (true, _) => ("--summary prints text or json", &[Form::Text, Form::Json]),
            (_, true) => ("--suggest-settings prints YAML, and takes no --output", &[Form::Text]),
            _ => return Ok(()),
        };
        ensure!(forms.contains(&self.output), "{what}");
        Ok(())
    }

    fn query(&self) -> Query<'_> {
        Query {
            kinds: KINDS,
            name: None,
            namespace: self.namespace.as_deref(),
            has_all_namespaces: self.all_namespaces,
            context: self.context.as_deref(),
            selector: self.selector.as_deref(),
        }
    }
}

/// A path as it is shown.
pub(crate) fn name(path: &Path) -> String {
    path.strip_prefix("./").unwrap_or(path).display().to_string()
}

/// Whether nobody reads the output any more.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
