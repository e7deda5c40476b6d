//! What the policy tells its host, as the JSON that Kubewarden expects.
//!
//! The types are those of Kubewarden's SDK, and the tests compare them. The SDK itself would bring 60 further crates into the build.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sidecar_startup::Answer;
use wapc_guest::CallResult;

/// The protocol that Kubewarden calls `v1`, as JSON.
pub(crate) const PROTOCOL: &str = r#""v1""#;

/// The HTTP status code of a denial: the object violates a rule or cannot be read.
const BAD_REQUEST: u16 = 400;

/// What the host expects: the SDK's `ValidationResponse`, but with the object as text, so that it need not be parsed.
#[derive(Serialize)]
struct Response<'a> {
    accepted: bool,
    message: Option<String>,
    code: Option<u16>,
    mutated_object: Option<&'a RawValue>,
    audit_annotations: Option<Map<String, Value>>,
    warnings: Option<Vec<String>>,
}

/// The answer to `validate_settings`.
#[derive(Serialize)]
pub(crate) struct SettingsValidationResponse {
    pub(crate) valid: bool,
    /// Why the settings are invalid, or a warning about valid ones.
    pub(crate) message: Option<String>,
}

/// Serializes an answer for the host.
pub(crate) fn write(answer: &Answer) -> CallResult {
    let accepted = answer.is_allowed();
    let warnings = answer.warnings();
    let annotations = answer.audit_annotations().into_iter();
    let annotations: Map<_, _> = annotations.map(|(key, text)| (key.to_owned(), text.into())).collect();
    Ok(serde_json::to_vec(&Response {
        accepted,
        message: (!accepted).then(|| answer.message()),
        code: (!accepted).then_some(BAD_REQUEST),
        mutated_object: answer.object(),
        audit_annotations: (!annotations.is_empty()).then_some(annotations),
        warnings: (!warnings.is_empty()).then_some(warnings),
    })?)
}
