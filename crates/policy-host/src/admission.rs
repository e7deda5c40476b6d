//! Admission requests and responses in the form that `kwctl run` reads and prints.

use std::collections::BTreeMap;

use anyhow::Context as _;
use base64::Engine as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The fields of an `admission.k8s.io/v1` `AdmissionRequest` that Kubewarden passes to a policy. Absent fields are omitted.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRequest {
    uid: String,
    kind: GroupVersionKind,
    resource: GroupVersionResource,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_kind: Option<GroupVersionKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_resource: Option<GroupVersionResource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_sub_resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    operation: String,
    user_info: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_object: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Value>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
struct GroupVersionKind {
    group: String,
    version: String,
    kind: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
struct GroupVersionResource {
    group: String,
    version: String,
    resource: String,
}

impl AdmissionRequest {
    /// Reads an admission request, either bare or inside an `AdmissionReview`.
    ///
    /// # Errors
    /// A required field is missing or has the wrong type.
    pub fn from_value(mut input: Value) -> anyhow::Result<Self> {
        let request = match input.get_mut("request") {
            Some(request) => request.take(),
            None => input,
        };
        serde_json::from_value(request).context("expected an AdmissionRequest or AdmissionReview")
    }
}

/// A policy's answer to `validate`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Verdict {
    accepted: bool,
    message: Option<String>,
    code: Option<u16>,
    mutated_object: Option<Value>,
    audit_annotations: Option<BTreeMap<String, String>>,
    warnings: Option<Vec<String>>,
}

/// The response to the API server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionResponse {
    /// The uid of the request.
    pub uid: String,
    /// Whether the request is allowed.
    pub allowed: bool,
    /// `JSONPatch` if there is a patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch_type: Option<String>,
    /// The JSON patch from the object as sent to the object as mutated, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// Why the request is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Added to the audit log.
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// Shown to the user.
    pub warnings: Option<Vec<String>>,
}

/// Why a request is denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The message for the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The HTTP status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
}

impl AdmissionResponse {
    /// Converts a policy's answer into the response to the API server.
    pub(crate) fn new(request: AdmissionRequest, verdict: anyhow::Result<Verdict>) -> Self {
        let uid = request.uid;
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(error) => {
                return Self::denied(uid, Some(format!("internal server error: {error}")), Some(500));
            }
        };
        let mut response = Self {
            uid,
            allowed: verdict.accepted,
            patch_type: None,
            patch: None,
            status: None,
            audit_annotations: verdict.audit_annotations,
            warnings: verdict.warnings,
        };
        if !verdict.accepted {
            response.status = Some(Status { message: verdict.message, code: verdict.code });
        } else if let Some(mutated) = verdict.mutated_object {
            let Some(object) = request.object else {
                let message = "Incoming object is null, cannot mutate it".to_owned();
                return Self::denied(response.uid, Some(message), None);
            };
            let patch = json_patch::diff(&object, &mutated);
            if !patch.0.is_empty() {
                response.patch_type = Some("JSONPatch".to_owned());
                response.patch = serde_json::to_vec(&patch).ok().map(|json| BASE64.encode(json));
            }
        }
        response
    }

    fn denied(uid: String, message: Option<String>, code: Option<u16>) -> Self {
        Self {
            uid,
            allowed: false,
            patch_type: None,
            patch: None,
            status: Some(Status { message, code }),
            audit_annotations: None,
            warnings: None,
        }
    }

    /// Returns `object` with the patch applied, as the API server would store it.
    ///
    /// # Errors
    /// The patch does not apply to the object.
    pub fn patched(&self, object: &Value) -> anyhow::Result<Value> {
        let mut patched = object.clone();
        if let Some(patch) = &self.patch {
            let patch: json_patch::Patch = serde_json::from_slice(&BASE64.decode(patch)?)?;
            json_patch::patch(&mut patched, &patch)?;
        }
        Ok(patched)
    }
}

const BASE64: base64::engine::GeneralPurpose = base64::engine::general_purpose::STANDARD;
