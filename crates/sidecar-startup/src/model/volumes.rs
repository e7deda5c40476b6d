//! The volumes of a Pod, and which of its containers mount them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::container_fields::{ContainerFields, EnvVar};
use crate::model::object::Spec;
use crate::model::view::{Text, Unread, items, view};

view! {
    /// An entry of a Pod's `volumes`.
    Volume {
        "name" name: Text<'a>,
        "hostPath" host_path: Option<Unread<'a>>,
    }
}

view! {
    /// An entry of a container's `volumeMounts`.
    VolumeMount {
        "name" name: Text<'a>,
        "mountPath" mount_path: Text<'a>,
        "readOnly" read_only: bool,
    }
}

view! {
    /// The `valueFrom` of a variable.
    VariableSource {
        "fileKeyRef" file_key_ref: Option<FileKey<'a>>,
    }
}

view! {
    /// A variable in a file of a volume.
    FileKey {
        "volumeName" volume_name: Text<'a>,
        "optional" optional: bool,
    }
}

/// A volume in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount<'a> {
    /// The name of the volume.
    pub volume: Text<'a>,
    /// Where the container has it.
    pub path: Text<'a>,
    /// Whether the container cannot write to it.
    pub is_read_only: bool,
}

/// Volume sources that containers cannot write to.
const READ_ONLY: [&str; 5] = ["configMap", "downwardAPI", "image", "projected", "secret"];

impl Spec<'_> {
    /// The names of the `hostPath` volumes.
    pub fn host_path_volumes(&self) -> impl Iterator<Item = String> {
        let volumes: Option<Vec<Volume<'_>>> = self.volumes.read();
        let volumes = volumes.into_iter().flatten().filter(|volume| volume.host_path.is_some());
        volumes.map(|volume| volume.name.to_string())
    }
}

impl Spec<'_> {
    /// The names of the volumes of type `emptyDir`.
    #[must_use]
    pub fn empty_dirs(&self) -> BTreeSet<String> {
        let volumes = self.volumes.value();
        let is_empty_dir = |volume: &&Value| volume.get("emptyDir").is_some_and(Value::is_object);
        let name = |volume: &Value| volume.get("name")?.as_str().map(str::to_owned);
        let mut names = BTreeSet::new();
        names.extend(items(&volumes).filter(is_empty_dir).filter_map(name));
        names
    }

    /// For each volume that is an earlier one under another name, that one: both are the same path of the node, or the same claim.
    #[must_use]
    pub fn volume_aliases(&self) -> BTreeMap<String, String> {
        let volumes = self.volumes.value();
        let source = |volume: &Value| {
            let text = |field: &str, key: &str| {
                let value = volume.get(field)?.get(key)?.as_str()?;
                Some((field.to_owned(), value.trim_end_matches('/').to_owned()))
            };
            text("hostPath", "path").or_else(|| text("persistentVolumeClaim", "claimName"))
        };
        let mut first: BTreeMap<_, &str> = BTreeMap::new();
        let mut aliases = BTreeMap::new();
        for volume in items(&volumes) {
            let Some(name) = volume.get("name").and_then(Value::as_str) else { continue };
            match source(volume).map(|source| first.entry(source).or_insert(name)) {
                Some(known) if *known != name => _ = aliases.insert(name.to_owned(), (*known).to_owned()),
                _ => {}
            }
        }
        aliases
    }

    /// Tells by its name whether containers can write to a volume. One that the Pod does not have may be anything.
    pub fn writable_volumes(&self) -> impl Fn(&str) -> bool {
        let mut writable: BTreeMap<String, bool> = BTreeMap::new();
        for volume in items(&self.volumes.value()) {
            let Some(name) = volume.get("name").and_then(Value::as_str) else { continue };
            let is_writable = READ_ONLY.iter().all(|source| volume.get(source).is_none());
            writable.entry(name.to_owned()).or_insert(is_writable);
        }
        move |name| writable.get(name).copied().unwrap_or(true)
    }
}

impl<'a> ContainerFields<'a> {
    /// The volumes in the container.
    #[must_use]
    pub fn mount_list(&self) -> Vec<Mount<'a>> {
        let mounts: Vec<VolumeMount<'a>> = self.volume_mounts.read().unwrap_or_default();
        let mount = |mount: VolumeMount<'a>| Mount {
            volume: mount.name,
            path: mount.mount_path,
            is_read_only: mount.read_only,
        };
        mounts.into_iter().map(mount).collect()
    }

    /// The volumes from whose files its variables come, as mounts without a path: the container does not start before these files are
    /// there (`fileKeyRef`, KEP-3721).
    #[must_use]
    pub fn volumes_of_variables(&self) -> Vec<Mount<'a>> {
        // Hardly any container has one.
        if !self.env.mentions("fileKeyRef") {
            return Vec::new();
        }
        let variables: Vec<EnvVar<'a>> = self.env.read().unwrap_or_default();
        let sources =
            variables.into_iter().filter_map(|variable| variable.value_from.read::<VariableSource<'a>>());
        let files = sources.filter_map(|source| source.file_key_ref).filter(|file| !file.optional);
        let mount =
            |file: FileKey<'a>| Mount { volume: file.volume_name, path: Text::default(), is_read_only: true };
        files.map(mount).collect()
    }
}

impl ContainerFields<'_> {
    /// Whether the container mounts the whole of a volume at a path, and can write to it.
    #[must_use]
    pub fn mounts_whole(&self, volume: &str, path: &str) -> bool {
        let limits = ["readOnly", "subPath", "subPathExpr"];
        items(&self.volume_mounts.value()).any(|mount| {
            mount.get("name").is_some_and(|name| name == volume)
                && mount.get("mountPath").is_some_and(|at| at == path)
                && limits.iter().all(|limit| {
                    mount.get(limit).is_none_or(|value| matches!(value, Value::Null | Value::Bool(false)))
                })
        })
    }

    /// Whether the container mounts one of the volumes with these names.
    #[must_use]
    pub fn mounts_one_of(&self, volumes: &BTreeSet<String>) -> bool {
        // Most Pods have none of them, and need no further look.
        !volumes.is_empty() && self.mount_list().iter().any(|mount| volumes.contains(&*mount.volume))
    }
}
