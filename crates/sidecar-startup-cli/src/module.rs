//! A compiled policy in place of the library: its verdict is what the API server would receive.

use std::path::Path;

use anyhow::Context as _;
use policy_host::{AdmissionRequest, AdmissionResponse, PolicyModule, host_calls};
use serde_json::{Value, json};

use crate::nodes::NodesFile;
use crate::verdict::{Remark, Verdict};

/// A compiled policy and its settings.
pub(crate) struct Module {
    policy: PolicyModule,
    settings: Value,
    nodes: Option<NodesFile>,
}

impl Module {
    /// Loads the compiled policy at `path`.
    pub(crate) fn load(path: &Path, settings: &Value, nodes: Option<&NodesFile>) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let settings = if settings.is_null() { json!({}) } else { settings.clone() };
        Ok(Self { policy: PolicyModule::interpret(&bytes)?, settings, nodes: nodes.cloned() })
    }

    /// Judges a request with the policy. A policy's response has neither positions nor suggestions, so these come from the
    /// library's `verdict` wherever its text is the same.
    pub(crate) fn judge(&self, request: &str, verdict: Verdict) -> anyhow::Result<Verdict> {
        let request = AdmissionRequest::from_value(serde_json::from_str(request)?)?;
        let calls = match &self.nodes {
            Some(file) => host_calls::cluster(file.nodes.clone(), true, None),
            None => host_calls::none(),
        };
        let response = self.policy.instantiate_with(calls)?.validate(request, &self.settings);
        let mut known = verdict.remarks;
        let remarks = remarks(&response).into_iter().map(|(is_warning, text)| {
            let twin =
                known.iter().position(|remark| remark.text == text).map(|index| known.swap_remove(index));
            Remark { is_warning, ..twin.unwrap_or_else(|| Remark::of_text(is_warning, text)) }
        });
        let fixes = annotation(&response, "fixes").into_iter().flat_map(str::lines).map(str::to_owned);
        Ok(Verdict {
            is_denied: !response.allowed,
            fixes: fixes.collect(),
            remarks: remarks.collect(),
            object: verdict.object,
        })
    }
}

/// The remarks in a response, each with whether it is a warning. They are the lines of the audit annotation `violations`, which begin
/// with the action; for an unreadable object there is only a message.
fn remarks(response: &AdmissionResponse) -> Vec<(bool, &str)> {
    if let Some(violations) = annotation(response, "violations") {
        let lines = violations.lines().filter_map(|line| line.split_once(": "));
        return lines.map(|(action, text)| (action == "Warn", text)).collect();
    }
    let message = response.status.as_ref().and_then(|status| status.message.as_deref());
    message.map(|text| (false, text)).into_iter().collect()
}

fn annotation<'r>(response: &'r AdmissionResponse, key: &str) -> Option<&'r str> {
    response.audit_annotations.as_ref()?.get(key).map(String::as_str)
}
