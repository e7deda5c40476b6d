//! The library's verdict on an object.

use serde_json::{Value, json};
use sidecar_startup::{Action, Answer, Violation};

use crate::nodes::NodesFile;
use crate::objects::Object;

/// The verdict on one object.
pub(crate) struct Verdict {
    /// Whether it is denied.
    pub(crate) is_denied: bool,
    /// The repairs that the policy would make.
    pub(crate) fixes: Vec<String>,
    /// The violations, or why the object cannot be read.
    pub(crate) remarks: Vec<Remark>,
}

/// One error or warning about an object.
pub(crate) struct Remark {
    /// Whether it is only a warning.
    pub(crate) is_warning: bool,
    /// The field, as a JSON pointer.
    pub(crate) pointer: String,
    /// The policy's text: `<field path>: <kind of error>: <detail> (<rule>)`.
    pub(crate) text: String,
    /// The suggested value of the field.
    pub(crate) suggestion: Option<Value>,
}

/// Judges an object as if it were being created, in a cluster with the given nodes if they are known.
pub(crate) fn judge(object: &Object<'_>, settings: &Value, nodes: Option<&NodesFile>) -> Verdict {
    let payload = json!({"request": admission_request(object), "settings": settings}).to_string();
    Verdict::of(match nodes {
        Some(nodes) => sidecar_startup::validate_in(nodes, &payload),
        None => sidecar_startup::validate(&payload),
    })
}

/// The request that the API server would send when the object is created.
pub(crate) fn admission_request(object: &Object<'_>) -> Value {
    json!({
        "uid": "00000000-0000-0000-0000-000000000000",
        "kind": {"group": object.group(), "version": "", "kind": object.kind()},
        "resource": {"group": object.group(), "version": "", "resource": ""},
        "operation": "CREATE",
        "namespace": object.namespace(),
        "userInfo": {},
        "object": object.value,
    })
}

impl Verdict {
    fn of(answer: Answer) -> Self {
        let is_denied = !answer.is_allowed();
        let (fixes, remarks) = match answer {
            Answer::Decided(decision) => (
                decision.fixes.iter().map(ToString::to_string).collect(),
                decision.violations.into_iter().map(Remark::of_violation).collect(),
            ),
            Answer::Unreadable { error, .. } => {
                let remark = Remark {
                    is_warning: false,
                    pointer: error.path.to_pointer(),
                    text: error.to_string(),
                    suggestion: None,
                };
                (Vec::new(), vec![remark])
            }
        };
        Self { is_denied, fixes, remarks }
    }
}

impl Remark {
    fn of_violation(violation: Violation) -> Self {
        Self {
            is_warning: violation.action == Action::Warn,
            pointer: violation.finding.path.to_pointer(),
            text: violation.to_string(),
            suggestion: violation.proposal,
        }
    }
}
