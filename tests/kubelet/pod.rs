//! A Pod as JSON, read as far as its start-up goes. Nothing here knows the library's types.

use std::collections::BTreeSet;

use serde_json::Value;

/// A Pod, with its init containers first.
#[derive(Debug)]
pub(crate) struct Pod<'a> {
    pub(crate) containers: Vec<Container<'a>>,
    /// The volumes that containers can write to.
    pub(crate) writable: BTreeSet<&'a str>,
    /// `restartPolicy: Never`.
    pub(crate) never_restarts: bool,
}

#[derive(Debug)]
pub(crate) struct Container<'a> {
    pub(crate) name: &'a str,
    pub(crate) image: &'a str,
    pub(crate) is_init: bool,
    /// It is in `initContainers` with `restartPolicy: Always`.
    pub(crate) is_native: bool,
    /// The words of `command` and `args`.
    pub(crate) words: Vec<&'a str>,
    /// Environment variables that are set literally.
    pub(crate) env: Vec<(&'a str, &'a str)>,
    pub(crate) ports: Vec<(Option<&'a str>, u64)>,
    pub(crate) mounts: Vec<Mount<'a>>,
    pub(crate) json: &'a Value,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Mount<'a> {
    pub(crate) volume: &'a str,
    pub(crate) path: &'a str,
    pub(crate) is_read_only: bool,
}

/// The probes of a container.
pub(crate) const PROBES: [&str; 3] = ["startupProbe", "readinessProbe", "livenessProbe"];

impl<'a> Pod<'a> {
    /// Reads the Pod in an object of kind Pod.
    pub(crate) fn read(object: &'a Value) -> Self {
        let spec = &object["spec"];
        let list = |key: &str| spec[key].as_array().into_iter().flatten();
        let init = list("initContainers").map(|json| Container::read(json, true));
        let apps = list("containers").map(|json| Container::read(json, false));
        // These are read-only whatever the mount says (kubelet_pods.go `makeMounts`, volume/{configmap,secret,projected,downwardapi}).
        let is_writable = |volume: &&Value| {
            ["configMap", "secret", "projected", "downwardAPI"].iter().all(|kind| volume[kind].is_null())
        };
        Self {
            containers: init.chain(apps).collect(),
            writable: list("volumes")
                .filter(is_writable)
                .filter_map(|volume| volume["name"].as_str())
                .collect(),
            never_restarts: spec["restartPolicy"] == "Never",
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Container<'a>> {
        self.containers.iter().find(|container| container.name == name)
    }

    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.containers.iter().position(|container| container.name == name)
    }
}

impl<'a> Container<'a> {
    fn read(json: &'a Value, is_init: bool) -> Self {
        let text = |value: &'a Value| value.as_str().unwrap_or_default();
        let list = |key: &str| json[key].as_array().into_iter().flatten();
        Self {
            name: text(&json["name"]),
            image: text(&json["image"]),
            is_init,
            is_native: is_init && json["restartPolicy"] == "Always",
            words: list("command").chain(list("args")).filter_map(Value::as_str).collect(),
            env: list("env").map(|entry| (text(&entry["name"]), text(&entry["value"]))).collect(),
            ports: list("ports")
                .filter_map(|port| Some((port["name"].as_str(), port["containerPort"].as_u64()?)))
                .collect(),
            mounts: list("volumeMounts")
                .map(|mount| Mount {
                    volume: text(&mount["name"]),
                    path: text(&mount["mountPath"]),
                    is_read_only: mount["readOnly"] == true,
                })
                .collect(),
            json,
        }
    }

    pub(crate) fn is_ordinary_init(&self) -> bool {
        self.is_init && !self.is_native
    }

    pub(crate) fn declares(&self, port: u64) -> bool {
        self.ports.iter().any(|(_, number)| *number == port)
    }

    /// The handlers that the kubelet, or a hook, runs for this container.
    pub(crate) fn handlers(&self) -> impl Iterator<Item = &'a Value> {
        let probes = PROBES.into_iter().map(|key| &self.json[key]);
        probes.chain([&self.json["lifecycle"]["postStart"]]).filter(|handler| handler.is_object())
    }

    /// The number of a port that a handler names or says (probe/util.go `ResolveContainerPort`).
    pub(crate) fn port(&self, port: &Value) -> Option<u64> {
        port.as_u64().or_else(|| {
            let name = port.as_str()?;
            let declared = self.ports.iter().find(|(known, _)| *known == Some(name));
            declared.map(|(_, number)| *number).or_else(|| name.parse().ok())
        })
    }

    /// Whether something that this container is given, and that the Pod does not show, could name a port.
    pub(crate) fn may_be_told_ports(&self, writable: &BTreeSet<&str>) -> bool {
        let has = |key: &str| self.json[key].as_array().is_some_and(|list| !list.is_empty());
        let refers = |entry: &Value| !entry["valueFrom"].is_null();
        has("envFrom")
            || self.json["env"].as_array().into_iter().flatten().any(refers)
            || self.mounts.iter().any(|mount| !writable.contains(mount.volume))
            || self.words.iter().any(|word| word.contains(['/', '$']))
    }

    /// Whether its words name a number that is in this text, as the port that somebody asks for may be.
    pub(crate) fn names_number_in(&self, text: &str) -> bool {
        let numbers =
            |text: &'a str| text.split(|c: char| !c.is_ascii_digit()).filter(|number| 1 < number.len());
        let mut named = self.words.iter().copied().flat_map(numbers);
        named.any(|number| text.split(|c: char| !c.is_ascii_digit()).any(|other| other == number))
    }

    /// Whether its command, arguments, variables or handlers name a path at or below one.
    pub(crate) fn names_path(&self, path: &str) -> bool {
        let of_itself = self.words.iter().chain(self.env.iter().map(|(_, value)| value));
        of_itself.copied().any(|word| names(word, path))
            || self.handlers().any(|handler| handler_names(handler, path))
    }
}

/// Whether the command of a handler names a path at or below one.
pub(crate) fn handler_names(handler: &Value, path: &str) -> bool {
    let command = handler["exec"]["command"].as_array().into_iter().flatten();
    command.filter_map(Value::as_str).any(|word| names(word, path))
}

fn names(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let after = text[at + path.len()..].chars().next();
        after.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-')
    })
}
