//! What is found in a manifest.

use manifest::Position;
use serde_json::Value;

use crate::object::{Head, Object};

/// What is said about anything but an object.
pub(super) const NO_OBJECT: &str = "expected an object with apiVersion and kind";

/// What is found in a manifest.
#[expect(clippy::large_enum_variant, reason = "one at a time, and mostly objects")]
pub(crate) enum Found<'a> {
    /// An object.
    Object(Object<'a>),
    /// A document without apiVersion and kind, such as Helm values, or a list of such, such as a JSON patch.
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

/// Whether a value is a list of mappings of which none is a Kubernetes object, such as a JSON patch or a playbook.
pub(super) fn is_list_of_others(value: &Value) -> bool {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_other = |item: &Value| Head::of_value(item).is_some_and(|head| !head.is_complete());
    !items.is_empty() && items.iter().all(is_other)
}

/// Takes what is found.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(Found<'_>) -> anyhow::Result<()>;

impl Unreadable {
    /// A file that cannot be read at all.
    pub(crate) const fn whole(reason: String) -> Self {
        Self { position: None, reason, line: None }
    }
}
