//! Finds the manifests under the paths of the command line.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ignore::WalkBuilder;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::kustomize::is_patch;

/// What is found on the way.
pub(crate) enum Step {
    /// A manifest.
    File(PathBuf),
    /// A template of a Helm chart, which is no YAML until Helm renders it.
    Template,
    /// A patch that a kustomization applies to an object: it shows only a part of that.
    Patch,
    /// What `exclude` in `.sidecar-startup.yaml` leaves out.
    Excluded,
    /// What cannot be looked at.
    Unreadable(PathBuf, String),
}

/// The globs of files that are left out.
#[derive(Default)]
pub(crate) struct Exclude(Option<Gitignore>);

impl Exclude {
    /// Reads globs, as in a `.gitignore` in `folder`.
    ///
    /// # Errors
    /// A glob that is none.
    pub(crate) fn new(folder: &Path, globs: &[String]) -> anyhow::Result<Self> {
        let mut builder = GitignoreBuilder::new(folder);
        for glob in globs {
            builder.add_line(None, glob).with_context(|| format!("exclude: {glob}"))?;
        }
        Ok(Self(Some(builder.build().context("exclude")?)))
    }

    fn covers(&self, path: &Path) -> bool {
        let Some(globs) = &self.0 else { return false };
        let Ok(path) = path.canonicalize() else { return false };
        path.starts_with(globs.path()) && globs.matched_path_or_any_parents(path, false).is_ignore()
    }
}

/// The manifests under a path, by name: the path itself, or all YAML and JSON files in the folder that git does not ignore.
pub(crate) fn files<'e>(path: &Path, exclude: &'e Exclude) -> Box<dyn Iterator<Item = Step> + 'e> {
    if path == Path::new("-") || !path.is_dir() {
        return Box::new(std::iter::once(step(path, exclude)));
    }
    let mut builder = WalkBuilder::new(path);
    builder.require_git(false).sort_by_file_name(Ord::cmp);
    Box::new(builder.build().filter_map(|entry| match entry {
        Ok(entry) => {
            let path = entry.path();
            let is_file = entry.file_type().is_some_and(|kind| !kind.is_dir());
            (is_file && has_extension(path)).then(|| step(path, exclude))
        }
        Err(error) => Some(unreadable(&error)),
    }))
}

fn step(path: &Path, exclude: &Exclude) -> Step {
    if exclude.covers(path) {
        Step::Excluded
    } else if is_template(path) {
        Step::Template
    } else if is_patch(path) {
        Step::Patch
    } else {
        Step::File(path.to_owned())
    }
}

fn has_extension(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}

/// Whether a file is below the folder `templates` of a Helm chart.
fn is_template(path: &Path) -> bool {
    let folders = path.ancestors().skip(1).filter(|folder| folder.ends_with("templates"));
    folders.filter_map(Path::parent).any(|chart| chart.join("Chart.yaml").is_file())
}

fn unreadable(error: &ignore::Error) -> Step {
    let mut path = PathBuf::new();
    let mut inner = error;
    loop {
        match inner {
            ignore::Error::WithPath { path: of, err } => {
                path.clone_from(of);
                inner = err;
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => inner = err,
            other => return Step::Unreadable(path, format!("cannot be read: {other}")),
        }
    }
}
