//! The policies, rendered from the overlays.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance::case::Case;
use acceptance::kustomize;
use anyhow::{Context as _, ensure};
use kubewarden_policy_sdk::crd::policies::{AdmissionPolicy, ClusterAdmissionPolicy};
use serde_json::{Value, json};

/// The API version of Kubewarden's custom resources.
pub(crate) const KUBEWARDEN: &str = "policies.kubewarden.io/v1";

/// A policy, rendered from an overlay.
#[derive(Debug, Clone)]
pub(crate) struct Policy(pub(crate) Value);

/// The folders to be applied: those with a kustomization that is not only a component of others.
pub(crate) fn folders(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(root.join("deploy"))? {
        let path = entry?.path();
        let file = path.join("kustomization.yaml");
        if file.is_file() && manifest::parse_one(&fs::read_to_string(file)?)?["kind"] == "Kustomization" {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// The folders with a policy.
pub(crate) fn overlays(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut overlays = Vec::new();
    for folder in folders(root)? {
        if kustomize::render(&folder)?.iter().any(is_policy) {
            overlays.push(folder);
        }
    }
    Ok(overlays)
}

/// Whether an object is a policy, and not a group or a policy server.
fn is_policy(object: &Value) -> bool {
    object["apiVersion"] == KUBEWARDEN
        && (object["kind"] == "ClusterAdmissionPolicy" || object["kind"] == "AdmissionPolicy")
}

impl Policy {
    /// The single policy of an overlay.
    pub(crate) fn of(overlay: &Path) -> anyhow::Result<Self> {
        let (mut policies, others): (Vec<_>, Vec<_>) =
            kustomize::render(overlay)?.into_iter().partition(is_policy);
        ensure!(policies.len() == 1, "expected one policy, but found {}", policies.len());
        let policy = policies.pop().map(Self).context("there is none")?;
        policy.has_the_permissions_that_it_needs(&others)?;
        Ok(policy)
    }

    /// Calls to the cluster are made, and allowed, only where the settings ask for them.
    fn has_the_permissions_that_it_needs(&self, others: &[Value]) -> anyhow::Result<()> {
        let looks = self.settings()["nodes"]["sidecarSupport"] == "Checked";
        let resources = if looks { json!([{"apiVersion": "v1", "kind": "Node"}]) } else { Value::Null };
        ensure!(*self.spec("contextAwareResources") == resources, "contextAwareResources");
        if !looks {
            ensure!(others.is_empty(), "{others:?}");
            return Ok(());
        }
        let of_kind =
            |kind: &str| others.iter().find(|object| object["kind"] == kind).cloned().unwrap_or_default();
        let (role, binding) = (of_kind("ClusterRole"), of_kind("ClusterRoleBinding"));
        ensure!(
            role["rules"]
                == json!([
                    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "watch"]},
                    {"apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"]},
                ]),
            "{role:#}"
        );
        let subject = &binding["subjects"][0];
        let text = |field: &str| subject[field].as_str().unwrap_or_default();
        let user = format!("system:serviceaccount:{}:{}", text("namespace"), text("name"));
        ensure!(self.settings()["nodes"]["user"] == user, "nodes.user is not {user}");
        ensure!(binding["roleRef"]["name"] == role["metadata"]["name"], "{binding:#}");
        Ok(())
    }

    pub(crate) fn named(root: &Path, name: &str) -> anyhow::Result<Self> {
        Self::of(&root.join("deploy").join(name))
    }

    pub(crate) fn spec(&self, field: &str) -> &Value {
        &self.0["spec"][field]
    }

    pub(crate) fn settings(&self) -> &Value {
        self.spec("settings")
    }

    pub(crate) fn is_cluster_wide(&self) -> bool {
        self.0["kind"] == "ClusterAdmissionPolicy"
    }

    /// All pairs of group/resource and operation.
    pub(crate) fn subscriptions(&self) -> Vec<(String, String)> {
        subscriptions(self.spec("rules"))
    }

    /// The policy is a valid custom resource without unknown fields.
    pub(crate) fn read_as_custom_resource(&self) -> anyhow::Result<()> {
        if self.is_cluster_wide() {
            serde_json::from_value::<ClusterAdmissionPolicy>(self.0.clone())?;
        } else {
            serde_json::from_value::<AdmissionPolicy>(self.0.clone())?;
        }
        Ok(())
    }

    /// The case with the settings of this policy.
    pub(crate) fn case(&self, case: &Case) -> Case {
        case.under(self.settings().clone())
    }
}

pub(crate) fn subscriptions(rules: &Value) -> Vec<(String, String)> {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut all = Vec::new();
    for rule in rules.as_array().into_iter().flatten() {
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                let resource = format!("{group}/{resource}");
                all.extend(
                    texts(&rule["operations"]).into_iter().map(|operation| (resource.clone(), operation)),
                );
            }
        }
    }
    all
}
