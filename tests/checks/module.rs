//! The module is what policy-server expects, and answers whatever comes in.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use acceptance::case::discover;
use acceptance::expected::compare_module;
use acceptance::generators::payloads::{SECRET, payload, settings};
use acceptance::outcome::Outcome;
use anyhow::{Context as _, ensure};
use kubewarden_policy_sdk::protocol_version_guest;
use kubewarden_policy_sdk::response::ValidationResponse;
use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use libtest_mimic::Trial;
use policy_host::PolicyModule;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use wasmparser::{Parser, Payload};

use super::trial::trial;

/// All that the module may ask its host for.
const IMPORTS: [(&str, &str); 13] = [
    // The payload comes in, and the answer goes out.
    ("wapc", "__guest_request"),
    ("wapc", "__guest_response"),
    ("wapc", "__guest_error"),
    // The policy server lists the nodes.
    ("wapc", "__host_call"),
    ("wapc", "__host_response_len"),
    ("wapc", "__host_response"),
    ("wapc", "__host_error_len"),
    ("wapc", "__host_error"),
    // The seeds of hash maps.
    ("wasi_snapshot_preview1", "random_get"),
    // A panic looks for RUST_BACKTRACE, writes its message to the server's log, and ends.
    ("wasi_snapshot_preview1", "environ_get"),
    ("wasi_snapshot_preview1", "environ_sizes_get"),
    ("wasi_snapshot_preview1", "fd_write"),
    ("wasi_snapshot_preview1", "proc_exit"),
];

pub(crate) fn trials(root: &Path, module: &Arc<PolicyModule>) -> [Trial; 5] {
    let annotated = root.join("annotated-policy.wasm");
    let (same, interpreted) = (annotated.clone(), annotated.clone());
    let cases = root.join("tests/cases");
    let (module, asked) = (Arc::clone(module), Arc::clone(module));
    [
        trial("module::carries_its_metadata", move || carries_its_metadata(&annotated)),
        trial("module::imports_only_what_it_needs", move || imports_only_what_it_needs(&same)),
        trial("module::answers_the_same_when_interpreted", move || {
            answers_the_same_when_interpreted(&interpreted, &cases)
        }),
        trial("module::speaks_as_the_sdk_does", move || speaks_as_the_sdk_does(&asked)),
        trial("module::answers_whatever_comes_in", move || answers_whatever_comes_in(&module)),
    ]
}

/// policy-server refuses a module that does not say what it is.
fn carries_its_metadata(path: &Path) -> anyhow::Result<()> {
    let module = fs::read(path)?;
    let section = policy_host::metadata::section(&module)?.context("there is no section")?;
    let metadata: Value = serde_json::from_slice(section)?;
    ensure!(
        metadata["protocolVersion"] == "v1" && metadata["executionMode"] == "kubewarden-wapc",
        "{metadata:#}"
    );
    ensure!(metadata["mutating"] == true && metadata["rules"][0]["resources"][0] == "pods", "{metadata:#}");
    ensure!(
        metadata["annotations"]["io.kubewarden.policy.version"] == env!("CARGO_PKG_VERSION"),
        "{metadata:#}"
    );
    let usage = metadata["annotations"]["io.kubewarden.policy.usage"].as_str().unwrap_or_default();
    ensure!(usage.starts_with("# sidecar-startup-policy"), "the README is missing");
    Ok(())
}

/// Any JSON, and anything that is none, gets an answer that the host understands, and a panic would be none.
fn answers_whatever_comes_in(module: &PolicyModule) -> anyhow::Result<()> {
    let instance = module.instantiate()?;
    let ask = |payload: &[u8]| -> Result<(), TestCaseError> {
        let answer =
            instance.call("validate", payload).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut answer: Value = serde_json::from_slice(&answer)?;
        prop_assert!(answer["accepted"].is_boolean());
        // The object is the user's own.
        answer["mutated_object"].take();
        prop_assert!(answer["accepted"] == true || answer["code"] == 400, "{answer}");
        prop_assert!(!answer.to_string().contains(SECRET), "{answer}");
        Ok(())
    };
    let config = Config { cases: 2000, failure_persistence: None, ..Config::default() };
    TestRunner::new(config.clone()).run(&payload(), |payload| ask(payload.to_string().as_bytes()))?;
    TestRunner::new(config.clone())
        .run(&proptest::collection::vec(any::<u8>(), 0..64), |bytes| ask(&bytes))?;
    TestRunner::new(config).run(&settings(), |settings| {
        let answer = instance.call("validate_settings", settings.to_string().as_bytes());
        let answer: Value =
            serde_json::from_slice(&answer.map_err(|error| TestCaseError::fail(error.to_string()))?)?;
        prop_assert!(answer["valid"].is_boolean());
        prop_assert!(!answer.to_string().contains(SECRET), "{answer}");
        Ok(())
    })?;
    Ok(())
}

/// Neither files nor clocks nor sockets: what a module cannot ask for, it cannot do.
fn imports_only_what_it_needs(path: &Path) -> anyhow::Result<()> {
    let module = fs::read(path)?;
    let mut imports = BTreeSet::new();
    for payload in Parser::new(0).parse_all(&module) {
        let Payload::ImportSection(section) = payload? else { continue };
        for import in section {
            let import = import?;
            imports.insert((import.module, import.name));
        }
    }
    let expected = BTreeSet::from(IMPORTS);
    let (more, fewer) = (imports.difference(&expected), expected.difference(&imports));
    ensure!(
        imports == expected,
        "imported and not expected: {:?}; expected and not imported: {:?}",
        more.collect::<Vec<_>>(),
        fewer.collect::<Vec<_>>()
    );
    Ok(())
}

/// The types in `src/response.rs` are those of Kubewarden's SDK: what its types read from an answer is the whole answer.
fn speaks_as_the_sdk_does(module: &PolicyModule) -> anyhow::Result<()> {
    let instance = module.instantiate()?;
    let version = protocol_version_guest(b"").map_err(|error| anyhow::anyhow!("{error}"))?;
    ensure!(instance.call("protocol_version", b"")? == version, "another protocol");

    // Repaired; denied; with warnings.
    let sidecar = json!({"name": "istio-proxy", "image": "istio/proxyv2:1.27.0", "restartPolicy": "Always"});
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shop"},
        "spec": {"initContainers": [sidecar], "containers": [{"name": "shop", "image": "shop:1"}]},
    });
    let request = json!({
        "uid": "1", "operation": "CREATE", "object": pod, "userInfo": {},
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
    });
    let rule = "sidecar-without-startup-probe";
    let mut seen = BTreeSet::new();
    for settings in [json!({"fix": "All"}), json!({}), json!({"rules": {rule: "Warn"}})] {
        let payload = json!({"request": request, "settings": settings}).to_string();
        let answer: Value = serde_json::from_slice(&instance.call("validate", payload.as_bytes())?)?;
        let typed: ValidationResponse = serde_json::from_value(answer.clone())?;
        ensure!(serde_json::to_value(typed)? == answer, "{answer:#}");
        let fields = answer.as_object().context("no object")?;
        seen.extend(fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name.clone()));
        ensure!(fields.len() == 6, "{answer:#}");
    }
    ensure!(seen.len() == 6, "only tried with {seen:?}");

    for settings in ["{}", "[]"] {
        let answer: Value =
            serde_json::from_slice(&instance.call("validate_settings", settings.as_bytes())?)?;
        let typed: SettingsValidationResponse = serde_json::from_value(answer.clone())?;
        ensure!(
            serde_json::to_value(typed)? == answer && answer["valid"] == (settings == "{}"),
            "{answer:#}"
        );
    }
    Ok(())
}

/// `make run` and the tests from the command line interpret the module; the cases run in Kubewarden's own engine. Some of them are
/// enough, and some that call the host.
fn answers_the_same_when_interpreted(path: &Path, cases: &Path) -> anyhow::Result<()> {
    let module = PolicyModule::interpret(&fs::read(path)?)?;
    let (asking, others): (Vec<_>, Vec<_>) =
        discover(cases)?.into_iter().partition(|case| case.cluster.is_some());
    ensure!(!asking.is_empty() && !others.is_empty(), "no cases");
    for case in others.into_iter().step_by(50).chain(asking.into_iter().step_by(20)) {
        compare_module(&case, &Outcome::of_module(&case, &module)?).context(case.name)?;
    }
    Ok(())
}
