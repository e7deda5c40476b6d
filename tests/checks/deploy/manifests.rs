//! Checks the manifests under `deploy/` against Kubewarden's custom resources and the policy's metadata.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::{fs, str};

use acceptance::case::Case;
use acceptance::kustomize;
use acceptance::outcome::Outcome;
use acceptance::seen::Decision;
use anyhow::{Context as _, ensure};
use policy_host::PolicyModule;
use serde_json::{Value, json};

use super::policy::{Policy, folders, overlays, subscriptions};

/// What must hold for every overlay.
pub(crate) fn is_sound(root: &Path, policy: &Policy, module: &PolicyModule) -> anyhow::Result<()> {
    policy.read_as_custom_resource()?;
    let verdict = module.validate_settings(policy.settings())?;
    ensure!(verdict.valid && verdict.message.is_none(), "settings: {:?}", verdict.message);

    let mutates = policy.settings()["fix"].as_str().is_some_and(|fix| fix != "None");
    ensure!(*policy.spec("mutating") == json!(mutates), "mutating and fix do not agree");
    ensure!(!mutates || *policy.spec("backgroundAudit") == json!(false), "a scan has nothing to repair");
    let metadata = manifest::parse_one(&fs::read_to_string(root.join("metadata.yml"))?)?;
    let known = subscriptions(&metadata["rules"]);
    let subscriptions = policy.subscriptions();
    ensure!(!subscriptions.is_empty(), "no rules");
    for (resource, operation) in &subscriptions {
        ensure!(!resource.contains('*') && !operation.contains('*'), "{resource}: a scan skips wildcards");
        ensure!(resource.matches('/').count() == 1, "{resource}: a scan fails on subresources");
        ensure!(
            operation == "CREATE"
                || (operation == "UPDATE" && !matches!(resource.as_str(), "/pods" | "batch/jobs")),
            "{operation} of {resource} does not change containers"
        );
        ensure!(
            known.contains(&(resource.clone(), operation.clone())),
            "{operation} of {resource} is none of the module's rules"
        );
        // The audit scanner only evaluates CREATE.
        ensure!(subscriptions.contains(&(resource.clone(), "CREATE".to_owned())), "{resource}: no CREATE");
    }

    let selector = policy.spec("namespaceSelector");
    ensure!(policy.is_cluster_wide() != selector.is_null(), "the namespaces of {}", policy.0["kind"]);
    if policy.is_cluster_wide() {
        ensure!(selector["matchLabels"].is_null(), "Kubewarden passes over matchLabels");
        let expression = &selector["matchExpressions"][0];
        ensure!(
            expression["key"] == "kubernetes.io/metadata.name" && expression["operator"] == "NotIn",
            "{expression}"
        );
        let values = expression["values"].as_array().context("no values")?;
        for namespace in ["kube-system", "kube-node-lease", "kubewarden", "cattle-kubewarden-system"] {
            ensure!(values.iter().any(|value| value == namespace), "{namespace} is not left out");
        }
    }
    times_out_in_order(policy.spec("timeoutEvalSeconds"), policy.spec("timeoutSeconds"))?;
    if *policy.spec("failurePolicy") == json!("Fail") {
        let conditions = policy.spec("matchConditions").as_array().context("no matchConditions")?;
        for name in ["without-controller", "not-being-deleted"] {
            ensure!(conditions.iter().any(|condition| condition["name"] == name), "controllers would wait");
        }
    }
    is_of_this_module(policy, &metadata["annotations"])
}

/// The API server waits longer than an evaluation may take: its limit counts for starting the module and again for the call.
fn times_out_in_order(evaluation: &Value, webhook: &Value) -> anyhow::Result<()> {
    let (evaluation, webhook) = (evaluation.as_u64().context("none")?, webhook.as_u64().context("none")?);
    ensure!(
        2 * evaluation < webhook && webhook <= 30,
        "2 x {evaluation} s, but the API server waits {webhook} s"
    );
    Ok(())
}

/// The policy uses the module of this version and repeats its annotations for reports.
fn is_of_this_module(policy: &Policy, module: &Value) -> anyhow::Result<()> {
    let annotation = |name: &str| &module[format!("io.kubewarden.policy.{name}")];
    let reference = policy.spec("module").as_str().unwrap_or_default();
    let (repository, version) = reference.rsplit_once(':').context("the module has no tag")?;
    ensure!(Some(version.trim_start_matches('v')) == annotation("version").as_str(), "tag {version}");
    ensure!(version.starts_with('v') && version.ends_with(env!("CARGO_PKG_VERSION")), "tag {version}");
    ensure!(
        repository.starts_with("registry://") && repository.ends_with("/sidecar-startup"),
        "{repository}"
    );
    if let Some(uri) = annotation("ociUrl").as_str() {
        ensure!(repository == format!("registry://{uri}"), "metadata.yml says {uri}");
    }
    for name in ["title", "severity", "category"] {
        let name = format!("io.kubewarden.policy.{name}");
        ensure!(policy.0["metadata"]["annotations"][&name] == module[&name], "{name}");
    }
    let description = &policy.0["metadata"]["annotations"]["io.kubewarden.policy.description"];
    ensure!(description.as_str().is_some_and(|text| !text.is_empty()), "no description");
    Ok(())
}

/// The policy in the README is a valid custom resource with the same module and valid settings.
pub(crate) fn documented_policy_is_sound(root: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(root.join("README.md"))?;
    let blocks = text.split("```yaml\n").skip(1).filter_map(|block| block.split_once("```"));
    let mut policies =
        blocks.map(|(block, _)| block).filter(|block| block.contains("\nkind: ClusterAdmissionPolicy"));
    let policy = Policy(manifest::parse_one(policies.next().context("it shows none")?)?);
    ensure!(policies.next().is_none(), "it shows more than one");
    policy.read_as_custom_resource()?;
    ensure!(policy.spec("module") == Policy::named(root, "report")?.spec("module"), "another module");
    let outcome = Outcome::of_library(&Case::with_settings(json!({}), policy.settings().clone()));
    ensure!(outcome.seen.decision != Decision::BadSettings, "{}", outcome.message());
    Ok(())
}

/// Whether `kubectl` prints its Kustomize version, as it does since 1.24. Older ones, as in Debian 12, have Kustomize 2.0, which
/// supports neither components nor folders as resources.
pub(crate) fn has_kubectl() -> bool {
    let output = Command::new("kubectl").args(["version", "--client", "--output", "json"]).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("kustomizeVersion"))
}

/// `kubectl kustomize` renders every overlay the same way, so the tests check what `kubectl apply -k` applies.
pub(crate) fn renders_as_kubectl_does(root: &Path) -> anyhow::Result<()> {
    for overlay in folders(root)? {
        let output = Command::new("kubectl").arg("kustomize").arg(&overlay).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let rendered = manifest::parse(str::from_utf8(&output.stdout)?)?;
        let rendered: Vec<_> = rendered.into_iter().map(|document| document.value).collect();
        // kubectl sorts its output.
        let mut expected = kustomize::render(&overlay)?;
        expected.sort_by_key(|object| rendered.iter().position(|other| other["kind"] == object["kind"]));
        ensure!(rendered == expected, "kubectl makes {rendered:#?} instead of {expected:#?}");
    }
    Ok(())
}

/// Policies share a name where one replaces the other.
pub(crate) fn names_are_unique(root: &Path) -> anyhow::Result<()> {
    let mut names = BTreeMap::<_, Vec<_>>::new();
    for overlay in overlays(root)? {
        let name = Policy::of(&overlay)?.0["metadata"]["name"].to_string();
        names.entry(name).or_default().push(overlay.file_name().unwrap_or_default().to_owned());
    }
    names.retain(|_, overlays| overlays.len() > 1);
    let shared: Vec<_> = names.into_values().collect();
    let expected = [
        ["namespaced", "namespaced-all-kinds"],
        ["check-nodes", "check-nodes-rancher"],
        ["mutate-pods", "mutate-pods-all"],
    ];
    ensure!(shared == expected, "{shared:?} share a name");
    Ok(())
}
