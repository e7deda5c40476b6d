//! The response of `validate`.
//!
//! It is built directly from the SDK's [`ValidationResponse`], since the SDK's helpers cannot combine warnings with a mutation.

use kubewarden_policy_sdk::response::ValidationResponse;
use sidecar_startup::Answer;
use wapc_guest::CallResult;

/// The HTTP status code of a denial: the object violates a rule or cannot be read.
const BAD_REQUEST: u16 = 400;

/// Serializes an answer for the host.
pub(crate) fn write(answer: Answer) -> CallResult {
    let accepted = answer.is_allowed();
    let warnings = answer.warnings();
    let annotations = answer.audit_annotations();
    let annotations = annotations.into_iter().map(|(key, text)| (key.to_owned(), text));
    Ok(serde_json::to_vec(&ValidationResponse {
        accepted,
        message: (!accepted).then(|| answer.message()),
        code: (!accepted).then_some(BAD_REQUEST),
        mutated_object: answer.into_object(),
        audit_annotations: (annotations.len() != 0).then(|| annotations.collect()),
        warnings: (!warnings.is_empty()).then_some(warnings),
    })?)
}
