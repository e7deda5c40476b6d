//! Applies edits to the object as it was sent. Nothing else writes to it.
//!
//! A repair edits the raw JSON and leaves all other fields alone, known here or not. Typed values are never written back: fields
//! that a type does not know would be lost.

use std::mem;

use serde_json::{Map, Value};

use super::edit::Edit;
use crate::model::container_id::ContainerId;
use crate::model::field::FieldPath;

/// A Pod template while it is being repaired.
#[derive(Debug)]
pub(crate) struct Draft<'o> {
    /// The object that holds metadata and spec.
    template: &'o mut Map<String, Value>,
    /// The containers by their ids, then those that were added.
    containers: Vec<Value>,
    /// The init containers among them, in order.
    init: Vec<ContainerId>,
    /// The entries of `containers` among them, in order.
    apps: Vec<ContainerId>,
}

impl<'o> Draft<'o> {
    /// Starts to repair the Pod template at a path of an object; none if there is no template. [`Draft::finish`] puts its containers
    /// back.
    pub(crate) fn of(object: &'o mut Value, template: &FieldPath) -> Option<Self> {
        let template = object.pointer_mut(&template.to_pointer())?.as_object_mut()?;
        let mut taken = |list: &str| {
            let list =
                template.get_mut("spec").and_then(|spec| spec.get_mut(list)).and_then(Value::as_array_mut);
            list.map(mem::take).unwrap_or_default()
        };
        let mut containers = taken("initContainers");
        let split = containers.len();
        containers.append(&mut taken("containers"));
        let ids = |range: std::ops::Range<usize>| range.map(ContainerId::at).collect();
        let (init, apps) = (ids(0..split), ids(split..containers.len()));
        Some(Self { template, containers, init, apps })
    }

    /// Puts the containers back into their lists.
    pub(crate) fn finish(mut self) {
        let lists =
            [("initContainers", mem::take(&mut self.init)), ("containers", mem::take(&mut self.apps))];
        for (key, list) in lists {
            let taken = |id: ContainerId| self.containers.get_mut(id.position()).map(Value::take);
            let list: Vec<_> = list.into_iter().filter_map(taken).collect();
            let old = self.template.get_mut("spec").and_then(|spec| spec.get_mut(key));
            match old {
                Some(Value::Array(items)) => *items = list,
                _ if list.is_empty() => {}
                _ => set(self.template, &["spec", key], list.into()),
            }
        }
    }

    /// Carries out the edits of a plan.
    pub(crate) fn apply(&mut self, edits: Vec<Edit>) {
        for edit in edits {
            match edit {
                Edit::Set { container, path, value } => {
                    if let Some(fields) = self.fields_mut(container) {
                        set(fields, path, value);
                    }
                }
                Edit::SetInTemplate { path, value } => set(self.template, &path, value),
                Edit::MoveToInit { container, before } => {
                    self.take_out(container);
                    insert(&mut self.init, container, before);
                }
                Edit::MoveAmongApps { container, before } => {
                    self.take_out(container);
                    insert(&mut self.apps, container, before);
                }
                Edit::AddInit { value, before } => {
                    let added = self.add(value);
                    insert(&mut self.init, added, before);
                }
                Edit::AddApp(value) => {
                    let added = self.add(value);
                    self.apps.push(added);
                }
                Edit::TakePosition { container, of } => self.take_position(container, of),
                Edit::Rewrite { container, value } => {
                    if let Some(old) = self.containers.get_mut(container.position()) {
                        *old = value;
                    }
                }
                Edit::AddVolume(volume) => self.add_volume(volume),
            }
        }
    }

    /// A container with the edits so far.
    pub(crate) fn container(&self, id: ContainerId) -> Option<&Map<String, Value>> {
        self.containers.get(id.position()).and_then(Value::as_object)
    }

    /// A field of a container with the edits so far.
    pub(crate) fn get(&self, id: ContainerId, key: &str) -> Option<&Value> {
        self.container(id)?.get(key)
    }

    /// The volumes with the edits so far.
    pub(crate) fn volumes(&self) -> &[Value] {
        let volumes = self.template.get("spec").and_then(|spec| spec.get("volumes"));
        volumes.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// The init containers, in order.
    pub(crate) fn init(&self) -> &[ContainerId] {
        &self.init
    }

    /// The entries of `containers`, in order.
    pub(crate) fn apps(&self) -> &[ContainerId] {
        &self.apps
    }

    fn fields_mut(&mut self, id: ContainerId) -> Option<&mut Map<String, Value>> {
        self.containers.get_mut(id.position()).and_then(Value::as_object_mut)
    }

    fn add(&mut self, container: Value) -> ContainerId {
        let added = ContainerId::at(self.containers.len());
        self.containers.push(container);
        added
    }

    fn take_position(&mut self, container: ContainerId, of: ContainerId) {
        self.take_out(container);
        for other in self.init.iter_mut().chain(&mut self.apps) {
            if *other == of {
                *other = container;
            }
        }
    }

    fn take_out(&mut self, container: ContainerId) {
        self.init.retain(|other| *other != container);
        self.apps.retain(|other| *other != container);
    }

    fn add_volume(&mut self, volume: Value) {
        let mut volumes = self.volumes().to_vec();
        volumes.push(volume);
        set(self.template, &["spec", "volumes"], volumes.into());
    }
}

/// Inserts a container before another one, or at the end.
fn insert(list: &mut Vec<ContainerId>, container: ContainerId, before: Option<ContainerId>) {
    let position = before.and_then(|before| list.iter().position(|other| *other == before));
    list.insert(position.unwrap_or(list.len()), container);
}

/// Sets the field at a path. Anything on the way that is not an object becomes one.
fn set(fields: &mut Map<String, Value>, path: &[impl AsRef<str>], value: Value) {
    match path {
        [] => {}
        [key] => _ = fields.insert(key.as_ref().to_owned(), value),
        [key, below @ ..] => match fields.entry(key.as_ref()).or_insert(Value::Null) {
            Value::Object(fields) => set(fields, below, value),
            other => {
                let mut fields = Map::new();
                set(&mut fields, below, value);
                *other = Value::Object(fields);
            }
        },
    }
}
