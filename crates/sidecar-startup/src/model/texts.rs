//! Texts for people, which the cargo feature `texts` compiles in.

/// A text for people, with the feature `texts`; without it, as in the policy's module, empty.
pub(crate) const fn texts(text: &'static str) -> &'static str {
    if cfg!(feature = "texts") { text } else { "" }
}
