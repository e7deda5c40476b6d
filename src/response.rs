//! The answers of `validate`.
//!
//! They are built from the SDK's [`ValidationResponse`], since its helpers cannot carry warnings with a mutation.

use kubewarden_policy_sdk::response::ValidationResponse;
use kubewarden_policy_sdk::wapc_guest::CallResult;
use sidecar_startup::Decision;

/// The HTTP code of a denial: the user's object breaks a rule, or cannot be read.
const BAD_REQUEST: u16 = 400;

/// The answer that a decision comes to.
pub(crate) fn decided(decision: &Decision) -> CallResult {
    let is_allowed = decision.is_allowed();
    let warnings = decision.warnings();
    let annotations = decision.audit_annotations();
    write(&ValidationResponse {
        accepted: is_allowed,
        message: (!is_allowed).then(|| decision.message()),
        code: (!is_allowed).then_some(BAD_REQUEST),
        warnings: (!warnings.is_empty()).then_some(warnings),
        audit_annotations: (!annotations.is_empty())
            .then(|| annotations.into_iter().map(|(key, text)| (key.to_owned(), text)).collect()),
        ..allowance()
    })
}

/// The answer to what the policy has no say in.
pub(crate) fn allowed() -> CallResult {
    write(&allowance())
}

/// The answer to a payload that cannot be read. The reason never repeats any of it.
pub(crate) fn malformed(reason: &str) -> CallResult {
    write(&ValidationResponse {
        accepted: false,
        message: Some(reason.to_owned()),
        code: Some(BAD_REQUEST),
        ..allowance()
    })
}

fn allowance() -> ValidationResponse {
    ValidationResponse {
        accepted: true,
        message: None,
        code: None,
        mutated_object: None,
        audit_annotations: None,
        warnings: None,
    }
}

fn write(response: &ValidationResponse) -> CallResult {
    Ok(serde_json::to_vec(response)?)
}
