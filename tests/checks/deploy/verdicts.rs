//! Checks what the policies allow, deny and repair.

use std::fs;
use std::path::Path;

use acceptance::case::{Case, discover};
use acceptance::outcome::Outcome;
use anyhow::ensure;
use policy_host::PolicyModule;
use serde_json::{Value, json};

use super::policy::Policy;

/// The overlay denies nothing except what the API server would reject as well.
pub(crate) fn denies_nothing(root: &Path, name: &str) -> anyhow::Result<()> {
    let policy = Policy::named(root, name)?;
    let mut warned = 0;
    for (_, outcome) in allowed_cases(root, &policy)? {
        warned += usize::from(!outcome.violations().is_empty() || outcome.object.is_some());
    }
    ensure!(warned > 20, "only {warned} cases are warned about");
    Ok(())
}

/// The overlay changes only annotations of Pod templates, denies nothing, and no other rule reports anything.
pub(crate) fn annotates_only(root: &Path) -> anyhow::Result<()> {
    let policy = Policy::named(root, "mesh-annotations")?;
    let mut repaired = 0;
    for (case, outcome) in allowed_cases(root, &policy)? {
        let mut others = outcome.violations();
        others.retain(|violation| violation.rule != "unheld-mesh-injection");
        ensure!(others.is_empty(), "{}: {others:?}", case.name);
        if let Some(object) = &outcome.object {
            let changes = json_patch::diff(&case.object, object);
            let outside =
                changes.iter().find(|change| !change.path().to_string().contains("/metadata/annotations"));
            ensure!(outside.is_none(), "{}: {outside:?}", case.name);
            repaired += 1;
        }
    }
    ensure!(repaired > 0, "no case is repaired");
    Ok(())
}

/// All cases that can be read, with the settings of a policy, and their outcomes. An error if it denies one.
fn allowed_cases(root: &Path, policy: &Policy) -> anyhow::Result<Vec<(Case, Outcome)>> {
    let mut outcomes = Vec::new();
    for case in discover(&root.join("tests/cases"))? {
        let case = policy.case(&case);
        let outcome = Outcome::of_library(&case);
        if outcome.is_unreadable() {
            continue;
        }
        ensure!(outcome.is_allowed(), "{}: {}", case.name, outcome.message());
        outcomes.push((case, outcome));
    }
    Ok(outcomes)
}

/// Each validating overlay allows and denies what it should.
pub(crate) fn judges(root: &Path, module: &PolicyModule) -> anyhow::Result<()> {
    let unheld = fs::read_to_string(root.join("tests/requests/readiness-probe-only.json"))?;
    let unheld: Value = serde_json::from_str::<Value>(&unheld)?["object"].clone();
    let pod = |name: &str| -> anyhow::Result<Value> {
        let path = root.join("tests/cases").join(name).join("object.yaml");
        Ok(manifest::parse_one(&fs::read_to_string(path)?)?)
    };
    let verdict = |overlay: &str, object: &Value| -> anyhow::Result<(bool, bool)> {
        let policy = Policy::named(root, overlay)?;
        let case = Case::with_settings(object.clone(), policy.settings().clone());
        let request = policy_host::AdmissionRequest::from_value(case.request())?;
        let response = module.validate(request, &case.settings)?;
        Ok((response.allowed, response.warnings.is_some()))
    };
    let (allowed, denied) = ((true, false), (false, false));
    let warned = (true, true);
    ensure!(verdict("report", &unheld)? == warned, "report");
    ensure!(verdict("validate-templates", &unheld)? == denied, "validate-templates");
    ensure!(verdict("namespaced", &unheld)? == denied, "namespaced");
    ensure!(verdict("mesh-annotations", &unheld)? == allowed, "mesh-annotations");
    ensure!(
        verdict(
            "validate-pods",
            &pod("sidecar-without-startup-probe/native-sidecar-with-only-a-readiness-probe")?
        )? == denied,
        "validate-pods lets in what is not held"
    );
    // The Pod after injection: a classic sidecar that holds the application.
    let held = pod("app-not-held/istio-proxy-held-with-pilot-agent-wait")?;
    ensure!(verdict("validate-pods", &held)? == warned, "validate-pods keeps out what an injector holds");
    let not_held = pod("app-not-held/classic-sidecar-without-a-hook")?;
    ensure!(!verdict("validate-pods", &not_held)?.0, "validate-pods lets in a proxy that holds nothing");
    Ok(())
}

/// The mutating overlays make the intended repairs, and the validating ones allow the result.
pub(crate) fn repairs(root: &Path, module: &PolicyModule) -> anyhow::Result<()> {
    let (unheld, asking) = (unheld_pod(), asking_deployment());
    let expectations = [
        ("mutate-pods", &unheld, "/spec/initContainers/0/startupProbe/httpGet/path", "/startup"),
        ("mutate-pods-all", &unheld, "/spec/initContainers/0/startupProbe/httpGet/path", "/startup"),
        (
            "mesh-annotations",
            &asking,
            "/spec/template/metadata/annotations/proxy.istio.io~1config",
            "holdApplicationUntilProxyStarts: true",
        ),
    ];
    for (name, object, pointer, expected) in expectations {
        let policy = Policy::named(root, name)?;
        let case = Case::with_settings(object.clone(), policy.settings().clone());
        let request = policy_host::AdmissionRequest::from_value(case.request())?;
        let response = module.validate(request, &case.settings)?;
        ensure!(response.allowed && response.patch.is_some(), "{name}: {response:?}");
        let warnings = response.warnings.clone().unwrap_or_default();
        ensure!(warnings.iter().any(|warning| warning.starts_with("fix: ")), "{name}: {warnings:?}");
        let patched = response.patched(object)?;
        let found = patched.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        ensure!(found.trim() == expected, "{name}: {patched:#}");
        for judge in ["validate-pods", "validate-templates"] {
            let settings = Policy::named(root, judge)?.settings().clone();
            let outcome = Outcome::of_library(&Case::with_settings(patched.clone(), settings));
            ensure!(outcome.is_allowed(), "{name}, then {judge}: {}", outcome.message());
        }
    }
    Ok(())
}

/// A Pod whose sidecar container does not hold the application.
fn unheld_pod() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "shop"},
        "spec": {
            "initContainers": [{
                "name": "cloud-sql-proxy",
                "image": "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.15.0",
                "args": ["--health-check", "--http-address=0.0.0.0"],
                "restartPolicy": "Always",
            }],
            "containers": [{"name": "shop", "image": "shop:1"}],
        },
    })
}

/// A Deployment that asks for a mesh's proxy, and not to be held by it.
fn asking_deployment() -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop"},
        "spec": {"template": {
            "metadata": {"labels": {"sidecar.istio.io/inject": "true"}},
            "spec": {"containers": [{"name": "shop", "image": "shop:1"}]},
        }},
    })
}
