//! The storeys of a crate: its top-level modules, from the top of the house to its cellar.

use std::collections::BTreeSet;

use super::tree::Tree;

/// The storeys of `crates/sidecar-startup`. A file belongs to the storey of its top-level module, so `rules.rs` and all below
/// `rules/` are one storey. The root re-exports from all of them.
pub(crate) const LIBRARY: &[&str] = &[
    "payload",
    "further_kinds",
    "decision",
    "timeline",
    "why",
    "rules",
    "repair",
    "startup",
    "pod",
    "finding",
    "catalogue",
    "settings",
    "model",
    "command",
];

/// Each import from a storey to a higher one, and each file that belongs to none.
pub(crate) fn imports_up(tree: &Tree, storeys: &[&str]) -> Vec<String> {
    let place = |file: &str| {
        let module = tree.modules().find(|(_, other)| *other == file).map(|(module, _)| module);
        let name = module.and_then(|module| module.first())?;
        storeys.iter().position(|storey| storey == name)
    };
    let named = |place: usize| storeys.get(place).copied().unwrap_or_default();
    let files: BTreeSet<_> = tree.modules().map(|(_, file)| file).filter(|file| *file != tree.root).collect();
    let homeless = files.into_iter().filter(|file| place(file).is_none()).map(|file| {
        format!(
            "{file} belongs to no storey. Move it below one of {}, or give its module a storey in tests/layers/storeys.rs.",
            storeys.join(", ")
        )
    });
    let up = tree.imports.iter().filter_map(|import| {
        let (from, to) = (place(&import.from)?, place(&import.to)?);
        (to < from).then(|| {
            format!(
                "{}:{}: {} leads up, from the storey {} to {}. A module imports only from storeys below its own \
                 (tests/layers/storeys.rs lists them from the top): move what both need down, or have the caller hand it in.",
                import.from,
                import.line,
                import.path,
                named(from),
                named(to)
            )
        })
    });
    homeless.chain(up).collect()
}
