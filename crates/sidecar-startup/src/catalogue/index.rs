//! The index from names and images to rows of the catalogue.

use super::candidate::Candidate;
use crate::model::glob::matches;
use crate::model::image;

/// Maps names and images to the rows that may match, so that a container need not be compared with every row. A set of rows is
/// a `u64` with one bit per row, in the order of the file.
pub(super) struct Index {
    /// Container names without wildcards, sorted.
    pub(super) names: &'static [(&'static str, u64)],
    pub(super) name_globs: &'static [(&'static str, u64)],
    /// The last path components of image repositories, those without wildcards, sorted.
    pub(super) image_tails: &'static [(&'static str, u64)],
    pub(super) image_tail_globs: &'static [(&'static str, u64)],
}

impl Index {
    /// The set of rows that may match a container by name or image.
    pub(super) fn rows(&self, candidate: Candidate<'_>) -> u64 {
        if image::mirrored(candidate.repository).is_some() {
            // Its last component holds that of the original, but does not say where it begins.
            return u64::MAX;
        }
        let tail = candidate.repository.rsplit('/').next().unwrap_or_default();
        look_up(self.names, self.name_globs, &candidate.fields.name)
            | look_up(self.image_tails, self.image_tail_globs, tail)
    }
}

/// The set of rows whose literal or glob fits `text`.
fn look_up(literals: &[(&str, u64)], globs: &[(&str, u64)], text: &str) -> u64 {
    let literal = literals.binary_search_by_key(&text, |(literal, _)| literal).ok();
    let rows = literal.and_then(|position| literals.get(position)).map_or(0, |(_, rows)| *rows);
    globs.iter().filter(|(glob, _)| matches(glob, text)).fold(rows, |all, (_, rows)| all | rows)
}
