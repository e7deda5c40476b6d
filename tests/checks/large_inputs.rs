//! The module answers what is large.

use std::sync::Arc;

use acceptance::case::Case;
use acceptance::outcome::Outcome;
use anyhow::ensure;
use libtest_mimic::Trial;
use policy_host::PolicyModule;
use serde_json::{Value, json};

pub(crate) fn trial(module: &Arc<PolicyModule>) -> Trial {
    let module = Arc::clone(module);
    super::trial::trial("module::answers_what_is_large", move || answers_what_is_large(&module))
}

/// A thousand containers, an object of three megabytes, and lists nested as deep as JSON may be.
fn answers_what_is_large(module: &PolicyModule) -> anyhow::Result<()> {
    let judge = |spec: Value| -> anyhow::Result<(Outcome, Case)> {
        let case = Case::with_settings(
            json!({"apiVersion": "v1", "kind": "Pod", "spec": spec}),
            json!({"fix": "All"}),
        );
        let outcome = Outcome::of_library(&case);
        outcome.compare_with_module(&case, module)?;
        Ok((outcome, case))
    };
    let sidecar = |index| json!({"name": format!("s{index}"), "image": "s:1", "restartPolicy": "Always"});
    let thousand: Vec<_> = (0..1000).map(sidecar).collect();
    let (outcome, _) = judge(json!({"initContainers": thousand, "containers": [{"name": "app"}]}))?;
    ensure!(outcome.violations().len() == 1000, "{} violations", outcome.violations().len());
    ensure!(outcome.message().contains("more"), "{}", outcome.message());

    let long = "x".repeat(3 << 20);
    let env = json!([{"name": "LONG", "value": long}]);
    let (outcome, _) =
        judge(json!({"initContainers": [sidecar(0)], "containers": [{"name": "app", "env": env}]}))?;
    ensure!(outcome.violations().len() == 1, "{} violations", outcome.violations().len());

    let deep = (0..100).fold(json!(null), |inner, _| json!([inner]));
    let (outcome, _) =
        judge(json!({"initContainers": [sidecar(0)], "containers": [{"name": "app", "deep": deep}]}))?;
    ensure!(outcome.violations().len() == 1, "{} violations", outcome.violations().len());
    Ok(())
}
