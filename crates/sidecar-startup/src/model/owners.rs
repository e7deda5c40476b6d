//! Which owners that an object names are believed.
//!
//! Anybody who may create an object may write an owner into it. A controller's object is judged more leniently than one of a person,
//! so a claim counts only where it can be true.

use crate::model::object::{Object, OwnerReference};
use crate::model::template::Kind;

/// Who sends a request, as far as that decides about the owners of a Pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sender {
    /// A part of the cluster, such as a controller; or nobody knows, as when the audit scanner or the command asks.
    #[default]
    Cluster,
    /// Anybody else: a person, or a program under a person's or a cloud's identity.
    Other,
}

impl Sender {
    /// The sender with this `userInfo.username`. It is empty where there is none.
    ///
    /// Controllers have service accounts, or share the identity of `kube-controller-manager` if it runs without
    /// `--use-service-account-credentials`; a kubelet creates the mirrors of static Pods.
    #[must_use]
    pub fn of(username: &str) -> Self {
        let is_of_cluster =
            ["system:serviceaccount:", "system:node:"].iter().any(|prefix| username.starts_with(prefix))
                || matches!(username, "" | "system:kube-controller-manager" | "system:apiserver");
        if is_of_cluster { Self::Cluster } else { Self::Other }
    }
}

impl Object<'_> {
    /// Takes an owner that is not believed for one that does not control the object: there is none like that of objects of this kind, or
    /// the sender is no controller.
    ///
    /// Owners of other API groups are always believed: their controllers may run anywhere. So are those of non-Pods, whoever sends
    /// them, as `kubectl create job --from` and restore tools do: their Pods are judged.
    pub(crate) fn doubt_owners(&mut self, kind: Kind, sender: Sender) {
        let is_claimed = kind == Kind::Pod && sender == Sender::Other;
        for owner in &mut self.metadata.owner_references {
            let is_built_in = is_built_in(owner.group());
            // Other API groups have DaemonSets, too (OpenKruise), whose Pods are judged as leniently.
            let is_lenient = is_built_in || *owner.kind == *"DaemonSet";
            owner.controller &= (!is_built_in || exists(kind, owner)) && !(is_claimed && is_lenient);
        }
    }
}

impl OwnerReference<'_> {
    /// Its API group; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

/// Whether the built-in kind of an owner ever controls objects of this kind.
fn exists(kind: Kind, owner: &OwnerReference<'_>) -> bool {
    let owner = (owner.group(), &*owner.kind);
    match kind {
        Kind::ReplicaSet => owner == ("apps", "Deployment"),
        Kind::Job => owner == ("batch", "CronJob"),
        // A Node owns mirror Pods; a PersistentVolumeClaim, those that fill it (CDI); a Pod, those that attach its volumes (KubeVirt).
        Kind::Pod => matches!(
            owner,
            ("apps", "ReplicaSet" | "StatefulSet" | "DaemonSet")
                | ("batch", "Job")
                | ("", "ReplicationController" | "Node" | "PersistentVolumeClaim" | "Pod")
        ),
        _ => false,
    }
}

/// Whether an API group is one of the API server's own. Those of custom resources have a dot, and may end like the API server's
/// (`ValidateCustomResourceDefinition` in `staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation`).
fn is_built_in(group: &str) -> bool {
    const OWN: [&str; 15] = [
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "rbac.authorization.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    ];
    !group.contains('.') || OWN.contains(&group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_part_of_the_cluster() {
        for username in [
            "",
            "system:serviceaccount:kube-system:daemon-set-controller",
            "system:serviceaccount:velero:velero",
            "system:node:worker-1",
            "system:kube-controller-manager",
            "system:apiserver",
        ] {
            assert_eq!(Sender::of(username), Sender::Cluster, "{username}");
        }
        for username in [
            "alice",
            "system:admin",
            "kubernetes-admin",
            "system:kube-scheduler",
            "arn:aws:sts::123456789012:assumed-role/system:serviceaccount:a:b/session",
            "oidc:system:node:worker-1",
        ] {
            assert_eq!(Sender::of(username), Sender::Other, "{username}");
        }
    }

    #[test]
    fn which_owners_are_believed() {
        let believes = |kind, api_version: &str, owner: &str, sender| {
            let text = format!(
                r#"{{"metadata":{{"ownerReferences":[{{"apiVersion":"{api_version}","kind":"{owner}","controller":true}}]}}}}"#
            );
            let mut object: Object<'_> = serde_json::from_str(&text).unwrap();
            object.doubt_owners(kind, sender);
            object.metadata.controller().is_some()
        };
        for (kind, api_version, owner, by_cluster, by_others) in [
            (Kind::Pod, "apps/v1", "DaemonSet", true, false),
            (Kind::Pod, "batch/v1", "Job", true, false),
            (Kind::Pod, "v1", "Pod", true, false),
            (Kind::Pod, "apps/v1", "Deployment", false, false),
            (Kind::Pod, "v1", "DaemonSet", false, false),
            (Kind::Pod, "argoproj.io/v1alpha1", "Workflow", true, true),
            (Kind::Pod, "apps.kruise.io/v1alpha1", "DaemonSet", true, false),
            (Kind::ReplicaSet, "apps/v1", "Deployment", true, true),
            (Kind::ReplicaSet, "argoproj.io/v1alpha1", "Rollout", true, true),
            (Kind::Job, "batch/v1", "CronJob", true, true),
            (Kind::Job, "batch/v1", "Job", false, false),
            (Kind::Job, "jobset.x-k8s.io/v1alpha2", "JobSet", true, true),
            (Kind::Deployment, "apps/v1", "Deployment", false, false),
            (Kind::Deployment, "v1", "ConfigMap", false, false),
            (Kind::Deployment, "networking.k8s.io/v1", "Ingress", false, false),
            (Kind::Deployment, "gateway.networking.k8s.io/v1", "Gateway", true, true),
            (Kind::Custom, "apps/v1", "Deployment", false, false),
            (Kind::Custom, "example.com/v1", "Shop", true, true),
        ] {
            let found = (
                believes(kind, api_version, owner, Sender::Cluster),
                believes(kind, api_version, owner, Sender::Other),
            );
            assert_eq!(found, (by_cluster, by_others), "{kind:?} of {api_version} {owner}");
        }
    }
}
