//! What `helm` makes of the chart.

use std::path::Path;
use std::process::{Command, Output};

use acceptance::kustomize;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::files::POLICIES;

pub(crate) fn has_helm() -> bool {
    Command::new("helm").args(["version", "--short"]).output().is_ok_and(|output| output.status.success())
}

fn helm(root: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
    Ok(Command::new("helm").current_dir(root).args(arguments).output()?)
}

/// What is installed with the given arguments of `helm template`. The report is off unless they say otherwise.
fn render(root: &Path, arguments: &[&str]) -> anyhow::Result<Vec<Value>> {
    let mut command = vec!["template", "sidecar-startup", "chart", "--namespace", "my-team"];
    command.extend(["--set", "policies.report.enabled=false"]);
    command.extend(arguments);
    let output = helm(root, &command)?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let documents = manifest::parse(std::str::from_utf8(&output.stdout)?)?;
    Ok(documents.into_iter().map(|document| document.value).filter(|value| !value.is_null()).collect())
}

/// The only object, installed by enabling a policy with further values.
fn render_one(root: &Path, policy: &str, arguments: &[&str]) -> anyhow::Result<Value> {
    let enabled = format!("policies.{policy}.enabled=true");
    let mut objects = render(root, &[&["--set", enabled.as_str()], arguments].concat())?;
    ensure!(objects.len() == 1, "{objects:#?}");
    objects.pop().context("there is none")
}

pub(crate) fn passes_lint(root: &Path) -> anyhow::Result<()> {
    let output = helm(root, &["lint", "--strict", "chart"])?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}

/// Each policy of the chart is the one that its overlay applies.
pub(crate) fn renders_each_overlay(root: &Path) -> anyhow::Result<()> {
    for name in POLICIES {
        let enabled = format!("policies.{name}.enabled=true");
        let mut installed = render(root, &["--set", &enabled])?;
        let mut applied = kustomize::render(&root.join("deploy").join(name))?;
        for object in &mut applied {
            if object["kind"] == "AdmissionPolicy" {
                object["metadata"]["namespace"] = json!("my-team");
            }
        }
        for objects in [&mut installed, &mut applied] {
            objects.sort_by_key(|object| object["kind"].to_string());
        }
        ensure!(installed == applied, "{name}: helm makes {installed:#?} instead of {applied:#?}");
    }
    Ok(())
}

/// Without values, the chart installs what denies nothing.
pub(crate) fn installs_the_report_first(root: &Path) -> anyhow::Result<()> {
    let output = helm(root, &["template", "sidecar-startup", "chart"])?;
    let objects = manifest::parse(std::str::from_utf8(&output.stdout)?)?;
    let report = kustomize::render(&root.join("deploy/report"))?;
    ensure!(objects.into_iter().map(|document| document.value).eq(report), "not the report");
    Ok(())
}

pub(crate) fn takes_values(root: &Path) -> anyhow::Result<()> {
    let spec = |arguments: &[&str]| -> anyhow::Result<Value> {
        Ok(render_one(root, "validate-pods", arguments)?["spec"].clone())
    };
    let plain = spec(&[])?;
    let module = spec(&[
        "--set",
        "module.tag=v9",
        "--set",
        "global.cattle.systemDefaultRegistry=mirror.example.com:5000",
    ])?;
    let reference = "registry://mirror.example.com:5000/sidecar-startup-policy/policies/sidecar-startup:v9";
    ensure!(module["module"] == reference, "{}", module["module"]);

    let settings =
        spec(&["--set", "policies.validate-pods.settings.rules.classic-sidecar=Deny"])?["settings"].clone();
    ensure!(settings["rules"]["classic-sidecar"] == "Deny", "{settings}");
    ensure!(settings["rules"]["app-not-held"] == plain["settings"]["rules"]["app-not-held"], "{settings}");
    ensure!(settings["defaultAction"] == plain["settings"]["defaultAction"], "{settings}");

    let skipping = spec(&["--set", "skipAdditionalNamespaces={monitoring,backup}"])?;
    let namespaces =
        |spec: &Value| spec["namespaceSelector"]["matchExpressions"][0]["values"].as_array().cloned();
    let mut expected = namespaces(&plain).context("none")?;
    expected.extend([json!("monitoring"), json!("backup")]);
    ensure!(namespaces(&skipping) == Some(expected), "{skipping:#}");

    let only = spec(&["--set", "policies.validate-pods.onlyNamespaces={shop,pay}"])?;
    let expression = &only["namespaceSelector"]["matchExpressions"][1];
    let wanted = json!({"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["shop", "pay"]});
    ensure!(*expression == wanted, "{only:#}");
    ensure!(namespaces(&only) == namespaces(&plain), "{only:#}");

    ensure!(
        plain["policyServer"].is_null() && spec(&["--set", "policyServer=own"])?["policyServer"] == "own",
        "server"
    );
    Ok(())
}

/// Values that cannot all hold are an error that names them, rather than a policy that silently wins; an API server that drops
/// matchConditions is an error, too.
pub(crate) fn refuses_what_contradicts(root: &Path) -> anyhow::Result<()> {
    let contradictions = [
        (
            "policies.mutate-pods.enabled=true,policies.mutate-pods-all.enabled=true",
            "policies.mutate-pods-all: another policy is named sidecar-startup-mutate-pods as well",
        ),
        ("policies.reprot.enabled=true", "policies.reprot: there is no such policy"),
        ("policies.report.settings=Warn", "settings"),
        ("policies.report.enabledd=true", "enabledd"),
        ("skipAdditionalNamespaces=monitoring", "skipAdditionalNamespaces"),
        (
            "policies.namespaced.enabled=true,policies.namespaced.onlyNamespaces={shop}",
            "policies.namespaced.onlyNamespaces: this policy is that of the release's namespace",
        ),
    ];
    for (values, message) in contradictions {
        let output = helm(root, &["template", "sidecar-startup", "chart", "--set", values])?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(!output.status.success() && error.contains(message), "{values}: {error}");
    }
    let output = helm(root, &["template", "sidecar-startup", "chart", "--kube-version", "1.27"])?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(error.contains("which is incompatible with Kubernetes v1.27"), "{error}");
    Ok(())
}
