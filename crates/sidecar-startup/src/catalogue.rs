//! The well-known sidecars of `catalogue.yaml`.

pub mod candidate;
#[expect(clippy::unreadable_literal, reason = "it is generated")]
#[rustfmt::skip]
mod compiled;
pub mod condition;
pub(crate) mod default_ports;
pub(crate) mod flags;
pub mod health;
mod index;
pub mod injectable;
pub(crate) mod pause;
pub mod row;
mod task;

use self::candidate::{Candidate, PodContext};
use self::compiled::INDEX;
pub use self::compiled::ROWS;
use self::row::Row;
use crate::model::container_fields::ContainerFields;
use crate::model::image;

/// The rows that may match a container by name or image, in the order of the file.
fn rows_for(candidate: Candidate<'_>) -> impl Iterator<Item = &'static Row> {
    let rows = INDEX.rows(candidate);
    ROWS.iter().enumerate().filter(move |(position, _)| rows >> position & 1 == 1).map(|(_, row)| row)
}

/// The first row by which an entry of `containers` is a sidecar.
pub(crate) fn recognise(candidate: Candidate<'_>) -> Option<&'static Row> {
    let mut rows = rows_for(candidate).filter(|row| row.recognises(candidate));
    rows.find(|row| !row.beside_app || has_application(candidate.pod))
}

/// Whether an entry of `containers` is none of the catalogue's sidecars.
fn has_application(pod: &PodContext<'_>) -> bool {
    let is_application = |fields: &ContainerFields<'_>| {
        let repository = image::repository(&fields.image);
        let candidate = Candidate { fields, repository: &repository, pod };
        !rows_for(candidate).any(|row| row.recognises(candidate))
    };
    *pod.has_application.get_or_init(|| pod.spec.containers.iter().any(is_application))
}

/// The first row that describes a container already known to be a sidecar.
pub(crate) fn describe(candidate: Candidate<'_>) -> Option<&'static Row> {
    rows_for(candidate).find(|row| row.describes(candidate))
}

/// Whether a container has the image of a sidecar under a condition that it does not fulfil.
pub(crate) fn has_image_of_other(candidate: Candidate<'_>) -> bool {
    rows_for(candidate).any(|row| row.has_image(candidate.repository) && !candidate.fulfils(row.only_when))
}

/// The first row by which an init container of this name never runs to completion.
pub(crate) fn never_completes(candidate: Candidate<'_>) -> Option<&'static Row> {
    rows_for(candidate).find(|row| {
        row.never_one_shot.contains(&&*candidate.fields.name)
            && candidate.fulfils(row.only_when)
            && row.is_run_by(candidate.fields)
            && !candidate.is_excepted(row.except_when)
            && !row.is_placeholder(candidate)
    })
}

/// Whether something other than a container ends all classic sidecars of the Pod, such as the controller that created it.
pub(crate) fn ends_all(candidate: Candidate<'_>) -> bool {
    let mut rows = ROWS.iter().filter(|row| row.ends_others && !row.only_when.is_empty());
    rows.any(|row| candidate.fulfils(row.only_when))
}

/// Whether an ordinary init container of this name belongs to a sidecar that redirects traffic.
pub(crate) fn belongs_to_mesh(name: &str) -> bool {
    let mut rows = ROWS.iter().filter(|row| row.redirects_traffic);
    rows.any(|row| row.has_init_container(name))
}

/// Whether an ordinary init container of this name belongs to any sidecar.
pub(crate) fn is_related(name: &str) -> bool {
    ROWS.iter().any(|row| row.has_init_container(name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::row::Match;
    use super::*;
    use crate::settings::action::Need;

    /// Whether a row says in which month it was compared with which commit or tag.
    fn is_checked(row: &Row) -> bool {
        let month = row.checked.split_once('-').and_then(|(year, month)| {
            Some((year.parse::<u32>().ok()?, month.parse::<u32>().ok().filter(|_| month.len() == 2)?))
        });
        let is_month =
            month.is_some_and(|(year, month)| (2023..2100).contains(&year) && (1..=12).contains(&month));
        let names_a_version = |word: &str| {
            word.contains('@') || word.strip_prefix('v').is_some_and(|tag| tag.starts_with(char::is_numeric))
        };
        is_month && row.source.split(' ').any(names_a_version)
    }

    #[test]
    fn rows_are_consistent() {
        assert!(ROWS.len() <= 64, "the index has one bit per row of a u64");
        let mut names = BTreeSet::new();
        for row in ROWS {
            let name = row.name;
            assert!(names.insert(name), "{name} is listed twice");
            assert!(!row.source.is_empty(), "{name} has no source");
            assert_eq!(
                is_checked(row),
                row.checked != "unverified",
                "{name}: {} {}",
                row.checked,
                row.source
            );
            let by_name = matches!(row.matched_by, Match::Name | Match::Either | Match::Both);
            assert!(!by_name || !row.container_names.is_empty(), "{name} matches by name, but has no name");
            assert!(
                row.matched_by == Match::Name || !row.images.is_empty(),
                "{name} matches by image, but has no image"
            );
            assert!(
                row.never_one_shot.iter().all(|never| row.has_name(never)),
                "{name}: neverOneShot has a name that is not one of containerNames"
            );
            assert!(
                row.related_init_containers.iter().all(|related| !row.never_one_shot.contains(related)),
                "{name}: a related init container is also in neverOneShot"
            );
            let is_injectable = row.startup_probe.is_some() || row.wait_command.is_some();
            assert!(
                !is_injectable || row.need == Need::AtStart,
                "{name}: an outage of a helper must not stop the application"
            );
            assert!(
                !is_injectable || !row.images.is_empty(),
                "{name}: a probe or command is verified for known images only"
            );
            assert!(
                !is_injectable || is_checked(row),
                "{name}: an unverified probe or command may never succeed"
            );
            assert!(row.hint.is_empty() || row.need == Need::AtStart, "{name}: nobody has to probe a helper");
            assert!(
                row.switch_on.is_empty() || (row.startup_probe.is_some() && !row.hint.is_empty()),
                "{name}: switchOn is what its startupProbe and hint need"
            );
            assert!(
                !row.beside_app || !matches!(row.matched_by, Match::Declared),
                "{name}: besideApp is about entries that the row recognises"
            );
            if let Some(probe) = &row.startup_probe {
                let probe: k8s_openapi::api::core::v1::Probe = serde_json::from_str(probe.what).unwrap();
                assert!(
                    probe.period_seconds.is_some(),
                    "{name}: the default period may delay the start by 10 s"
                );
            }
        }
    }
}
