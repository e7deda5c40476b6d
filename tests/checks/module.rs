//! The module is what policy-server expects, and answers whatever comes in.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use acceptance::generators::payloads::{SECRET, payload, settings};
use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;
use policy_host::PolicyModule;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use super::trial::trial;

pub(crate) fn trials(root: &Path, module: &Arc<PolicyModule>) -> [Trial; 2] {
    let annotated = root.join("annotated-policy.wasm");
    let module = Arc::clone(module);
    [
        trial("module::carries_its_metadata", move || carries_its_metadata(&annotated)),
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
