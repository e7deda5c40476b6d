//! The well-known sidecars of `catalogue.yaml`.

mod condition;

use crate::object::ContainerFields;
use crate::settings::Need;
use crate::template::Kind;

pub use condition::{Condition, Surroundings, Test};

/// What is known of one sidecar. The fields are explained at the top of `catalogue.yaml`.
#[derive(Debug)]
pub struct Row {
    /// What the catalogue calls it.
    pub name: &'static str,
    /// Globs on the container name.
    pub container_names: &'static [&'static str],
    /// The ordinary init containers that belong to it.
    pub related_init_containers: &'static [&'static str],
    /// Globs on the image repository.
    pub images: &'static [&'static str],
    /// What makes an entry of `containers` this sidecar.
    pub matched_by: Match,
    /// Where an entry of `containers` is the application all the same.
    pub except_when: &'static [Condition],
    /// Where the injector is still to fill the container in.
    pub stub_when: &'static [Condition],
    /// What the application needs of it.
    pub need: Need,
    /// The probe of the native form, as JSON.
    pub startup_probe: Option<&'static str>,
    /// Where the facts were read.
    pub source: &'static str,
}

/// What makes an entry of `containers` a row's sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Its name.
    Name,
    /// Its image.
    Image,
    /// One of the two.
    Either,
    /// Both together.
    Both,
    /// Nothing that stands in the container itself.
    Declared,
}

/// All rows, in the order of the file.
pub static ROWS: &[Row] = include!(concat!(env!("OUT_DIR"), "/rows.rs"));

impl Row {
    /// Whether an entry of `containers` is this sidecar.
    fn recognises(
        &self,
        container: &ContainerFields<'_>,
        repository: &str,
        around: Surroundings<'_>,
    ) -> bool {
        let is_match = match self.matched_by {
            Match::Name => self.has_name(&container.name),
            Match::Image => self.has_image(repository),
            Match::Either => self.has_name(&container.name) || self.has_image(repository),
            Match::Both => self.has_name(&container.name) && self.has_image(repository),
            Match::Declared => false,
        };
        is_match && !self.except_when.iter().any(|condition| condition.holds(container, repository, around))
    }

    /// Whether a container that is a sidecar anyway is this one.
    fn describes(&self, container: &ContainerFields<'_>, repository: &str) -> bool {
        match self.matched_by {
            Match::Name => self.has_name(&container.name),
            Match::Either => self.has_name(&container.name) || self.has_image(repository),
            Match::Image | Match::Both | Match::Declared => self.has_image(repository),
        }
    }

    fn has_name(&self, name: &str) -> bool {
        self.container_names.iter().any(|glob| matches(glob, name))
    }

    fn has_image(&self, repository: &str) -> bool {
        self.images.iter().any(|glob| {
            matches(glob, repository) || glob.strip_prefix("*/").is_some_and(|bare| matches(bare, repository))
        })
    }

    /// Whether the container only marks the place for one that the injector makes.
    pub(crate) fn is_stub(
        &self,
        container: &ContainerFields<'_>,
        repository: &str,
        around: Surroundings<'_>,
    ) -> bool {
        self.stub_when.iter().any(|condition| condition.holds(container, repository, around))
    }
}

/// The row that makes an entry of `containers` a sidecar.
pub(crate) fn recognise(
    container: &ContainerFields<'_>,
    repository: &str,
    around: Surroundings<'_>,
) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.recognises(container, repository, around))
}

/// The row that tells what is known of a container that is a sidecar anyway.
pub(crate) fn describe(container: &ContainerFields<'_>, repository: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.describes(container, repository))
}

/// Whether `text` fits a glob of the catalogue, in which `*` stands for any characters.
pub(crate) fn matches(glob: &str, text: &str) -> bool {
    match glob.split_once('*') {
        None => glob == text,
        Some((start, rest)) => {
            let Some(mut tail) = text.strip_prefix(start) else {
                return false;
            };
            loop {
                if matches(rest, tail) {
                    return true;
                }
                let mut characters = tail.chars();
                if characters.next().is_none() {
                    return false;
                }
                tail = characters.as_str();
            }
        }
    }
}
