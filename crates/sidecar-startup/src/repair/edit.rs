//! The edits that a repair may make, as data.

use serde_json::{Map, Value};

use crate::model::container_id::ContainerId;
use crate::model::field::{FieldPath, Segment};
use crate::pod::Pod;

/// One edit of a Pod template.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    /// Sets a field of a container.
    Set {
        /// The container.
        container: ContainerId,
        /// The path from the container.
        path: &'static [&'static str],
        /// What it becomes.
        value: Value,
    },
    /// Sets a field of the template, that is, of its metadata or spec.
    SetInTemplate {
        /// The path from the template.
        path: Vec<String>,
        /// What it becomes.
        value: Value,
    },
    /// Moves a container from either list to the init containers.
    MoveToInit {
        /// The container.
        container: ContainerId,
        /// The init container before which it goes; none for the end.
        before: Option<ContainerId>,
    },
    /// Moves an entry of `containers` within that list.
    MoveAmongApps {
        /// The container.
        container: ContainerId,
        /// The entry before which it goes; none for the end.
        before: Option<ContainerId>,
    },
    /// Adds an init container.
    AddInit {
        /// The container.
        value: Value,
        /// The init container before which it goes; none for the end.
        before: Option<ContainerId>,
    },
    /// Adds an entry of `containers`, after the others.
    AddApp(Value),
    /// Replaces one container of the Pod with another one.
    TakePosition {
        /// The container that takes its position.
        container: ContainerId,
        /// The container that is removed.
        of: ContainerId,
    },
    /// Replaces everything in a container.
    Rewrite {
        /// The container.
        container: ContainerId,
        /// What it becomes.
        value: Value,
    },
    /// Adds a volume.
    AddVolume(Value),
}

impl Edit {
    /// Sets an annotation of the Pod.
    pub(crate) fn annotation(key: &str, value: impl Into<Value>) -> Self {
        let path = ["metadata", "annotations", key].map(str::to_owned).to_vec();
        Self::SetInTemplate { path, value: value.into() }
    }

    /// The path of the field that it sets, and the new value; none if it does more than that.
    fn field(&self, pod: &Pod<'_>) -> Option<(FieldPath, Value)> {
        match self {
            Self::Set { container, path, value } => {
                let path = pod.path_of(pod.get(*container)?).join(&FieldPath::from(*path));
                Some((path, value.clone()))
            }
            Self::SetInTemplate { path, value } => {
                let below: FieldPath = path.iter().cloned().map(Segment::Key).collect();
                Some((pod.template_path().join(&below), value.clone()))
            }
            Self::AddInit { value, .. } => {
                Some((pod.path().child("initContainers"), Value::from(vec![value.clone()])))
            }
            _ => None,
        }
    }
}

/// The value that edits put at a field of the object; none if they do anything else.
pub(crate) fn value_at(edits: &[Edit], pod: &Pod<'_>, field: &FieldPath) -> Option<Value> {
    let mut whole: Option<Value> = None;
    for edit in edits {
        let (path, value) = edit.field(pod)?;
        let below = path.segments().strip_prefix(field.segments())?;
        whole = Some(merged(whole.unwrap_or(Value::Null), below, value));
    }
    whole
}

/// A value with another one merged in at a path below it.
fn merged(into: Value, below: &[Segment], value: Value) -> Value {
    let Some((Segment::Key(key), rest)) = below.split_first() else { return value };
    let mut fields = match into {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let old = fields.get_mut(key).map(Value::take).unwrap_or_default();
    fields.insert(key.clone(), merged(old, rest, value));
    fields.into()
}
