//! The index from names and images to rows.

use std::collections::BTreeMap;

use crate::row::Row;

/// The code of the index from container names and last components of image repositories to rows. A set of rows is a `u64` with one
/// bit per row.
pub(crate) fn to_rust(rows: &[Row]) -> String {
    let mut names = BTreeMap::<&str, u64>::new();
    let mut tails = BTreeMap::<&str, u64>::new();
    for (position, row) in rows.iter().enumerate() {
        let bit = 1 << position;
        for name in &row.container_names {
            *names.entry(name).or_default() |= bit;
        }
        for image in &row.images {
            *tails.entry(image.rsplit('/').next().unwrap_or(image)).or_default() |= bit;
        }
    }
    let (name_globs, names): (Vec<_>, Vec<_>) = names.into_iter().partition(|(name, _)| name.contains('*'));
    let (tail_globs, tails): (Vec<_>, Vec<_>) = tails.into_iter().partition(|(tail, _)| tail.contains('*'));
    format!(
        "Index {{ names: &{names:?}, name_globs: &{name_globs:?}, image_tails: &{tails:?}, image_tail_globs: &{tail_globs:?} }}"
    )
}
