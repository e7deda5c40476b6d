//! Answers to a policy's host calls, without a cluster.
//!
//! They come from a recorded session, in the format that `kwctl run --record-host-capabilities-interactions` writes and
//! `--replay-host-capabilities-interactions` reads (kubewarden-controller, `crates/kwctl/src/callback_handler/proxy.rs`).

use std::collections::VecDeque;
use std::sync::Mutex;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::metadata::ContextAwareResource;

/// The error that the policy receives instead of an answer.
pub type HostError = Box<dyn std::error::Error + Send + Sync>;

/// Answers a call, given its namespace, operation and payload.
pub type HostCalls = Box<dyn Fn(&str, &str, &[u8]) -> Result<Vec<u8>, HostError> + Send + Sync>;

/// Offers no host capabilities.
#[must_use]
pub fn none() -> HostCalls {
    Box::new(|namespace, operation, _| {
        Err(format!("there is no host capability {namespace}/{operation} here").into())
    })
}

/// Forwards to `calls`, but rejects lists of Kubernetes objects that are not `granted`.
#[must_use]
pub fn restricted_to(granted: Vec<ContextAwareResource>, calls: HostCalls) -> HostCalls {
    Box::new(move |namespace, operation, payload| {
        if (namespace, operation) == ("kubernetes", "list_resources_all") {
            let request: Value = serde_json::from_slice(payload)?;
            let text = |field: &str| request.get(field).and_then(Value::as_str).unwrap_or_default();
            let (api_version, kind) = (text("api_version"), text("kind"));
            if !granted.iter().any(|other| other.api_version == api_version && other.kind == kind) {
                return Err(format!(
                    "Policy has not been granted access to Kubernetes {api_version}/{kind} resources. The violation has been reported."
                )
                .into());
            }
        }
        calls(namespace, operation, payload)
    })
}

/// One recorded call.
struct Exchange {
    operation: &'static str,
    request: Value,
    response: Result<Vec<u8>, String>,
}

/// Answers calls from a recorded session, strictly in order.
///
/// # Errors
/// The text is not a recorded session.
pub fn replay(session: &str) -> anyhow::Result<HostCalls> {
    let session = manifest::parse_one(session)?;
    let exchanges = session.as_array().context("expected a list of exchanges")?;
    let exchanges: VecDeque<_> = exchanges.iter().map(Exchange::read).collect::<anyhow::Result<_>>()?;
    let exchanges = Mutex::new(exchanges);
    Ok(Box::new(move |namespace, operation, payload| {
        let next = exchanges.lock().map_err(|_| "the session is poisoned")?.pop_front();
        let Some(next) = next else {
            return Err(format!("{namespace}/{operation} is not in the session").into());
        };
        let request: Value = serde_json::from_slice(payload)?;
        if (namespace, operation) != ("kubernetes", next.operation) || request != next.request {
            return Err(
                format!("{namespace}/{operation} is not the next call in the session: {request}").into()
            );
        }
        next.response.map_err(Into::into)
    }))
}

impl Exchange {
    fn read(exchange: &Value) -> anyhow::Result<Self> {
        let text = |pointer: &str| exchange.pointer(pointer).and_then(Value::as_str);
        let request = text("/request").context("an exchange has no request")?;
        let (tag, fields) = request.split_once('\n').unwrap_or((request, "{}"));
        let mut request = manifest::parse_one(fields)?;
        let operation = match tag.trim() {
            "!KubernetesListResourceAll" => "list_resources_all",
            "!KubernetesCanI" => {
                // The recording and the call use different field names.
                let review = request.get_mut("request").map(Value::take);
                request =
                    json!({"subject_access_review": review, "disable_cache": request.get("disable_cache")});
                "can_i"
            }
            other => bail!("{other}: unsupported call"),
        };
        let response = match text("/response/type") {
            Some("Success") => {
                Ok(text("/response/payload").context("a success has no payload")?.as_bytes().to_vec())
            }
            Some("Error") => Err(text("/response/message").unwrap_or_default().to_owned()),
            _ => bail!("the response is neither Success nor Error"),
        };
        Ok(Self { operation, request, response })
    }
}

/// Answers as a cluster with these `v1` Nodes. `is_allowed` says whether the policy server may list them; with a `failure`, every
/// call fails with that message.
#[must_use]
pub fn cluster(nodes: Vec<Value>, is_allowed: bool, failure: Option<String>) -> HostCalls {
    Box::new(move |namespace, operation, _| match (namespace, operation, &failure) {
        ("kubernetes", "can_i", None) => Ok(json!({"allowed": is_allowed}).to_string().into_bytes()),
        ("kubernetes", "list_resources_all", None) if is_allowed => {
            let list = json!({"apiVersion": "v1", "kind": "NodeList", "metadata": {}, "items": nodes});
            Ok(list.to_string().into_bytes())
        }
        (.., Some(failure)) => Err(failure.clone().into()),
        _ => Err(format!("{namespace}/{operation} is not supported").into()),
    })
}
