//! Edits on an object as it came in.
//!
//! A repair changes the JSON of the object and nothing else in it: every field that is not its business stays as it is, known
//! here or not. Nothing typed is ever written back, since what its type does not know would be lost.

use std::mem;

use serde_json::{Map, Value};

use crate::field::FieldPath;
use crate::pod::Pod;
use crate::repair::Refusal;

/// A Pod template while it is being repaired. Containers go by their place in [`Pod::containers`], wherever they are moved.
#[derive(Debug)]
pub struct Draft<'o> {
    /// What holds the metadata and the spec.
    template: &'o mut Map<String, Value>,
    /// The containers, then those that were added.
    containers: Vec<Value>,
    /// Those of them that are init containers, in order.
    init: Vec<usize>,
    /// Those that are entries of `containers`, in order.
    apps: Vec<usize>,
}

impl<'o> Draft<'o> {
    /// Begins to repair the Pod template of an object that `pod` was read from. [`Draft::finish`] puts its containers back.
    #[must_use]
    pub fn of(object: &'o mut Value, pod: &Pod<'_>) -> Option<Self> {
        let path = pod.path().segments().split_last().map_or(&[][..], |(_, above)| above);
        let path: FieldPath = path.iter().cloned().collect();
        let template = object.pointer_mut(&path.to_pointer())?.as_object_mut()?;
        let mut taken = |list: &str| {
            let list =
                template.get_mut("spec").and_then(|spec| spec.get_mut(list)).and_then(Value::as_array_mut);
            list.map(mem::take).unwrap_or_default()
        };
        let mut containers = taken("initContainers");
        let split = containers.len();
        containers.append(&mut taken("containers"));
        let all = containers.len();
        Some(Self { template, containers, init: (0..split).collect(), apps: (split..all).collect() })
    }

    /// Puts the containers back into their lists.
    pub fn finish(mut self) {
        for (key, list) in
            [("initContainers", mem::take(&mut self.init)), ("containers", mem::take(&mut self.apps))]
        {
            let taken = |container: usize| self.containers.get_mut(container).map(Value::take);
            let list: Vec<_> = list.into_iter().filter_map(taken).collect();
            let old = self.template.get_mut("spec").and_then(|spec| spec.get_mut(key));
            match old {
                Some(Value::Array(items)) => *items = list,
                _ if list.is_empty() => {}
                _ => set(self.template, &["spec", key], list.into()),
            }
        }
    }

    /// A container, as it is by now.
    #[must_use]
    pub fn container(&self, container: usize) -> Option<&Map<String, Value>> {
        self.containers.get(container).and_then(Value::as_object)
    }

    /// A field of a container, as it is by now.
    #[must_use]
    pub fn get(&self, container: usize, key: &str) -> Option<&Value> {
        self.containers.get(container)?.get(key)
    }

    /// Sets the field of a container that a path leads to.
    pub fn set(&mut self, container: usize, path: &[&str], value: Value) {
        if let Some(fields) = self.containers.get_mut(container).and_then(Value::as_object_mut) {
            set(fields, path, value);
        }
    }

    /// Sets the field of the template, that is its metadata or its spec, that a path leads to.
    pub fn set_in_template(&mut self, path: &[&str], value: Value) {
        set(self.template, path, value);
    }

    /// The init containers, in order.
    #[must_use]
    pub fn init(&self) -> &[usize] {
        &self.init
    }

    /// The entries of `containers`, in order.
    #[must_use]
    pub fn apps(&self) -> &[usize] {
        &self.apps
    }

    /// Puts something else where a container was.
    pub fn put(&mut self, container: usize, value: Value) {
        if let Some(old) = self.containers.get_mut(container) {
            *old = value;
        }
    }

    /// Adds an `emptyDir`, unless it is there, with whatever further fields.
    ///
    /// # Errors
    /// Another volume has its name.
    pub fn add_volume(&mut self, volume: Value) -> Result<(), Refusal> {
        let volumes =
            self.template.get("spec").and_then(|spec| spec.get("volumes")).and_then(Value::as_array);
        let mut volumes = volumes.cloned().unwrap_or_default();
        let medium = |volume: &Value| volume.get("emptyDir").map(|source| source.get("medium").cloned());
        match volumes.iter().find(|other| other.get("name") == volume.get("name")) {
            Some(other) if medium(other) == medium(&volume) => return Ok(()),
            Some(_) => return Err("another volume has the name of that which the two would share".into()),
            None => volumes.push(volume),
        }
        set(self.template, &["spec", "volumes"], volumes.into());
        Ok(())
    }

    /// Adds an init container at that place.
    pub fn add_init(&mut self, place: usize, container: Value) {
        let added = self.containers.len();
        self.containers.push(container);
        self.init.insert(place.min(self.init.len()), added);
    }

    /// Moves a container, from whichever list, to that place among the init containers.
    pub fn move_to_init(&mut self, place: usize, container: usize) {
        let before = self.init.iter().take(place).filter(|other| **other == container).count();
        self.take_out(container);
        self.init.insert((place - before).min(self.init.len()), container);
    }

    /// Moves an entry of `containers` to that place among them.
    pub fn move_among_apps(&mut self, place: usize, container: usize) {
        self.take_out(container);
        self.apps.insert(place.min(self.apps.len()), container);
    }

    /// Puts one container in the place of another.
    pub fn replace(&mut self, old: usize, new: usize) {
        self.take_out(new);
        for container in self.init.iter_mut().chain(&mut self.apps) {
            if *container == old {
                *container = new;
            }
        }
    }

    fn take_out(&mut self, container: usize) {
        self.init.retain(|other| *other != container);
        self.apps.retain(|other| *other != container);
    }
}

/// Sets the field that a path leads to. What is no object on the way there becomes one.
fn set(fields: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [key] => _ = fields.insert((*key).to_owned(), value),
        [key, below @ ..] => match fields.entry(*key).or_insert(Value::Null) {
            Value::Object(fields) => set(fields, below, value),
            other => {
                let mut fields = Map::new();
                set(&mut fields, below, value);
                *other = Value::Object(fields);
            }
        },
    }
}
