//! What is found in a manifest.

use manifest::Position;

use crate::object::Object;

/// What is said about anything but an object.
pub(super) const NO_OBJECT: &str = "expected an object with apiVersion and kind";

/// What is found in a manifest.
#[expect(clippy::large_enum_variant, reason = "one at a time, and mostly objects")]
pub(crate) enum Found<'a> {
    /// An object.
    Object(Object<'a>),
    /// A document without apiVersion and kind, such as Helm values.
    Fragment,
    /// What cannot be read.
    Unreadable(Unreadable),
}

/// What cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Where in the file, if that is known.
    pub(crate) position: Option<Position>,
    /// Why.
    pub(crate) reason: String,
    /// The line at the position.
    pub(crate) line: Option<String>,
}

/// Takes what is found.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(Found<'_>) -> anyhow::Result<()>;

impl Unreadable {
    /// A file that cannot be read at all.
    pub(crate) const fn whole(reason: String) -> Self {
        Self { position: None, reason, line: None }
    }
}
