//! The views of objects, of their metadata and of their Pod templates.
//!
//! One type, [`Object`], serves all kinds, since the object may precede its kind in the request. [`Spec`] has both the fields of a
//! Pod and those that lead to a Pod template; no built-in kind uses both.

use serde_json::Value;

use crate::model::container_fields::ContainerFields;
use crate::model::resources::Requests;
use crate::model::view::{Text, TextMap, Unread, items, view};

view! {
    /// An object of any kind that is a Pod or has a Pod template.
    Object {
        "metadata" metadata: Metadata<'a>,
        "spec" spec: Option<Box<Spec<'a>>>,
        /// The Pod template of a `PodTemplate`.
        "template" template: Option<Box<Template<'a>>>,
        "status" status: Status<'a>,
    }
}

view! {
    /// The metadata of an object or of a Pod template.
    Metadata {
        /// Set by the API server when the object is created.
        "uid" uid: Text<'a>,
        "annotations" annotations: TextMap<'a>,
        "labels" labels: TextMap<'a>,
        "ownerReferences" owner_references: Vec<OwnerReference<'a>>,
        "deletionTimestamp" deletion_timestamp: Option<Text<'a>>,
    }
}

view! {
    /// An owner of the object.
    OwnerReference {
        "apiVersion" api_version: Text<'a>,
        "kind" kind: Text<'a>,
        /// Whether the owner manages this object.
        "controller" controller: bool,
    }
}

view! {
    /// The `status` of a Pod.
    Status {
        "phase" phase: Text<'a>,
    }
}

view! {
    /// A Pod template, or the Job template of a CronJob.
    Template {
        "metadata" metadata: Metadata<'a>,
        "spec" spec: Option<Box<Spec<'a>>>,
    }
}

view! {
    /// The `spec` of a Pod, or of an object that creates Pods.
    Spec {
        "initContainers" init_containers: Vec<ContainerFields<'a>>,
        "containers" containers: Vec<ContainerFields<'a>>,
        "volumes" volumes: Unread<'a>,
        "nodeSelector" node_selector: TextMap<'a>,
        "affinity" affinity: Unread<'a>,
        "nodeName" node_name: Text<'a>,
        "tolerations" tolerations: Unread<'a>,
        "os" os: Unread<'a>,
        /// Of the Pod as a whole.
        "resources" resources: Unread<'a>,
        "securityContext" security_context: Unread<'a>,
        "hostNetwork" host_network: bool,
        "dnsPolicy" dns_policy: Text<'a>,
        "dnsConfig" dns_config: Unread<'a>,
        "shareProcessNamespace" share_process_namespace: bool,
        /// Of a Pod or a Job, in seconds.
        "activeDeadlineSeconds" active_deadline_seconds: Option<i64>,
        /// Of a Deployment, in seconds.
        "progressDeadlineSeconds" progress_deadline_seconds: Option<i64>,
        /// Of a StatefulSet.
        "serviceName" service_name: Text<'a>,
        /// Of a Pod.
        "subdomain" subdomain: Text<'a>,
        /// Of the Pod as a whole.
        "restartPolicy" restart_policy: Text<'a>,
        /// Of a Job.
        "podFailurePolicy" pod_failure_policy: Unread<'a>,
        /// Of a Job: how many failures of its Pods, or restarts of their containers, it tolerates.
        "backoffLimit" backoff_limit: Option<i64>,
        /// Of a Job.
        "parallelism" parallelism: Option<i64>,
        /// The Pod template of most workloads.
        "template" template: Option<Box<Template<'a>>>,
        /// The Job template of a CronJob, which has the Pod template.
        "jobTemplate" job_template: Option<Box<Template<'a>>>,
    }
}

impl Metadata<'_> {
    /// The owner that manages this object, if any. The API server allows only one (`ValidateOwnerReferences` in
    /// `apimachinery/pkg/api/validation/objectmeta.go`).
    #[must_use]
    pub fn controller(&self) -> Option<&OwnerReference<'_>> {
        self.owner_references.iter().find(|owner| owner.controller)
    }
}

impl Spec<'_> {
    /// Whether the Pod resolves names only where a container of its own answers: at the loopback address.
    #[must_use]
    pub fn resolves_by_itself(&self) -> bool {
        let config = self.dns_config.value();
        let servers = config.get("nameservers").map(items).into_iter().flatten().filter_map(Value::as_str);
        let mut servers = servers.peekable();
        *self.dns_policy == *"None"
            && servers.peek().is_some()
            && servers.all(|server| server == "::1" || server.starts_with("127."))
    }

    /// Whether the Pod runs on Windows, by `os`, `nodeSelector`, node affinity or the `windowsOptions` of the Pod or of a container: a
    /// `RuntimeClass` may select the nodes.
    #[must_use]
    pub fn is_windows(&self) -> bool {
        let containers = self.init_containers.iter().chain(&self.containers);
        let mut contexts = containers.map(|container| &container.security_context);
        self.os.value().get("name").is_some_and(|name| name == "windows")
            || self.requires_windows_node()
            || has_windows_options(&self.security_context)
            || contexts.any(has_windows_options)
    }

    /// Whether nobody in the Pod may run as root, and the Pod itself names no user.
    #[must_use]
    pub fn requires_images_without_root(&self) -> bool {
        let context = self.security_context.value();
        context.get("runAsNonRoot").and_then(Value::as_bool) == Some(true)
            && context.get("runAsUser").is_none_or(Value::is_null)
    }

    /// Whose exit codes the rules in the `podFailurePolicy` of a Job go by: a container's name for each, or none for any container.
    #[must_use]
    pub fn exit_code_rules(&self) -> Vec<Option<String>> {
        let policy = self.pod_failure_policy.value();
        let codes =
            policy.get("rules").into_iter().flat_map(items).filter_map(|rule| rule.get("onExitCodes"));
        codes
            .filter(|codes| codes.is_object())
            .map(|codes| codes.get("containerName")?.as_str().map(str::to_owned))
            .collect()
    }

    /// The resource requests of the Pod as a whole.
    #[must_use]
    pub fn requests(&self) -> Requests {
        Requests::of(&self.resources.value())
    }
}

/// Whether a `securityContext` is meant for Windows.
fn has_windows_options(context: &Unread<'_>) -> bool {
    const OPTIONS: &str = "windowsOptions";
    context.mentions(OPTIONS) && context.value().get(OPTIONS).is_some_and(|options| !options.is_null())
}
