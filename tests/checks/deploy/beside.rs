//! Checks what is beside the policies under `deploy/`: the policy server, the group and the alerts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use acceptance::kustomize;
use anyhow::{Context as _, ensure};
use kubewarden_policy_sdk::crd::policies::ClusterAdmissionPolicyGroup;
use policy_host::PolicyModule;
use serde_json::Value;

use super::policy::{KUBEWARDEN, Policy};

/// The only object of a folder.
fn only_object(root: &Path, name: &str) -> anyhow::Result<Value> {
    let mut objects = kustomize::render(&root.join("deploy").join(name))?;
    ensure!(objects.len() == 1, "expected one object, but found {}", objects.len());
    objects.pop().context("there is none")
}

/// One replica may go without the other, and the component names this server.
pub(crate) fn policy_server_survives_a_node(root: &Path) -> anyhow::Result<()> {
    let server = only_object(root, "policy-server")?;
    ensure!(server["apiVersion"] == KUBEWARDEN && server["kind"] == "PolicyServer", "{server:#}");
    let number = |field: &str| server["spec"][field].as_u64().with_context(|| format!("no {field}"));
    ensure!((1..number("replicas")?).contains(&number("minAvailable")?), "{server:#}");
    ensure!(server["spec"]["maxUnavailable"].is_null(), "only one of the two is allowed");

    let apart =
        &server["spec"]["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"][0];
    let labels = &apart["podAffinityTerm"]["labelSelector"]["matchLabels"];
    ensure!(labels["kubewarden/policy-server"] == server["metadata"]["name"], "{labels}");
    let component = fs::read_to_string(root.join("deploy/on-own-server/kustomization.yaml"))?;
    let name = server["metadata"]["name"].as_str().unwrap_or_default();
    ensure!(component.contains(&format!("value: {name}\n")), "policies are put on another server");
    Ok(())
}

/// The group judges Pods as `validate-pods` does.
pub(crate) fn group_is_sound(root: &Path, module: &PolicyModule) -> anyhow::Result<()> {
    let group = only_object(root, "group")?;
    serde_json::from_value::<ClusterAdmissionPolicyGroup>(group.clone())?;
    let policy = Policy::named(root, "validate-pods")?;
    for field in ["rules", "failurePolicy", "backgroundAudit", "namespaceSelector", "timeoutSeconds"] {
        ensure!(group["spec"][field] == *policy.spec(field), "{field}: not that of validate-pods");
    }
    let members = group["spec"]["policies"].as_object().context("no policies")?;
    let ours = members.get("sidecar_startup").context("this policy is no member")?;
    for field in ["module", "settings", "timeoutEvalSeconds"] {
        ensure!(ours[field] == *policy.spec(field), "{field}: not that of validate-pods");
    }
    ensure!(module.validate_settings(&ours["settings"])?.valid, "settings");
    for (name, member) in members {
        let limit = member["timeoutEvalSeconds"].as_u64().context("no timeoutEvalSeconds")?;
        ensure!(Some(2 * limit) < group["spec"]["timeoutSeconds"].as_u64(), "{name}: {limit} s");
        let expression = group["spec"]["expression"].as_str().unwrap_or_default();
        ensure!(expression.contains(&format!("{name}()")), "{expression}");
    }
    Ok(())
}

/// The report denies nothing even if the module crashes, and only the report does not enforce.
pub(crate) fn only_the_report_monitors(root: &Path) -> anyhow::Result<()> {
    for overlay in super::policy::overlays(root)? {
        let monitors = Policy::of(&overlay)?.spec("mode") == "monitor";
        ensure!(monitors == overlay.ends_with("report"), "mode of {}", overlay.display());
    }
    Ok(())
}

/// Kubewarden rejects a namespaced policy with a resource that the chart does not list; the other overlay names all of the module's.
pub(crate) fn namespaced_names_common_kinds(root: &Path) -> anyhow::Result<()> {
    let resources = |name: &str| -> anyhow::Result<BTreeSet<String>> {
        let subscriptions = Policy::named(root, name)?.subscriptions();
        Ok(subscriptions.into_iter().map(|(resource, _)| resource).collect())
    };
    let common =
        ["/pods", "apps/daemonsets", "apps/deployments", "apps/statefulsets", "batch/cronjobs", "batch/jobs"];
    ensure!(resources("namespaced")?.iter().eq(common.iter()), "{:?}", resources("namespaced")?);
    ensure!(resources("namespaced-all-kinds")? == resources("report")?, "not all kinds");
    Ok(())
}

/// Alerts ask for metrics that exist, of these policies, and say what to do.
pub(crate) fn alerts_are_sound(root: &Path) -> anyhow::Result<()> {
    // In the API server's apiserver/pkg/admission/metrics, in Kubewarden's crates/policy-server/src/metrics, and in kube-state-metrics.
    let metrics = [
        "apiserver_admission_webhook_admission_duration_seconds_bucket",
        "apiserver_admission_webhook_fail_open_count",
        "apiserver_admission_webhook_rejection_count",
        "kube_pod_container_status_waiting_reason",
        "kubewarden_policy_evaluations_total",
    ];
    let rule = only_object(root, "alerts")?;
    let alerts = rule["spec"]["groups"][0]["rules"].as_array().context("no rules")?;
    let mut used = BTreeSet::new();
    for alert in alerts {
        let expression = alert["expr"].as_str().context("no expr")?;
        let metric = metrics.iter().find(|metric| expression.contains(&format!("{metric}{{")));
        used.insert(*metric.with_context(|| format!("unknown metric: {expression}"))?);
        ensure!(
            expression.contains("=~\".*sidecar-startup.*\"") || expression.contains("pod=~\"policy-server-"),
            "{expression}"
        );
        for text in ["summary", "description"] {
            ensure!(alert["annotations"][text].is_string(), "{}: no {text}", alert["alert"]);
        }
    }
    ensure!(used.len() == metrics.len(), "{used:?}");
    Ok(())
}
