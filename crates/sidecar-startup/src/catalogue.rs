//! The well-known sidecars of `catalogue.yaml`.

mod condition;
mod injectable;

use crate::glob::{matches, matches_repository};
use crate::image;
use crate::native_only;
use crate::object::ContainerFields;
use crate::settings::Need;
use crate::template::Kind;

pub use condition::{Condition, Surroundings, Test};
pub use injectable::{Injectable, PortSource};

/// What is known of one sidecar. The fields are explained at the top of `catalogue.yaml`.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts")]
pub struct Row {
    /// What the catalogue calls it.
    pub name: &'static str,
    /// Globs on the container name.
    pub container_names: &'static [&'static str],
    /// Globs on the names of the ordinary init containers that belong to it.
    pub related_init_containers: &'static [&'static str],
    /// Globs on the image repository.
    pub images: &'static [&'static str],
    /// What makes an entry of `containers` this sidecar.
    pub matched_by: Match,
    /// What must all hold for the row to apply at all.
    pub only_when: &'static [Condition],
    /// Where an entry of `containers` is the application all the same.
    pub except_when: &'static [Condition],
    /// Where the injector is still to fill the container in.
    pub stub_when: &'static [Condition],
    /// What the application needs of it.
    pub need: Need,
    /// Whether an init container of its own has done the first work, where there is one.
    pub served_by_init: bool,
    /// The names of containers that never run to completion.
    pub never_one_shot: &'static [&'static str],
    /// Whether the Pod's traffic goes through it.
    pub redirects_traffic: bool,
    /// Whether it lets a Job complete.
    pub ends_itself: bool,
    /// Whether all other classic sidecars are ended in a Pod with it.
    pub ends_others: bool,
    /// Whether the readiness that it ships depends on the application.
    pub needs_app: bool,
    /// A word of the hook that upstream makes the gate of the native form.
    pub native_gate: Option<&'static str>,
    /// The path that it answers only once the application does.
    pub follows_application: Option<Injectable<&'static str>>,
    /// The probe that holds an application until it is ready, as JSON.
    pub startup_probe: Option<Injectable<&'static str>>,
    /// The command in its image that blocks until it is ready.
    pub wait_command: Option<Injectable<&'static [&'static str]>>,
    /// Whether its image has a shell.
    pub has_shell: bool,
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

/// Which rows a container may belong to, so that not every row is held against every container. A set of rows is the bits of
/// a `u64`, in the order of the file.
struct Index {
    /// Container names without a wildcard, sorted.
    names: &'static [(&'static str, u64)],
    name_globs: &'static [(&'static str, u64)],
    /// The last parts of image repositories, those without a wildcard, sorted.
    image_tails: &'static [(&'static str, u64)],
    image_tail_globs: &'static [(&'static str, u64)],
}

#[expect(clippy::unreadable_literal, reason = "the index is written by build.rs")]
static INDEX: Index = include!(concat!(env!("OUT_DIR"), "/index.rs"));

impl Index {
    /// The rows whose name or image may be that of a container, in the order of the file.
    fn rows(&self, candidate: Candidate<'_>) -> impl Iterator<Item = &'static Row> {
        let tail = candidate.repository.rsplit('/').next().unwrap_or_default();
        let rows = look_up(self.names, self.name_globs, &candidate.fields.name)
            | look_up(self.image_tails, self.image_tail_globs, tail);
        ROWS.iter().enumerate().filter(move |(position, _)| rows >> position & 1 == 1).map(|(_, row)| row)
    }
}

fn look_up(literals: &[(&str, u64)], globs: &[(&str, u64)], text: &str) -> u64 {
    let literal = literals.binary_search_by_key(&text, |(literal, _)| literal).ok();
    let rows = literal.and_then(|position| literals.get(position)).map_or(0, |(_, rows)| *rows);
    globs.iter().filter(|(glob, _)| matches(glob, text)).fold(rows, |all, (_, rows)| all | rows)
}

/// A container as the catalogue looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// What the container says.
    pub fields: &'a ContainerFields<'a>,
    /// Its image repository.
    pub repository: &'a str,
    /// What stands around it.
    pub around: Surroundings<'a>,
}

impl Row {
    /// Whether an entry of `containers` is this sidecar.
    fn recognises(&self, candidate: Candidate<'_>) -> bool {
        let is_match = match self.matched_by {
            Match::Name => self.has_name(&candidate.fields.name),
            Match::Image => self.has_image(candidate.repository),
            Match::Either => self.has_name(&candidate.fields.name) || self.has_image(candidate.repository),
            Match::Both => self.has_name(&candidate.fields.name) && self.has_image(candidate.repository),
            Match::Declared => false,
        };
        is_match && candidate.fulfils(self.only_when) && !candidate.is_excepted(self.except_when)
    }

    /// Whether a container that is a sidecar anyway is this one.
    fn describes(&self, candidate: Candidate<'_>) -> bool {
        let is_match = match self.matched_by {
            Match::Name => self.has_name(&candidate.fields.name),
            Match::Either => self.has_name(&candidate.fields.name) || self.has_image(candidate.repository),
            Match::Image | Match::Both | Match::Declared => self.has_image(candidate.repository),
        };
        is_match && candidate.fulfils(self.only_when)
    }

    fn has_name(&self, name: &str) -> bool {
        self.container_names.iter().any(|glob| matches(glob, name))
    }

    /// Whether an ordinary init container of this name belongs to it.
    pub(crate) fn has_init_container(&self, name: &str) -> bool {
        self.related_init_containers.iter().any(|glob| matches(glob, name))
    }

    /// Whether an image repository is one of those that upstream publishes.
    #[must_use]
    pub fn has_image(&self, repository: &str) -> bool {
        self.images.iter().any(|glob| matches_repository(glob, repository))
    }

    /// Whether the container only marks the place for one that the injector makes.
    pub(crate) fn is_stub(&self, candidate: Candidate<'_>) -> bool {
        candidate.fulfils_one(self.stub_when)
    }

    /// Whether an ordinary init container of the Pod has done this sidecar's first work.
    pub(crate) fn is_served_by(&self, init_container: &ContainerFields<'_>) -> bool {
        self.served_by_init
            && (self.has_init_container(&init_container.name)
                || self.has_image(&image::repository(&init_container.image)))
    }
}

impl Candidate<'_> {
    fn fulfils(self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| condition.holds(self))
    }

    /// An exception that may well apply does: the other way, doubt would deny.
    fn is_excepted(self, conditions: &[Condition]) -> bool {
        conditions.iter().any(|condition| condition.may_hold(self))
    }

    fn fulfils_one(self, conditions: &[Condition]) -> bool {
        conditions.iter().any(|condition| condition.holds(self))
    }
}

/// The row that makes an entry of `containers` a sidecar.
pub(crate) fn recognise(candidate: Candidate<'_>) -> Option<&'static Row> {
    INDEX.rows(candidate).find(|row| row.recognises(candidate))
}

/// The row that tells what is known of a container that is a sidecar anyway.
pub(crate) fn describe(candidate: Candidate<'_>) -> Option<&'static Row> {
    INDEX.rows(candidate).find(|row| row.describes(candidate))
}

/// The row that says that an init container of this name never runs to completion.
pub(crate) fn never_completes(candidate: Candidate<'_>) -> Option<&'static Row> {
    INDEX.rows(candidate).find(|row| {
        row.never_one_shot.contains(&&*candidate.fields.name)
            && candidate.fulfils(row.only_when)
            && !candidate.is_excepted(row.except_when)
            && !row.is_stub(candidate)
    })
}

/// Whether something in the Pod, which needs no container of its own there, ends all classic sidecars of it.
pub(crate) fn ends_all(candidate: Candidate<'_>) -> bool {
    let mut rows = ROWS.iter().filter(|row| row.ends_others && !row.only_when.is_empty());
    rows.any(|row| candidate.fulfils(row.only_when))
}

/// Whether ordinary init containers of this name belong to a sidecar that redirects traffic.
pub(crate) fn belongs_to_mesh(name: &str) -> bool {
    let mut rows = ROWS.iter().filter(|row| row.redirects_traffic);
    rows.any(|row| row.has_init_container(name))
}

/// Whether ordinary init containers of this name belong to some sidecar.
pub(crate) fn is_related(name: &str) -> bool {
    ROWS.iter().any(|row| row.has_init_container(name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_file_agrees_with_itself() {
        assert!(ROWS.len() <= 64, "the index has a bit for each row");
        let mut names = BTreeSet::new();
        for row in ROWS {
            let name = row.name;
            assert!(names.insert(name), "{name} is there twice");
            assert!(!row.source.is_empty(), "{name} has no source");
            let by_name = matches!(row.matched_by, Match::Name | Match::Either | Match::Both);
            assert!(!by_name || !row.container_names.is_empty(), "{name} matches by name, but has none");
            assert!(row.matched_by == Match::Name || !row.images.is_empty(), "{name} has no image to match");
            assert!(
                row.never_one_shot.iter().all(|never| row.has_name(never)),
                "{name}: what never completes is one of its names"
            );
            assert!(
                row.related_init_containers.iter().all(|related| !row.never_one_shot.contains(related)),
                "{name}: a related init container runs to completion"
            );
            let is_injectable = row.startup_probe.is_some() || row.wait_command.is_some();
            assert!(
                !is_injectable || row.need == Need::AtStart,
                "{name}: the outage of a helper must not stop the application"
            );
            assert!(!is_injectable || !row.images.is_empty(), "{name}: only its own image proves a probe");
            if let Some(probe) = &row.startup_probe {
                let probe: k8s_openapi::api::core::v1::Probe = serde_json::from_str(probe.what).unwrap();
                assert!(probe.period_seconds.is_some(), "{name}: the default period costs ten seconds");
            }
        }
    }
}
