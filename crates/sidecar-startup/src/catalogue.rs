//! The well-known sidecars of `catalogue.yaml`.

pub mod candidate;
pub mod condition;
pub mod injectable;
pub mod row;

use self::candidate::Candidate;
use self::condition::{Condition, Test};
use self::injectable::{Injectable, PortSource};
use self::row::{Match, Row};
use crate::model::glob::matches;
use crate::model::template::Kind;
use crate::model::texts::texts;
use crate::settings::action::Need;

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
            && !row.is_placeholder(candidate)
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
