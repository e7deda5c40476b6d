//! Runs every case through the library and through the compiled module. `UPDATE_EXPECT=1` rewrites what is expected.

#![allow(clippy::indexing_slicing, reason = "what a JSON value does not have is null")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::{env, fs};

use acceptance::{Case, Outcome, case, laws};
use anyhow::{Context as _, anyhow, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use policy_host::PolicyModule;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use sidecar_startup::rules::RULES;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::from_args();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let module = Arc::new(load_module(here)?);
    let pending = case::pending(&here.join("pending.yaml"))?;

    let mut trials = Vec::new();
    let mut known = Vec::new();
    for case in case::discover(&here.join("cases"))? {
        known.push(case.name.clone());
        if pending.contains_key(&case.name) {
            trials.push(Trial::test(format!("pending::{}", case.name), move || {
                still_fails(&case).map_err(fail)
            }));
        } else {
            trials.extend(both_ways(case, &module, Case::compare));
        }
    }
    let stale = pending.keys().find(|name| !known.contains(name)).cloned();
    trials.push(Trial::test("every_pending_case_is_there", move || match stale {
        Some(name) => Err(format!("pending.yaml names {name}, which is no case").into()),
        None => Ok(()),
    }));
    for rule in RULES {
        trials.push(Trial::test(format!("doc::{}", rule.id), move || examples_hold(rule).map_err(fail)));
    }
    trials.push(Trial::test("module::answers_whatever_comes_in", move || {
        answers_whatever_comes_in(&module).map_err(fail)
    }));
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// The module that was built last; `POLICY_MODULE` names another.
fn load_module(here: &Path) -> anyhow::Result<PolicyModule> {
    let path =
        env::var_os("POLICY_MODULE").map_or_else(|| here.join("../annotated-policy.wasm"), PathBuf::from);
    let bytes =
        fs::read(&path).with_context(|| format!("cannot read {}: run `make test`", path.display()))?;
    PolicyModule::compile_cached(&bytes)
}

fn both_ways(
    case: Case,
    module: &Arc<PolicyModule>,
    compare: fn(&Case, &Outcome) -> anyhow::Result<()>,
) -> [Trial; 2] {
    let module = Arc::clone(module);
    let names = [format!("library::{}", case.name), format!("module::{}", case.name)];
    let [library, through_module] = names;
    let same = case.clone();
    [
        Trial::test(library, move || {
            let outcome = Outcome::of_library(&case);
            compare(&case, &outcome).and_then(|()| laws::hold(&case, &outcome)).map_err(fail)
        }),
        Trial::test(through_module, move || {
            Outcome::of_library(&same).compare_with_module(&same, &module).map_err(fail)
        }),
    ]
}

/// A case that waits for a rule must not pass yet; when it does, it is pending no longer.
fn still_fails(case: &Case) -> anyhow::Result<()> {
    ensure!(!case.is_met_by(&Outcome::of_library(case))?, "the case passes: take it out of pending.yaml");
    Ok(())
}

/// The two examples in a rule's own documentation: the first breaks the rule, the second breaks none.
fn examples_hold(rule: &sidecar_startup::rules::Rule) -> anyhow::Result<()> {
    let doc = rule.doc();
    let examples: Vec<_> = doc.split("```yaml\n").skip(1).collect();
    let [denied, allowed] = examples.as_slice() else {
        return Err(anyhow!("expected two examples, but found {}", examples.len()));
    };
    let judge = |example: &str| -> anyhow::Result<Outcome> {
        let text = example.split_once("```").map_or(example, |(yaml, _)| yaml);
        Ok(Outcome::of_library(&Case::of_object(manifest::parse_one(text)?)))
    };
    let (denied, allowed) = (judge(denied)?, judge(allowed)?);
    ensure!(
        denied.violations().iter().any(|violation| violation.rule.id == rule.id),
        "the first example does not break the rule"
    );
    ensure!(
        allowed.to_value() == json!({"decision": "Allow"}),
        "the second example: {:#}",
        allowed.to_value()
    );
    Ok(())
}

/// Any JSON, and anything that is none, gets an answer that the host understands, and a panic would be none.
fn answers_whatever_comes_in(module: &PolicyModule) -> anyhow::Result<()> {
    let instance = module.instantiate()?;
    let ask = |payload: &[u8]| -> Result<(), TestCaseError> {
        let answer =
            instance.call("validate", payload).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let answer: Value = serde_json::from_slice(&answer)?;
        prop_assert!(answer["accepted"].is_boolean());
        prop_assert!(answer["accepted"] == true || answer["code"] == 400, "{answer}");
        prop_assert!(!answer.to_string().contains(SECRET), "{answer}");
        Ok(())
    };
    let config = Config { cases: 2000, failure_persistence: None, ..Config::default() };
    TestRunner::new(config.clone())
        .run(&arbitrary_payload(), |payload| ask(payload.to_string().as_bytes()))?;
    TestRunner::new(config).run(&proptest::collection::vec(any::<u8>(), 0..64), |bytes| ask(&bytes))?;
    Ok(())
}

/// Stands in many places of the arbitrary payloads, and must stand in no answer.
const SECRET: &str = "hunter2";

/// Requests that are right in most places and anything at all in some.
fn arbitrary_payload() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(SECRET)),
        Just(json!({"exec": {"command": ["true"]}})),
        Just(json!("Always")),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    let anything = leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((field(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    let kind = prop_oneof![
        Just(json!({"group": "", "kind": "Pod"})),
        Just(json!({"group": "apps", "kind": "Deployment"})),
        Just(json!({"group": "batch", "kind": "CronJob"})),
        anything.clone(),
    ];
    let container = proptest::collection::vec((field(), anything.clone()), 0..6).prop_map(|fields| {
        let mut container = json!({"name": "proxy", "image": "istio/proxyv2:1", "restartPolicy": "Always"});
        if let Some(container) = container.as_object_mut() {
            container.extend(fields);
        }
        container
    });
    let spec = (proptest::collection::vec(container, 0..3), anything.clone()).prop_map(|(containers, rest)| {
        json!({"initContainers": containers, "containers": rest, "template": {"spec": {"initContainers": containers}}})
    });
    let object = prop_oneof![spec.prop_map(|spec| json!({"spec": spec})), anything.clone()];
    let settings = prop_oneof![Just(json!({})), anything.clone()];
    let request = (kind, object, prop_oneof![Just(json!("CREATE")), anything.clone()]).prop_map(
        |(kind, object, operation)| json!({"kind": kind, "object": object, "operation": operation}),
    );
    prop_oneof![
        8 => (request, settings).prop_map(|(request, settings)| json!({"request": request, "settings": settings})),
        1 => anything,
    ]
}

/// The name of some field that the policy looks at.
fn field() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "name",
        "image",
        "restartPolicy",
        "command",
        "args",
        "env",
        "value",
        "ports",
        "startupProbe",
        "readinessProbe",
        "livenessProbe",
        "lifecycle",
        "postStart",
        "exec",
        "httpGet",
        "port",
        "periodSeconds",
        "metadata",
        "annotations",
        "sidecar-startup/sidecars",
        "spec",
        "template",
        "containers",
        "initContainers",
        "status",
        "request",
        "settings",
    ])
    .prop_map(str::to_owned)
}

#[expect(clippy::needless_pass_by_value, reason = "it stands where map_err wants a function")]
fn fail(error: anyhow::Error) -> Failed {
    format!("{error:#}").into()
}
