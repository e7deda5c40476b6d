//! Writes timelines as SVG images.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::drawing::Drawing;

/// Images, and the names of their files in a folder.
pub(super) struct Pictures(Vec<(String, String)>);

impl Pictures {
    pub(super) fn of(drawings: &[Drawing]) -> Self {
        let mut names = BTreeSet::new();
        let mut pictures = Vec::new();
        for (title, timeline) in
            drawings.iter().flat_map(|drawing| drawing.titled(!drawing.repaired.is_empty()))
        {
            let name = file_name(&title);
            let free = (2..).map(|number| format!("{name}-{number}"));
            let free = std::iter::once(name.clone()).chain(free).find(|name| !names.contains(name));
            let name = free.unwrap_or(name);
            names.insert(name.clone());
            pictures.push((format!("{name}.svg"), timeline::svg(&title, timeline)));
        }
        Self(pictures)
    }

    /// Writes a single image to a file, and several to a folder; returns the paths.
    ///
    /// # Errors
    /// There is nothing to draw, or a file cannot be written.
    pub(super) fn write(&self, out: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let shown = out.display();
        let is_file = out.extension().is_some_and(|extension| extension == "svg") && !out.is_dir();
        let files: Vec<_> = match self.0.as_slice() {
            [] => bail!("there is no Pod to draw"),
            [(_, picture)] if is_file => vec![(out.to_owned(), picture)],
            [_, _, ..] if is_file => bail!("{shown}: {} timelines need a folder, not a file", self.0.len()),
            all => {
                fs::create_dir_all(out).with_context(|| format!("cannot create {shown}"))?;
                all.iter().map(|(name, picture)| (out.join(name), picture)).collect()
            }
        };
        for (path, picture) in &files {
            let written = fs::write(path, format!("{picture}\n"));
            written.with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(files.into_iter().map(|(path, _)| path).collect())
    }
}

/// A title as the name of a file: `Deployment shop/web, after fix` becomes `deployment-shop-web-after-fix`.
fn file_name(title: &str) -> String {
    let safe = title.chars().map(|char| if char.is_ascii_alphanumeric() || char == '.' { char } else { '-' });
    let name = safe.collect::<String>().to_ascii_lowercase();
    let words: Vec<_> = name.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-")
}
