//! The fields of a container that no rule reads. Repairs copy them from the settings into Pods, all of which the API server would reject
//! if one of them had the wrong type, such as a number without quotes as the value of a variable.

#![allow(dead_code, reason = "only the types of the fields count")]

use serde::Deserialize;
use serde_json::Value;

use crate::model::explain::explain;
use crate::model::read::ReadError;

/// Fields of `io.k8s.api.core.v1.Container`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FurtherFields {
    env: Option<Vec<Variable>>,
    env_from: Option<Vec<Object>>,
    image_pull_policy: Option<String>,
    resources: Option<Resources>,
    security_context: Option<SecurityContext>,
    volume_devices: Option<Vec<Object>>,
    volume_mounts: Option<Vec<VolumeMount>>,
    working_dir: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Variable {
    name: Option<String>,
    value: Option<String>,
    value_from: Option<Object>,
}

#[derive(Deserialize)]
struct Resources {
    limits: Option<Object>,
    requests: Option<Object>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecurityContext {
    allow_privilege_escalation: Option<bool>,
    capabilities: Option<Object>,
    privileged: Option<bool>,
    read_only_root_filesystem: Option<bool>,
    run_as_group: Option<i64>,
    run_as_non_root: Option<bool>,
    run_as_user: Option<i64>,
    seccomp_profile: Option<Object>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VolumeMount {
    mount_path: Option<String>,
    name: Option<String>,
    read_only: Option<bool>,
    sub_path: Option<String>,
}

/// An object with any fields.
#[derive(Deserialize)]
struct Object {}

/// The first of these fields that has the wrong type.
pub(super) fn error(container: &Value) -> Option<ReadError> {
    explain(container, &|value| serde_json::from_str::<FurtherFields>(&value.to_string()).map(drop))
}
