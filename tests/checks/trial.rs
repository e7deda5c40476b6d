//! Trials of checks that fail with an error.

use libtest_mimic::Trial;

/// A test of that name.
pub(crate) fn trial(
    name: impl Into<String>,
    check: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
) -> Trial {
    Trial::test(name, move || check().map_err(|error| format!("{error:#}").into()))
}
