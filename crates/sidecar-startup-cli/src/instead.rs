//! What to write instead: the difference between an object and its repaired form, as whole containers and fields that can be pasted
//! at their places in the manifest.

mod changes;
mod passage;
mod paste;

use std::cmp::Reverse;

use serde_json::Value;

use self::changes::between;
pub(crate) use self::passage::{Action, Instead};
use crate::object::Object;

/// The changes that turn an object into its repaired form, from the bottom up, so that the lines of the next ones stay the same.
pub(crate) fn of(object: &Object<'_>, repaired: &Value) -> Vec<Instead> {
    let value = object.value();
    let changes = between(&value, repaired);
    let mut changes: Vec<_> = changes.iter().map(|change| paste::paste(object, &value, change)).collect();
    changes.sort_by_key(|change| Reverse(change.lines));
    changes
}
