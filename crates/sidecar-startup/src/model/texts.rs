//! Texts for people, compiled in by the cargo feature `texts`.

/// Returns `text` with the feature `texts`. Without it, as in the policy's module, returns an empty string to save space.
pub(crate) const fn texts(text: &'static str) -> &'static str {
    if cfg!(feature = "texts") { text } else { "" }
}
