//! The response of `validate`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use sidecar_startup::Answer;
use wapc_guest::CallResult;

/// The HTTP status code of a denial: the object violates a rule or cannot be read.
const BAD_REQUEST: u16 = 400;

/// What the host expects: the SDK's `ValidationResponse`, but with the object as text, so that it need not be parsed.
#[derive(Serialize)]
struct Response<'a> {
    accepted: bool,
    message: Option<String>,
    code: Option<u16>,
    mutated_object: Option<&'a RawValue>,
    audit_annotations: Option<BTreeMap<&'a str, String>>,
    warnings: Option<Vec<String>>,
}

/// Serializes an answer for the host.
pub(crate) fn write(answer: &Answer) -> CallResult {
    let accepted = answer.is_allowed();
    let warnings = answer.warnings();
    let annotations = answer.audit_annotations();
    Ok(serde_json::to_vec(&Response {
        accepted,
        message: (!accepted).then(|| answer.message()),
        code: (!accepted).then_some(BAD_REQUEST),
        mutated_object: answer.object(),
        audit_annotations: (!annotations.is_empty()).then(|| annotations.into_iter().collect()),
        warnings: (!warnings.is_empty()).then_some(warnings),
    })?)
}
