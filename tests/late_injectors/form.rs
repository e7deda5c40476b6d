//! The form of the policy and its binding.

use std::path::Path;
use std::{env, fs};

use acceptance::kustomize;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::policy;
use crate::rows::{Planned, is_exec, planned};

const FILE: &str = "deploy/late-injectors/policy.yaml";

/// The policy and its binding, as they are applied.
pub(crate) fn applied(root: &Path) -> anyhow::Result<(Value, Value)> {
    let objects = kustomize::render(&root.join("deploy/late-injectors"))?;
    let [policy, binding] =
        <[Value; 2]>::try_from(objects).map_err(|objects| anyhow::anyhow!("{} objects", objects.len()))?;
    Ok((policy, binding))
}

/// The generated file is what the catalogue makes it.
pub(crate) fn is_current(root: &Path) -> anyhow::Result<()> {
    let text = policy::text(root)?;
    if env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1") {
        fs::write(root.join(FILE), &text)?;
    }
    ensure!(fs::read_to_string(root.join(FILE))? == text, "{FILE} is stale: run make late-injectors");
    Ok(())
}

/// What a real API server took, and what keeps it from doing harm.
pub(crate) fn is_as_an_api_server_takes_it(root: &Path) -> anyhow::Result<()> {
    let (policy, binding) = applied(root)?;
    let kind = |object: &Value| (object["apiVersion"].clone(), object["kind"].clone());
    let version = json!("admissionregistration.k8s.io/v1");
    ensure!(kind(&policy) == (version.clone(), json!("MutatingAdmissionPolicy")), "{policy:#}");
    ensure!(kind(&binding) == (version, json!("MutatingAdmissionPolicyBinding")), "{binding:#}");
    ensure!(binding["spec"] == json!({"policyName": policy["metadata"]["name"]}), "{binding:#}");

    let spec = &policy["spec"];
    ensure!(spec["failurePolicy"] == "Ignore" && spec["reinvocationPolicy"] == "IfNeeded", "{spec:#}");
    let rules =
        json!([{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}]);
    ensure!(spec["matchConstraints"]["resourceRules"] == rules, "{spec:#}");
    let report = kustomize::render(&root.join("deploy/report"))?.pop().context("no report")?;
    ensure!(
        spec["matchConstraints"]["namespaceSelector"] == report["spec"]["namespaceSelector"],
        "other namespaces than those of the policies"
    );
    // A name of a variable is an identifier of CEL.
    for variable in spec["variables"].as_array().context("no variables")? {
        let name = variable["name"].as_str().unwrap_or_default();
        ensure!(
            !name.is_empty()
                && name.bytes().all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit()),
            "{name}"
        );
    }
    Ok(())
}

/// Each row with a probe is in the only mutation, or the file says why not; only exec probes are for Pods in a mesh.
pub(crate) fn has_each_row(root: &Path) -> anyhow::Result<()> {
    let (policy, _) = applied(root)?;
    let text = fs::read_to_string(root.join(FILE))?;
    let variables = policy["spec"]["variables"].as_array().context("no variables")?;
    let mutations = policy["spec"]["mutations"].as_array().context("no mutations")?;
    // For each, a real API server evaluates all variables anew.
    let [mutation] = &**mutations else { anyhow::bail!("{} mutations", mutations.len()) };
    let mutation = mutation["jsonPatch"]["expression"].as_str().context("no expression")?;
    let mut count = 0;
    for Planned { row, entry } in planned() {
        let probe: Value = serde_json::from_str(row.startup_probe.as_ref().context("no probe")?.what)?;
        let Ok(entry) = entry else {
            ensure!(text.contains(&format!("\n#   {}: ", row.name)), "{}: left out without a word", row.name);
            continue;
        };
        count += 1;
        ensure!(
            mutation.contains(&format!("variables.{}.map(", entry.variable)),
            "{}: no mutation",
            row.name
        );
        let variable = variables.iter().find(|variable| variable["name"] == *entry.variable);
        let condition =
            variable.and_then(|variable| variable["expression"].as_str()).context("no variable")?;
        ensure!(condition.contains("!variables.meshed") != is_exec(&probe), "{}: {condition}", row.name);
    }
    ensure!(count > 0, "no row is in it");
    Ok(())
}
