//! The library's verdict on an object.

use serde_json::{Value, json};
use sidecar_startup::read::ReadError;
use sidecar_startup::{Action, Decision, Request, Settings, evaluate};

use crate::objects::Object;

/// What is said of one object.
pub(crate) struct Verdict {
    /// Whether it is kept out.
    pub(crate) is_denied: bool,
    /// What is wrong with it.
    pub(crate) remarks: Vec<Remark>,
}

/// One thing that is wrong with an object.
pub(crate) struct Remark {
    /// Whether it is only a warning.
    pub(crate) is_warning: bool,
    /// Where, as a JSON pointer.
    pub(crate) pointer: String,
    /// What, as the policy says it: `<field path>: <kind of error>: <detail> (<rule>)`.
    pub(crate) text: String,
    /// What to put there.
    pub(crate) suggestion: Option<Value>,
}

/// Judges one object as if it were just being created.
pub(crate) fn judge(object: &Object<'_>, settings: &Settings) -> Verdict {
    let request = admission_request(object);
    Verdict::of(match read(&request.to_string()) {
        Ok(request) => evaluate(settings, &request),
        Err(_) => Request::explain(&request, &|request| read(&request.to_string()).map(drop))
            .map_or_else(|| Ok(Decision::default()), Err),
    })
}

fn read(request: &str) -> Result<Request<'_>, serde_json::Error> {
    serde_json::from_str(request)
}

/// The request that the API server would make when the object is created.
pub(crate) fn admission_request(object: &Object<'_>) -> Value {
    json!({
        "uid": "00000000-0000-0000-0000-000000000000",
        "kind": {"group": object.group(), "version": "", "kind": object.kind()},
        "resource": {"group": object.group(), "version": "", "resource": ""},
        "operation": "CREATE",
        "userInfo": {},
        "object": object.value,
    })
}

impl Verdict {
    fn of(decision: Result<Decision, ReadError>) -> Self {
        match decision {
            Ok(decision) => Self {
                is_denied: !decision.is_allowed(),
                remarks: decision
                    .violations
                    .into_iter()
                    .map(|violation| Remark {
                        is_warning: violation.action == Action::Warn,
                        pointer: violation.finding.path.to_pointer(),
                        text: violation.to_string(),
                        suggestion: violation.finding.suggestion,
                    })
                    .collect(),
            },
            Err(error) => Self {
                is_denied: true,
                remarks: vec![Remark {
                    is_warning: false,
                    pointer: error.path.to_pointer(),
                    text: error.to_string(),
                    suggestion: None,
                }],
            },
        }
    }
}
