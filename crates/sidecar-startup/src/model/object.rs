//! Views of objects: the fields that the rules need, borrowed from the input.
//!
//! A view ignores all other fields. Probes, hooks and ports are `k8s-openapi` types. Views are read-only and never serialized:
//! fields that a view does not know would be lost.
//!
//! One type, [`Object`], serves all kinds, since the object may precede its kind in the request. [`Spec`] has both the fields of a
//! Pod and those that lead to a Pod template; no built-in kind uses both.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::api::core::v1::{ContainerPort, Lifecycle, LifecycleHandler, Probe};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::cluster::Taint;
use crate::model::resources::Requests;

/// Defines a view: a struct with its `Deserialize`, which accepts objects only, ignores unknown fields, treats `null` as absent, and
/// uses the last of duplicate keys.
macro_rules! view {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $field_doc:literal])* $key:literal $field:ident: $type:ty,)* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name<'a> {
            $(
                #[doc = concat!("`", $key, "`")]
                ///
                $(#[doc = $field_doc])*
                pub $field: $type,
            )*
            marker: std::marker::PhantomData<&'a ()>,
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;

                impl<'de> Visitor<'de> for Fields {
                    type Value = $name<'de>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut view = $name::default();
                        while let Some(key) = map.next_key::<Text<'de>>()? {
                            match &*key {
                                $($key => view.$field = map.next_value::<Option<_>>()?.unwrap_or_default(),)*
                                _ => {
                                    map.next_value::<IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(view)
                    }
                }

                deserializer.deserialize_map(Fields)
            }
        }
    };
}

pub(crate) use view;

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
        "hostNetwork" host_network: bool,
        "shareProcessNamespace" share_process_namespace: bool,
        /// Of a Pod or a Job, in seconds.
        "activeDeadlineSeconds" active_deadline_seconds: Option<i64>,
        /// Of a Deployment, in seconds.
        "progressDeadlineSeconds" progress_deadline_seconds: Option<i64>,
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

view! {
    /// An entry of `containers` or `initContainers`.
    ContainerFields {
        "name" name: Text<'a>,
        "image" image: Text<'a>,
        "command" command: Vec<Text<'a>>,
        "args" args: Vec<Text<'a>>,
        /// Parsed only when needed, see [`ContainerFields::variable`].
        "env" env: Unread<'a>,
        "envFrom" env_from: Unread<'a>,
        "volumeMounts" volume_mounts: Unread<'a>,
        "restartPolicy" restart_policy: Option<Text<'a>>,
        "restartPolicyRules" restart_policy_rules: Unread<'a>,
        "resources" resources: Unread<'a>,
        "ports" ports: Vec<ContainerPort>,
        "startupProbe" startup_probe: Option<Probe>,
        "readinessProbe" readiness_probe: Option<Probe>,
        "livenessProbe" liveness_probe: Option<Probe>,
        "lifecycle" lifecycle: Option<Lifecycle>,
    }
}

view! {
    /// An entry of a container's `env`.
    EnvVar {
        "name" name: Text<'a>,
        /// `None` if the value comes from `valueFrom`.
        "value" value: Option<Text<'a>>,
    }
}

view! {
    /// The `affinity` of a Pod.
    Affinity {
        "nodeAffinity" node_affinity: NodeAffinity<'a>,
    }
}

view! {
    /// The nodes on which a Pod may be scheduled.
    NodeAffinity {
        "requiredDuringSchedulingIgnoredDuringExecution" required: Option<NodeSelector<'a>>,
    }
}

view! {
    /// A node must match at least one term.
    NodeSelector {
        "nodeSelectorTerms" terms: Vec<NodeSelectorTerm<'a>>,
    }
}

view! {
    /// A node must meet all requirements.
    NodeSelectorTerm {
        "matchExpressions" match_expressions: Vec<NodeRequirement<'a>>,
        /// Requirements on the name of the node.
        "matchFields" match_fields: Vec<NodeRequirement<'a>>,
    }
}

view! {
    /// A requirement on a label or field of a node.
    NodeRequirement {
        "key" key: Text<'a>,
        "operator" operator: Text<'a>,
        "values" values: Vec<Text<'a>>,
    }
}

view! {
    /// An entry of a container's `volumeMounts`.
    VolumeMount {
        "name" name: Text<'a>,
    }
}

view! {
    /// An entry of a Pod's `volumes`.
    Volume {
        "name" name: Text<'a>,
        "hostPath" host_path: Option<Unread<'a>>,
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

impl ContainerFields<'_> {
    /// The items of `command`, followed by those of `args`.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.command.iter().chain(&self.args).map(|word| &**word)
    }

    /// The `postStart` hook, if any.
    #[must_use]
    pub fn post_start(&self) -> Option<&LifecycleHandler> {
        self.lifecycle.as_ref().and_then(|lifecycle| lifecycle.post_start.as_ref())
    }

    /// The probe in the field `startupProbe`, `readinessProbe` or `livenessProbe`, if any.
    #[must_use]
    pub fn probe(&self, field: &str) -> Option<&Probe> {
        match field {
            "startupProbe" => self.startup_probe.as_ref(),
            "readinessProbe" => self.readiness_probe.as_ref(),
            "livenessProbe" => self.liveness_probe.as_ref(),
            _ => None,
        }
    }

    /// The literal value of an environment variable, if it has one.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        let variables: Vec<EnvVar<'_>> = self.env.read()?;
        let last = variables.into_iter().rev().find(|variable| &*variable.name == name)?;
        last.value.map(|value| value.to_string())
    }

    /// Whether the container certainly does not set this environment variable: it is not listed in `env`, and there is no `envFrom`.
    #[must_use]
    pub fn lacks_variable(&self, name: &str) -> bool {
        let variables: Option<Vec<EnvVar<'_>>> = self.env.read();
        let sources: Option<Vec<IgnoredAny>> = self.env_from.read();
        variables.is_some_and(|variables| variables.iter().all(|variable| &*variable.name != name))
            && sources.is_some_and(|sources| sources.is_empty())
    }

    /// Whether the container mounts the volume with this name.
    #[must_use]
    pub fn mounts(&self, volume: &str) -> bool {
        let mounts: Option<Vec<VolumeMount<'_>>> = self.volume_mounts.read();
        mounts.is_some_and(|mounts| mounts.iter().any(|mount| &*mount.name == volume))
    }

    /// The index of the first of `others` that shares a volume with this container, where at least one of the two may write to it, and
    /// the name of the volume.
    #[must_use]
    pub fn volume_shared_with(&self, others: &[&Self], spec: &Spec<'_>) -> Option<(usize, String)> {
        /// Volume sources that containers cannot write to.
        const READ_ONLY: [&str; 5] = ["configMap", "downwardAPI", "image", "projected", "secret"];
        let (mine, volumes) = (self.volume_mounts.value(), spec.volumes.value());
        let is_written = |name: &Value| {
            let volume = items(&volumes).find(|volume| volume.get("name") == Some(name));
            volume.is_none_or(|volume| READ_ONLY.iter().all(|source| volume.get(source).is_none()))
        };
        let mine: Vec<_> = items(&mine).filter(|mount| mount.get("name").is_some_and(is_written)).collect();
        let is_read = |mount: &Value| mount.get("readOnly") == Some(&Value::Bool(true));
        others.iter().enumerate().find_map(|(place, other)| {
            let theirs = if mine.is_empty() { Value::Null } else { other.volume_mounts.value() };
            let shared = items(&theirs).find(|theirs| {
                let is_shared = |mine: &&Value| {
                    mine.get("name") == theirs.get("name") && !(is_read(mine) && is_read(theirs))
                };
                mine.iter().any(is_shared)
            });
            Some((place, shared?.get("name")?.as_str()?.to_owned()))
        })
    }

    /// Whether the container has `restartPolicyRules`, by which a restart depends on the exit code.
    #[must_use]
    pub fn has_restart_rules(&self) -> bool {
        items(&self.restart_policy_rules.value()).next().is_some()
    }

    /// The resource requests of the container.
    #[must_use]
    pub fn requests(&self) -> Requests {
        Requests::of(&self.resources.value())
    }
}

impl NodeSelectorTerm<'_> {
    /// Whether a node meets all requirements. An empty term matches no node.
    fn fits(&self, name: &str, labels: &BTreeMap<String, String>) -> bool {
        let fields =
            self.match_fields.iter().map(|field| (field, (*field.key == *"metadata.name").then_some(name)));
        let expressions = self.match_expressions.iter();
        let expressions = expressions.map(|asked| (asked, labels.get(&*asked.key).map(String::as_str)));
        let mut all = fields.chain(expressions).peekable();
        all.peek().is_some() && all.all(|(asked, value)| asked.fits(value))
    }
}

impl NodeRequirement<'_> {
    /// Whether a label with this value, or without one, meets the requirement.
    fn fits(&self, value: Option<&str>) -> bool {
        let is_listed = |value: &str| self.values.iter().any(|listed| **listed == *value);
        let number = |text: &str| text.parse::<i64>().ok();
        let asked = self.values.first().and_then(|value| number(value));
        let compared = value.and_then(number).zip(asked);
        match &*self.operator {
            "In" => value.is_some_and(is_listed),
            "NotIn" => !value.is_some_and(is_listed),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            "Gt" => compared.is_some_and(|(value, asked)| asked < value),
            "Lt" => compared.is_some_and(|(value, asked)| value < asked),
            _ => false,
        }
    }
}

impl Spec<'_> {
    /// Whether the Pod runs on Windows, by `os` or `nodeSelector`.
    #[must_use]
    pub fn is_windows(&self) -> bool {
        self.os.value().get("name").is_some_and(|name| name == "windows")
            || self.node_selector.get("kubernetes.io/os") == Some("windows")
    }

    /// Whether the `podFailurePolicy` of a Job has a rule on exit codes of any container.
    #[must_use]
    pub fn fails_by_any_exit_code(&self) -> bool {
        let policy = self.pod_failure_policy.value();
        let codes =
            policy.get("rules").into_iter().flat_map(items).filter_map(|rule| rule.get("onExitCodes"));
        codes
            .filter(|codes| codes.is_object())
            .any(|codes| codes.get("containerName").is_none_or(Value::is_null))
    }

    /// The resource requests of the Pod as a whole.
    #[must_use]
    pub fn requests(&self) -> Requests {
        Requests::of(&self.resources.value())
    }

    /// Whether `nodeName`, `nodeSelector` and the required node affinity allow the Pod on a node with this name and these labels
    /// (`staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go`).
    #[must_use]
    pub fn may_land_on(&self, name: &str, labels: &BTreeMap<String, String>) -> bool {
        if !self.node_name.is_empty() {
            return *self.node_name == *name;
        }
        let affinity: Option<Affinity<'_>> = self.affinity.read();
        let required = affinity.and_then(|affinity| affinity.node_affinity.required);
        self.node_selector.iter().all(|(key, value)| labels.get(key).is_some_and(|label| *label == value))
            && required.is_none_or(|required| required.terms.iter().any(|term| term.fits(name, labels)))
    }

    /// Whether the Pod tolerates a taint (`staging/src/k8s.io/component-helpers/scheduling/corev1/helpers.go`). A toleration with an
    /// unknown operator is assumed to match the value.
    #[must_use]
    pub fn tolerates(&self, taint: &Taint) -> bool {
        items(&self.tolerations.value()).any(|toleration| {
            let text = |field: &str| toleration.get(field).and_then(Value::as_str).unwrap_or_default();
            let is_any_key = text("key").is_empty() && text("operator") == "Exists";
            let fits_value = !matches!(text("operator"), "" | "Equal") || text("value") == taint.value;
            (text("effect").is_empty() || text("effect") == taint.effect)
                && (is_any_key || text("key") == taint.key)
                && fits_value
        })
    }

    /// Whether requiring this node label would conflict with the `nodeSelector` or a term of the required node affinity.
    #[must_use]
    pub fn conflicts_with_node_label(&self, key: &str, value: &str) -> bool {
        if self.node_selector.get(key).is_some_and(|other| other != value) {
            return true;
        }
        let affinity: Option<Affinity<'_>> = self.affinity.read();
        let terms = affinity.and_then(|affinity| affinity.node_affinity.required).unwrap_or_default().terms;
        let excludes = |requirement: &NodeRequirement<'_>| {
            let is_listed = requirement.values.iter().any(|listed| **listed == *value);
            *requirement.key == *key
                && match &*requirement.operator {
                    "In" => !is_listed,
                    "NotIn" => is_listed,
                    "Exists" => false,
                    _ => true,
                }
        };
        terms.iter().any(|term| term.match_expressions.iter().any(excludes))
    }

    /// Whether the Pod is restricted to nodes with this label, by its `nodeSelector` or by every term of its required node affinity.
    #[must_use]
    pub fn requires_node_label(&self, key: &str, value: &str) -> bool {
        if self.node_selector.get(key) == Some(value) {
            return true;
        }
        let affinity: Option<Affinity<'_>> = self.affinity.read();
        let terms = affinity.and_then(|affinity| affinity.node_affinity.required).unwrap_or_default().terms;
        let asks = |requirement: &NodeRequirement<'_>| {
            *requirement.key == *key
                && *requirement.operator == *"In"
                && !requirement.values.is_empty()
                && requirement.values.iter().all(|listed| **listed == *value)
        };
        !terms.is_empty() && terms.iter().all(|term| term.match_expressions.iter().any(asks))
    }

    /// The names of the `hostPath` volumes.
    pub fn host_path_volumes(&self) -> impl Iterator<Item = String> {
        let volumes: Option<Vec<Volume<'_>>> = self.volumes.read();
        let volumes = volumes.into_iter().flatten().filter(|volume| volume.host_path.is_some());
        volumes.map(|volume| volume.name.to_string())
    }
}

/// The items of a list; none for any other value.
fn items(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

/// The unparsed JSON of a field that few requests need. Environment variables are often most of a Pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread<'a>(&'a str);

impl Default for Unread<'_> {
    fn default() -> Self {
        Self("null")
    }
}

impl<'a> Unread<'a> {
    /// Deserializes it; `null` gives the default. `None` if it has another type.
    fn read<T: Deserialize<'a> + Default>(&self) -> Option<T> {
        serde_json::from_str::<Option<T>>(self.0).ok().map(Option::unwrap_or_default)
    }

    /// Parses it into a JSON value.
    fn value(&self) -> Value {
        serde_json::from_str(self.0).unwrap_or_default()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Unread<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self(raw.get()))
    }
}

/// A string, borrowed from the input unless it contains escape sequences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        self
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;

        impl<'de> Visitor<'de> for Borrow {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(value)))
            }

            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(value.to_owned())))
            }
        }

        deserializer.deserialize_str(Borrow)
    }
}

/// Annotations or labels, in the order of the input.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TextMap<'a>(Vec<(Text<'a>, Text<'a>)>);

impl TextMap<'_> {
    /// All keys and values, including duplicate keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The last value of `key`, if any.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(k, _)| &**k == key).map(|(_, value)| &**value)
    }
}

/// The copy of the whole object that `kubectl apply` stores. It is skipped: it is large, and no rule needs it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl<'de: 'a, 'a> Deserialize<'de> for TextMap<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = TextMap<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    if &*key == LAST_APPLIED {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        pairs.push((key, map.next_value::<Option<Text<'de>>>()?.unwrap_or_default()));
                    }
                }
                Ok(TextMap(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}
