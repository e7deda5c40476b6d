//! The containers that a repair inserts into Pods that lack a required sidecar.

use serde::de::{self, Error as _};
use serde_json::{Map, Value};

use super::action::Need;
use super::further_fields;
use super::gates::Gates;
use super::sidecar::{Sidecar, check_probe};
use super::text::name_error;
use super::wait_for::WaitFor;
use crate::model::api_rules::{hook_error, invalid, probe_error};
use crate::model::container_fields::ContainerFields;
use crate::model::explain::explain;
use crate::model::field::FieldPath;
use crate::model::gate::hook_is_gate;
use crate::model::image;
use crate::model::read::{ReadError, ReadErrorKind, text};

/// The container that a repair inserts where a required sidecar is missing.
#[derive(Debug, Clone, Copy)]
pub struct Inserted<'s> {
    /// Its name.
    pub name: &'s str,
    /// Its image.
    pub image: &'s str,
    fields: &'s Map<String, Value>,
    /// The `startupProbe` of the entry, for a container that has none.
    startup_probe: Option<&'s Value>,
}

impl Sidecar {
    /// The container that a repair inserts where the sidecar is missing.
    #[must_use]
    pub fn inserted(&self) -> Option<Inserted<'_>> {
        let container = self.container.as_ref()?;
        let fields = container.as_object()?;
        let (name, image) = (text(container, "/name"), text(container, "/image"));
        let own = fields.get("startupProbe").filter(|probe| !probe.is_null());
        let startup_probe = self.startup_probe.as_ref().filter(|_| own.is_none());
        Some(Inserted { name, image, fields, startup_probe })
    }
}

impl Inserted<'_> {
    /// The container as written, without the fields that make it a sidecar container.
    #[must_use]
    pub fn as_written(&self) -> Map<String, Value> {
        let mut fields = self.fields.clone();
        fields.shift_remove("restartPolicy");
        fields
    }

    /// Its `startupProbe`: its own or that of the entry.
    #[must_use]
    pub fn startup_probe(&self) -> Option<&Value> {
        self.startup_probe.or_else(|| self.fields.get("startupProbe"))
    }

    /// The container as a sidecar container.
    #[must_use]
    pub fn as_sidecar(&self) -> Value {
        let mut fields = self.fields.clone();
        fields.insert("restartPolicy".to_owned(), "Always".into());
        if let Some(probe) = self.startup_probe {
            fields.insert("startupProbe".to_owned(), probe.clone());
        }
        fields.into()
    }
}

/// The fields of a container. The API server would drop a misspelt one.
const FIELDS: &[&str] = &[
    "args",
    "command",
    "env",
    "envFrom",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "name",
    "ports",
    "readinessProbe",
    "resizePolicy",
    "resources",
    "restartPolicy",
    "securityContext",
    "startupProbe",
    "stdin",
    "stdinOnce",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
];

/// Checks the containers that repairs insert, and what several settings together say about them.
///
/// # Errors
/// The first field that is unknown or invalid, with its path from the settings.
pub(super) fn check(sidecars: &[Sidecar], wait_for: &[WaitFor], gates: Gates) -> Result<(), ReadError> {
    for (index, wait) in wait_for.iter().enumerate() {
        let fields = wait.container.further_fields();
        let container = fields.map(|(key, value)| (key.to_owned(), value.clone())).collect::<Map<_, _>>();
        if let Some(error) = further_fields::error(&container.into()) {
            return Err(error.below(&FieldPath::from(["waitFor"]).index(index).child("container")));
        }
    }
    for (index, sidecar) in sidecars.iter().enumerate() {
        let Some(container) = &sidecar.container else { continue };
        let earlier = sidecars.get(..index).unwrap_or_default();
        let path = FieldPath::from(["sidecars"]).index(index).child("container");
        check_container(sidecar, earlier, gates, container).map_err(|error| error.below(&path))?;
        let name = text(container, "/name");
        let is_its = |other: &Sidecar| other.inserted().is_some_and(|inserted| inserted.name == name);
        let taken = if wait_for.iter().any(|wait| wait.name == name) {
            Some("an entry of waitFor inserts a container of this name, too")
        } else if earlier.iter().any(is_its) {
            Some("an earlier entry of sidecars inserts a container of this name, too")
        } else {
            None
        };
        if let Some(taken) = taken {
            return Err(invalid(path.child("name"), taken));
        }
    }
    Ok(())
}

fn check_container(
    sidecar: &Sidecar,
    earlier: &[Sidecar],
    gates: Gates,
    container: &Value,
) -> Result<(), ReadError> {
    if sidecar.required_in.is_none() {
        return Err(ReadError::custom("is never inserted; add requiredIn, which selects the Pods"));
    }
    let json = container.to_string();
    let read = |value: &Value| serde_json::from_str::<ContainerFields<'_>>(&value.to_string()).map(drop);
    if let Some(error) = explain(container, &read).or_else(|| further_fields::error(container)) {
        return Err(error);
    }
    let mut keys = container.as_object().into_iter().flat_map(Map::keys);
    if let Some(unknown) = keys.find(|key| !FIELDS.contains(&key.as_str())) {
        let error: ReadError = de::Error::unknown_field(unknown, FIELDS);
        return Err(error.below(&[unknown.as_str()].into()));
    }
    let fields: ContainerFields<'_> =
        serde_json::from_str(&json).map_err(|_| ReadError::custom("is not a container"))?;
    check_identity(&fields)?;
    check_gates(sidecar, gates, container, &fields)?;
    check_match(sidecar, earlier, &fields)
}

fn check_identity(fields: &ContainerFields<'_>) -> Result<(), ReadError> {
    for (key, value) in [("name", &fields.name), ("image", &fields.image)] {
        if value.trim().is_empty() {
            return Err(ReadError { path: [key].into(), kind: ReadErrorKind::Missing });
        }
    }
    if let Some(error) = name_error(&fields.name) {
        return Err(invalid(["name"].into(), error));
    }
    if fields.restart_policy.as_deref().is_some_and(|policy| policy != "Always") {
        return Err(invalid(
            ["restartPolicy"].into(),
            "must be Always or left out: it is a sidecar container",
        ));
    }
    Ok(())
}

/// Checks its probes and hook, and that one of them makes the application wait.
fn check_gates(
    sidecar: &Sidecar,
    gates: Gates,
    container: &Value,
    fields: &ContainerFields<'_>,
) -> Result<(), ReadError> {
    if let Some(probe) = container.get("startupProbe").filter(|probe| !probe.is_null()) {
        check_probe(probe).map_err(|error| error.below(&["startupProbe"].into()))?;
    }
    let others = [("readinessProbe", &fields.readiness_probe), ("livenessProbe", &fields.liveness_probe)];
    let error = others.into_iter().find_map(|(key, probe)| probe_error(probe.as_ref()?, &[key].into()));
    let hook = fields.post_start();
    let error = error.or_else(|| hook_error(hook?, &["lifecycle", "postStart"].into()));
    let error = error.or_else(|| hook_error(fields.pre_stop()?, &["lifecycle", "preStop"].into()));
    if let Some(error) = error {
        return Err(error);
    }
    let has_hook = gates.post_start && hook.is_some_and(hook_is_gate);
    let has_gate = fields.startup_probe.is_some() || sidecar.startup_probe.is_some() || has_hook;
    if has_gate || sidecar.need == Need::None {
        return Ok(());
    }
    Err(ReadError::custom(
        "has nothing that holds the application until it is ready; add a startupProbe to it or to its entry",
    ))
}

/// Checks that once it is inserted, it is what its entry asks for.
fn check_match(
    sidecar: &Sidecar,
    earlier: &[Sidecar],
    fields: &ContainerFields<'_>,
) -> Result<(), ReadError> {
    let repository = image::repository(&fields.image);
    let selects = |entry: &Sidecar| entry.r#match.matches(&fields.name, &repository);
    if !selects(sidecar) {
        Err(ReadError::custom(
            "the match of its entry does not select it; change its name, its image or match",
        ))
    } else if earlier.iter().any(selects) {
        Err(ReadError::custom("an earlier entry of sidecars selects it, too; list this entry first"))
    } else {
        Ok(())
    }
}
