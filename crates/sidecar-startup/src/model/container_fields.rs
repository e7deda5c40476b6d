//! The view of a container. Probes, hooks and ports are `k8s-openapi` types.

use k8s_openapi::api::core::v1::{ContainerPort, Lifecycle, LifecycleHandler, Probe};
use serde::de::IgnoredAny;

use crate::model::resources::Requests;
use crate::model::view::{Text, Unread, items, view};

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
        "securityContext" security_context: Unread<'a>,
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
        "valueFrom" value_from: Unread<'a>,
    }
}

impl EnvVar<'_> {
    /// Whether its value is the address of its Pod.
    #[must_use]
    pub fn is_address_of_pod(&self) -> bool {
        let source = self.value_from.value();
        let path = source.get("fieldRef").and_then(|field| field.get("fieldPath"));
        path.is_some_and(|path| path == "status.podIP" || path == "status.podIPs")
    }
}

impl ContainerFields<'_> {
    /// The items of `command`, followed by those of `args`.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.command.iter().chain(&self.args).map(|word| &**word)
    }

    /// The field with the last words of its command.
    #[must_use]
    pub const fn command_field(&self) -> &'static [&'static str] {
        if self.args.is_empty() { &["command"] } else { &["args"] }
    }

    /// The `postStart` hook, if any.
    #[must_use]
    pub fn post_start(&self) -> Option<&LifecycleHandler> {
        self.lifecycle.as_ref().and_then(|lifecycle| lifecycle.post_start.as_ref())
    }

    /// The `preStop` hook, if any.
    #[must_use]
    pub fn pre_stop(&self) -> Option<&LifecycleHandler> {
        self.lifecycle.as_ref().and_then(|lifecycle| lifecycle.pre_stop.as_ref())
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

    /// The environment variables in `env`, in order.
    #[must_use]
    pub fn variables(&self) -> Vec<EnvVar<'_>> {
        self.env.read().unwrap_or_default()
    }

    /// Whether the text of the variables has this part of a name: a quick look before they are read.
    #[must_use]
    pub fn variables_mention(&self, part: &str) -> bool {
        self.env.mentions(part)
    }

    /// Whether the container takes variables from elsewhere by `envFrom`.
    #[must_use]
    pub fn has_env_from(&self) -> bool {
        let sources: Option<Vec<IgnoredAny>> = self.env_from.read();
        sources.is_none_or(|sources| !sources.is_empty())
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
