//! Runs every case through the library and through the compiled module. `UPDATE_EXPECT=1` rewrites what is expected.

#![allow(clippy::indexing_slicing, reason = "what a JSON value does not have is null")]

mod deploy;
mod kustomize;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::{env, fs};

use acceptance::seen::Decision;
use acceptance::{Case, Outcome, case, laws, library, pods};
use anyhow::{Context as _, anyhow, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use policy_host::PolicyModule;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::from_args();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let module = Arc::new(load_module(here)?);

    let mut trials = Vec::new();
    for case in case::discover(&here.join("cases"))? {
        trials.extend(both_ways(case, &module));
    }
    trials.push(Trial::test("catalogue::every_row_has_its_cases", {
        let root = here.join("cases/catalogue");
        move || every_row_has_its_cases(&root).map_err(fail)
    }));
    for rule in library::rules() {
        trials.push(Trial::test(format!("doc::{}", rule.id), move || examples_hold(&rule).map_err(fail)));
    }
    let rules = here.join("../docs/rules.md");
    trials.push(Trial::test("doc::rules.md", move || is_up_to_date(&rules).map_err(fail)));
    trials.push(Trial::test("doc::README_settings", {
        let readme = here.join("../README.md");
        let module = Arc::clone(&module);
        move || documented_settings_are_valid(&readme, &module).map_err(fail)
    }));
    trials.push(Trial::test("property::laws_hold_of_any_pod", || laws_hold_of_any_pod().map_err(fail)));
    trials.push(Trial::test("module::answers_what_is_large", {
        let module = Arc::clone(&module);
        move || answers_what_is_large(&module).map_err(fail)
    }));
    trials.extend(deploy::trials(&here.join(".."), &module)?);
    let annotated = here.join("../annotated-policy.wasm");
    trials.push(Trial::test("module::carries_its_metadata", move || {
        carries_its_metadata(&annotated).map_err(fail)
    }));
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

fn both_ways(case: Case, module: &Arc<PolicyModule>) -> [Trial; 2] {
    let module = Arc::clone(module);
    let names = [format!("library::{}", case.name), format!("module::{}", case.name)];
    let [library, through_module] = names;
    let same = case.clone();
    [
        Trial::test(library, move || {
            let outcome = Outcome::of_library(&case);
            case.compare(&outcome).and_then(|()| laws::hold(&case, &outcome)).map_err(fail)?;
            hold_when_repaired(&case).map_err(fail)
        }),
        Trial::test(through_module, move || {
            Outcome::of_module(&same, &module).and_then(|outcome| same.compare_module(&outcome)).map_err(fail)
        }),
    ]
}

/// The laws hold as well whatever is repaired, and no repair makes anything worse.
fn hold_when_repaired(case: &Case) -> anyhow::Result<()> {
    if Outcome::of_library(case).seen.decision == Decision::BadSettings {
        return Ok(());
    }
    // Where every rule only warns, as in a policy that repairs and never denies, no verdict stops a repair.
    let warning = case.with_setting("defaultAction", json!("Warn")).with_setting("rules", json!({}));
    for case in [case, &warning] {
        for fix in ["Safe", "All"] {
            let case = case.with_fix(fix);
            let repaired = Outcome::of_library(&case);
            let unrepaired = Outcome::of_library(&case.with_fix("None"));
            ensure!(repaired.is_allowed() || !unrepaired.is_allowed(), "fix: {fix} denies what was allowed");
            laws::hold(&case, &repaired).with_context(|| format!("with {}", case.settings))?;
        }
    }
    Ok(())
}

/// The laws hold of Pods that nobody has thought of, however they are repaired.
fn laws_hold_of_any_pod() -> anyhow::Result<()> {
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let repaired = Cell::new(0);
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)).run(
        &pods::case(),
        |case| {
            repaired.set(
                repaired.get() + usize::from(Outcome::of_library(&case.with_fix("All")).object.is_some()),
            );
            hold_when_repaired(&case).map_err(|error| TestCaseError::fail(format!("{error:#}")))
        },
    )?;
    ensure!(40 < repaired.get(), "only {} of the Pods were repaired", repaired.get());
    Ok(())
}

/// Each row of the catalogue has a case in which a container is its sidecar, and one in which none is, though nearly. Prints what
/// comes out of them.
fn every_row_has_its_cases(root: &Path) -> anyhow::Result<()> {
    let cases = case::discover(root)?;
    let mut table = format!("{:<32}{:<10}{:<9}{:<40}near miss\n", "row", "match", "need", "matches");
    for row in library::rows() {
        table += &format!("{:<32}{:<10}{:<9}", row.name, row.matched_by, row.need);
        for (kind, is_match) in [("matches", true), ("near-miss", false)] {
            let name = format!("{}/{kind}", row.name);
            let case = cases.iter().find(|case| case.name == name);
            let case = case.with_context(|| format!("there is no case catalogue/{name}"))?;
            ensure!(
                library::rows_of(&case.object)?.contains(&row.name) == is_match,
                "catalogue/{name} is none"
            );
            let outcome = Outcome::of_library(case);
            let violations = outcome.violations();
            let rule = violations.first().map_or("nothing", |violation| violation.rule.as_str());
            let verdict = if outcome.is_allowed() { "allowed" } else { "denied" };
            table += &format!("{:<40}", format!("{verdict}, {rule}"));
        }
        table = table.trim_end().to_owned() + "\n";
    }
    for case in &cases {
        let row = case.name.split('/').next().unwrap_or_default();
        ensure!(
            library::rows().any(|known| known.name == row),
            "catalogue/{}: there is no such row",
            case.name
        );
    }
    println!("{table}{} rows", library::rows().count());
    Ok(())
}

/// The examples in a rule's own documentation, under the settings that it gives first where it needs any: the first breaks the
/// rule, the second breaks none.
fn examples_hold(rule: &library::Rule) -> anyhow::Result<()> {
    let doc = &rule.doc;
    let blocks: Result<Vec<Value>, _> = doc
        .split("```yaml\n")
        .skip(1)
        .map(|block| manifest::parse_one(block.split_once("```").map_or(block, |(yaml, _)| yaml)))
        .collect();
    let blocks = blocks?;
    let (settings, denied, allowed) = match blocks.as_slice() {
        [denied, allowed] => (json!({}), denied, allowed),
        [settings, denied, allowed] if doc.contains("# Settings") => (settings.clone(), denied, allowed),
        _ => return Err(anyhow!("{} examples", blocks.len())),
    };
    let judge = |object: &Value| Outcome::of_library(&Case::with_settings(object.clone(), settings.clone()));
    let (denied, allowed) = (judge(denied), judge(allowed));
    ensure!(
        denied.violations().iter().any(|violation| violation.rule == rule.id),
        "the first example does not break the rule: {:#}",
        denied.to_value()
    );
    ensure!(
        allowed.to_value() == json!({"decision": "Allow"}),
        "the second example: {:#}",
        allowed.to_value()
    );
    Ok(())
}

/// `docs/rules.md` says what the rules' own files say. `UPDATE_EXPECT=1` writes it.
fn is_up_to_date(path: &Path) -> anyhow::Result<()> {
    let expected = library::documentation_of_rules();
    if case::is_updating() {
        fs::write(path, &expected)?;
    }
    let found = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(found == expected, "docs/rules.md is stale: run UPDATE_EXPECT=1 make test");
    Ok(())
}

/// The settings that the README shows mean the same to a reader of YAML 1.1, which `kubectl` is, and the policy takes them.
fn documented_settings_are_valid(readme: &Path, module: &PolicyModule) -> anyhow::Result<()> {
    let text = fs::read_to_string(readme)?;
    let blocks = text.split("```yaml\n").skip(1).filter_map(|block| block.split_once("```"));
    let settings: Vec<_> =
        blocks.map(|(block, _)| block).filter(|block| block.starts_with("defaultAction")).collect();
    ensure!(settings.len() == 1, "expected one block of settings, but found {}", settings.len());
    for block in settings {
        let settings = manifest::parse_one(block)?;
        let verdict = module.validate_settings(&settings)?;
        ensure!(verdict.valid && verdict.message.is_none(), "{:?}", verdict.message);
    }
    Ok(())
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
    TestRunner::new(config.clone())
        .run(&arbitrary_payload(), |payload| ask(payload.to_string().as_bytes()))?;
    TestRunner::new(config.clone())
        .run(&proptest::collection::vec(any::<u8>(), 0..64), |bytes| ask(&bytes))?;
    TestRunner::new(config).run(&arbitrary_settings(), |settings| {
        let answer = instance.call("validate_settings", settings.to_string().as_bytes());
        let answer: Value =
            serde_json::from_slice(&answer.map_err(|error| TestCaseError::fail(error.to_string()))?)?;
        prop_assert!(answer["valid"].is_boolean());
        prop_assert!(!answer.to_string().contains(SECRET), "{answer}");
        Ok(())
    })?;
    Ok(())
}

/// Stands in many places of the arbitrary payloads, and must stand in no answer. It is no valid name of anything, since names
/// may well stand there.
const SECRET: &str = "hunter 2";

/// Settings whose fields hold anything.
fn arbitrary_settings() -> impl Strategy<Value = Value> {
    let names = vec!["defaultAction", "rules", "sidecars", "exempt", "gates", "podTemplates", "other"];
    let fields = (proptest::sample::select(names).prop_map(str::to_owned), anything());
    proptest::collection::vec(fields, 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect()))
}

/// Any JSON, with the names of fields that the policy looks at.
fn anything() -> impl Strategy<Value = Value> + Clone {
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
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((field(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Requests that are right in most places and anything at all in some.
fn arbitrary_payload() -> impl Strategy<Value = Value> {
    let anything = anything();
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
    let settings = prop_oneof![Just(json!({})), Just(json!({"fix": "All"})), anything.clone()];
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
