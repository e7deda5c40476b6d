//! Declarations of sidecars.

use k8s_openapi::api::core::v1::Probe;
use serde::Deserialize;
use serde::de::{self, Deserializer, Error as _};
use serde_json::{Map, Value};

use super::action::Need;
use super::container_match::ContainerMatch;
use crate::model::api_rules::probe_error;
use crate::model::field::FieldPath;
use crate::model::gate::probe_is_gate;
use crate::model::glob::NameGlob;
use crate::model::read::{ReadError, ReadErrorKind};

/// A declaration of sidecars.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sidecar {
    /// What the reader calls the declaration.
    #[serde(default)]
    pub name: Option<String>,
    /// Which containers it is about.
    pub r#match: ContainerMatch,
    /// How much the application needs it.
    #[serde(default)]
    pub need: Need,
    /// The `startupProbe` that a repair gives it.
    #[serde(default, deserialize_with = "startup_probe")]
    pub startup_probe: Option<Value>,
    /// The command that blocks until it is ready, in its own image.
    #[serde(default)]
    pub wait_command: Vec<String>,
    /// Where a repair puts it among the init containers.
    #[serde(default)]
    pub position: Position,
    /// The init containers that need it.
    #[serde(default)]
    pub starts_before: Vec<NameGlob>,
}

/// A place among the init containers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Position {
    /// After those that are there: what ran before the sidecar still does.
    #[default]
    Last,
    /// Before those that are there, save for a mesh's own.
    First,
}

/// The fields of a probe, and of its handlers. A misspelt one would vanish in the API server, and the probe with it.
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

/// Whether the API server would take a `startupProbe`, and it holds something back.
fn check_probe(value: &Value) -> Result<(), ReadError> {
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
        serde_json::from_str(&value.to_string()).map_err(|_| ReadError::custom("is no probe"))?;
    if let Some(error) = probe_error(&probe, &FieldPath::root()) {
        return Err(error);
    }
    if probe_is_gate(&probe) { Ok(()) } else { Err(de::Error::custom("holds nothing back")) }
}
