//! Applies edits to the object as it was sent. Nothing else writes to it.
//!
//! A repair edits the raw JSON and leaves all other fields alone, known here or not. Typed values are never written back: fields
//! that a type does not know would be lost.

use std::mem;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::edit::Edit;
use super::outline::Outline;
use crate::model::container_id::ContainerId;
use crate::model::field::{FieldPath, Segment};

/// The JSON in which an object stands. It is read again only if something is to be repaired.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ObjectText<'t> {
    /// The JSON.
    pub(crate) text: &'t str,
    /// The keys that lead to the object.
    pub(crate) keys: &'static [&'static str],
}

impl<'t> From<&'t RawValue> for ObjectText<'t> {
    fn from(object: &'t RawValue) -> Self {
        Self { text: object.get(), keys: &[] }
    }
}

/// A Pod template while it is being repaired.
#[derive(Debug)]
pub(crate) struct Draft<'o> {
    /// The object, without its containers.
    object: Outline<'o>,
    /// The keys that lead to the template, that is, to what holds metadata and spec.
    template: Vec<String>,
    /// The containers by their ids, then those that were added.
    containers: Vec<Outline<'o>>,
    /// The init containers among them, in order.
    init: Vec<ContainerId>,
    /// The entries of `containers` among them, in order.
    apps: Vec<ContainerId>,
}

impl<'o> Draft<'o> {
    /// Starts to repair the Pod template at a path of an object; none if there is no template.
    pub(crate) fn of(object: ObjectText<'o>, template: &FieldPath) -> Option<Self> {
        let keys = template.segments().iter().filter_map(|segment| match segment {
            Segment::Key(key) => Some(key.clone()),
            Segment::Index(_) => None,
        });
        let template: Vec<_> = keys.collect();
        let path: Vec<_> = object.keys.iter().copied().chain(template.iter().map(String::as_str)).collect();
        let object = Outline::of(object.text, &path)?.replace(object.keys, Outline::default());
        let mut draft = Self { object, template, containers: Vec::new(), init: Vec::new(), apps: Vec::new() };
        draft.at(&["spec"])?;
        draft.init = draft.take("initContainers");
        draft.apps = draft.take("containers");
        Some(draft)
    }

    /// Takes the containers of a list out of the object.
    fn take(&mut self, list: &str) -> Vec<ContainerId> {
        let first = self.containers.len();
        if let Some(Outline::Array(_)) = self.at(&["spec", list])
            && let Outline::Array(items) = self.replace(&["spec", list], Outline::Array(Vec::new()))
        {
            self.containers.extend(items);
        }
        (first..self.containers.len()).map(ContainerId::at).collect()
    }

    /// The object with the containers back in their lists; none if it cannot be written.
    pub(crate) fn finish(mut self) -> Option<Box<RawValue>> {
        let lists =
            [("initContainers", mem::take(&mut self.init)), ("containers", mem::take(&mut self.apps))];
        for (key, list) in lists {
            let path = ["spec", key];
            if !list.is_empty() || matches!(self.at(&path), Some(Outline::Array(_))) {
                let taken = |id: ContainerId| Some(mem::take(self.containers.get_mut(id.position())?));
                let list = list.into_iter().filter_map(taken).collect();
                self.replace(&path, Outline::Array(list));
            }
        }
        to_raw_value(&self.object).ok()
    }

    /// What is at a path from the template, as far as it was read.
    fn at(&self, path: &[&str]) -> Option<&Outline<'o>> {
        self.object.at(&self.template)?.at(path)
    }

    /// Replaces what is at a path from the template, and returns it.
    fn replace(&mut self, path: &[impl AsRef<str>], value: Outline<'o>) -> Outline<'o> {
        let path: Vec<_> =
            self.template.iter().map(String::as_str).chain(path.iter().map(AsRef::as_ref)).collect();
        self.object.replace(&path, value)
    }

    /// Carries out the edits of a plan.
    pub(crate) fn apply(&mut self, edits: Vec<Edit>) {
        for edit in edits {
            match edit {
                Edit::Set { container, path, value } => {
                    if let Some(fields) = self.containers.get_mut(container.position()) {
                        fields.replace(path, Outline::Value(value));
                    }
                }
                Edit::SetInTemplate { path, value } => {
                    self.replace(&path, Outline::Value(value));
                }
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
                        *old = Outline::Value(value);
                    }
                }
                Edit::AddVolume(volume) => self.add_volume(volume),
            }
        }
    }

    /// A container with the edits so far.
    pub(crate) fn container(&self, id: ContainerId) -> Option<Map<String, Value>> {
        match self.containers.get(id.position())?.to_value() {
            Some(Value::Object(fields)) => Some(fields),
            _ => None,
        }
    }

    /// A field of a container with the edits so far.
    pub(crate) fn get(&self, id: ContainerId, key: &str) -> Option<Value> {
        self.container(id)?.swap_remove(key)
    }

    /// The volumes with the edits so far.
    pub(crate) fn volumes(&self) -> Vec<Value> {
        list(self.at(&["spec", "volumes"]))
    }

    /// The `volumeClaimTemplates` of a StatefulSet.
    pub(crate) fn claim_templates(&self) -> Vec<Value> {
        list(self.object.at(&["spec", "volumeClaimTemplates"]))
    }

    /// The init containers, in order.
    pub(crate) fn init(&self) -> &[ContainerId] {
        &self.init
    }

    /// The entries of `containers`, in order.
    pub(crate) fn apps(&self) -> &[ContainerId] {
        &self.apps
    }

    fn add(&mut self, container: Value) -> ContainerId {
        let added = ContainerId::at(self.containers.len());
        self.containers.push(Outline::Value(container));
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
        let mut volumes = self.volumes();
        volumes.push(volume);
        self.replace(&["spec", "volumes"], Outline::Value(volumes.into()));
    }
}

/// The items of a list; none for anything else.
fn list(outline: Option<&Outline<'_>>) -> Vec<Value> {
    match outline.and_then(Outline::to_value) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// Inserts a container before another one, or at the end.
pub(super) fn insert(list: &mut Vec<ContainerId>, container: ContainerId, before: Option<ContainerId>) {
    let position = before.and_then(|before| list.iter().position(|other| *other == before));
    list.insert(position.unwrap_or(list.len()), container);
}
