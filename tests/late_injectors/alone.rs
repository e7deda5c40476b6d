//! The expression in docs/kubernetes-behaviour.md that a `ValidatingAdmissionPolicy` can do with.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::engine::Policy;

/// It denies what the page says that it denies, and no more.
pub(crate) fn does_what_the_page_says(root: &Path) -> anyhow::Result<()> {
    let page = fs::read_to_string(root.join("docs/kubernetes-behaviour.md"))?;
    let block = page.split_once("```cel\n").and_then(|(_, rest)| rest.split_once("\n```"));
    let (expression, _) = block.context("there is no expression")?;
    // The engine evaluates conditions of mutations: what holds gets a mark.
    let mark = r#"[JSONPatch{op: "add", path: "/holds", value: true}]"#;
    let policy = Policy::compile(&json!({"spec": {
        "matchConditions": [{"name": "page", "expression": expression}],
        "variables": [],
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": mark}}],
    }}))?;
    let sidecar = |probe: Value| json!({"name": "proxy", "restartPolicy": "Always", "startupProbe": probe});
    let gated = sidecar(json!({"tcpSocket": {"port": 1}}));
    for (init, holds) in [
        (json!([]), true),
        (json!([{"name": "migrate"}]), true),
        (json!([{"name": "log-shipper", "restartPolicy": "Always"}]), false),
        (json!([gated]), true),
        (json!([gated, {"name": "other", "restartPolicy": "Always"}]), false),
        (json!([sidecar(json!({"exec": {"command": ["false"]}}))]), true),
        (json!([sidecar(json!({"exec": {"command": ["true"]}}))]), true),
    ] {
        let pod = json!({"spec": {"initContainers": init, "containers": [{"name": "app"}]}});
        let is_marked = policy.mutate(&pod, &json!({}))?["holds"] == true;
        ensure!(is_marked == holds, "{pod}");
    }
    let classic = json!({"spec": {"containers": [{"name": "app"}, {"name": "istio-proxy"}]}});
    ensure!(policy.mutate(&classic, &json!({}))?["holds"] == true, "{classic}");
    Ok(())
}
