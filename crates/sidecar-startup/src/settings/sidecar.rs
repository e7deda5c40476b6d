//! Sidecars declared in the settings.

use k8s_openapi::api::core::v1::Probe;
use serde::Deserialize;
use serde::de::{self, Deserializer, Error as _};
use serde_json::{Map, Value};

use super::action::Need;
use super::container_match::ContainerMatch;
use super::wait_for::LabelSelector;
use crate::model::api_rules::probe_error;
use crate::model::field::FieldPath;
use crate::model::gate::probe_is_gate;
use crate::model::glob::NameGlob;
use crate::model::read::{ReadError, ReadErrorKind};

/// Declares the containers that it matches to be sidecars.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sidecar {
    /// A label for people who read the settings.
    #[serde(default)]
    pub name: Option<String>,
    /// The containers.
    pub r#match: ContainerMatch,
    /// How much the application needs them.
    #[serde(default)]
    pub need: Need,
    /// The `startupProbe` that a repair adds.
    #[serde(default, deserialize_with = "startup_probe")]
    pub startup_probe: Option<Value>,
    /// A command in the sidecar's own image that blocks until the sidecar is ready.
    #[serde(default)]
    pub wait_command: Vec<String>,
    /// Where a repair inserts it among the init containers.
    #[serde(default)]
    pub position: Position,
    /// Names of init containers that need the sidecar, and so must start after it.
    #[serde(default)]
    pub starts_before: Vec<NameGlob>,
    /// The Pods that must have it.
    #[serde(default)]
    pub required_in: Option<RequiredIn>,
    /// The container that a repair inserts into those of them that lack it. [`super::required::check`] has checked it.
    #[serde(default)]
    pub(super) container: Option<Value>,
}

/// The Pods that must have a sidecar.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequiredIn {
    /// The Pods.
    pub pod_selector: LabelSelector,
}

/// A position among the init containers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Position {
    /// After the existing ones: whatever ran before the sidecar still does.
    #[default]
    Last,
    /// Before the existing ones, except those of a mesh.
    First,
}

/// The fields of a probe and of its handlers. The API server would drop a misspelt field, and the probe with it.
const FIELDS: [(&[&str], &[&str]); 5] = [
    (
        &[],
        &[
            "exec",
            "failureThreshold",
            "grpc",
            "httpGet",
            "initialDelaySeconds",
            "periodSeconds",
            "successThreshold",
            "tcpSocket",
            "terminationGracePeriodSeconds",
            "timeoutSeconds",
        ],
    ),
    (&["exec"], &["command"]),
    (&["grpc"], &["port", "service"]),
    (&["httpGet"], &["host", "httpHeaders", "path", "port", "scheme"]),
    (&["tcpSocket"], &["host", "port"]),
];

fn startup_probe<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    let probe = Option::<Value>::deserialize(deserializer)?;
    match probe.as_ref().map(check_probe) {
        Some(Err(ReadError { path, kind: ReadErrorKind::Invalid(detail) })) if path == FieldPath::root() => {
            Err(D::Error::custom(detail))
        }
        Some(Err(error)) => Err(D::Error::custom(error)),
        _ => Ok(probe),
    }
}

/// Checks that the API server would accept the `startupProbe`, and that it can hold the application.
pub(super) fn check_probe(value: &Value) -> Result<(), ReadError> {
    for (path, known) in FIELDS {
        let path = FieldPath::from(path);
        let fields = value.pointer(&path.to_pointer()).and_then(Value::as_object);
        let mut fields = fields.into_iter().flat_map(Map::keys);
        if let Some(unknown) = fields.find(|field| !known.contains(&field.as_str())) {
            let error: ReadError = de::Error::unknown_field(unknown, known);
            return Err(error.below(&path.child(unknown)));
        }
    }
    let probe: Probe =
        serde_json::from_str(&value.to_string()).map_err(|_| ReadError::custom("is not a valid probe"))?;
    if let Some(error) = probe_error(&probe, &FieldPath::root()) {
        return Err(error);
    }
    if probe_is_gate(&probe) {
        Ok(())
    } else {
        Err(de::Error::custom("does not hold the application: it has no handler, or always succeeds at once"))
    }
}
