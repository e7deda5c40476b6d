//! A Pod lacks a sidecar that the operator requires.
//!
//! # Why
//! Some sidecars belong in every Pod of a kind: an agent that ships its logs, a proxy that carries its traffic. The setting `sidecars`
//! says which Pods must have which (`requiredIn`), and what a repair inserts where it is missing (`container`). Any container that the
//! entry's `match` selects will do, except an ordinary init container, which runs to completion. A sidecar that Istio, Linkerd, Kuma,
//! Consul, Dapr or Vault will inject into the Pod counts if `match` selects its name.
//!
//! # Settings
//! ```yaml
//! sidecars:
//!   - match: {containerNames: [log-shipper]}
//!     requiredIn: {podSelector: {matchLabels: {logs: shipped}}}
//!     container: {name: log-shipper, image: "fluent/fluent-bit:4.1", args: [-i, forward, -o, stdout, -H], ports: [{containerPort: 2020}]}
//!     startupProbe: {httpGet: {path: /, port: 2020}, periodSeconds: 1, failureThreshold: 60}
//! ```
//!
//! # Denied
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop, labels: {logs: shipped}}
//! spec:
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # Allowed
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop, labels: {logs: shipped}}
//! spec:
//!   initContainers:
//!     - name: log-shipper
//!       image: fluent/fluent-bit:4.1
//!       args: [-i, forward, -o, stdout, -H]
//!       ports: [{containerPort: 2020}]
//!       restartPolicy: Always
//!       startupProbe: {httpGet: {path: /, port: 2020}, periodSeconds: 1, failureThreshold: 60}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to fix it
//! Add the sidecar that the message names to `initContainers`, with `restartPolicy: Always`, or ask the operator for it.
//!
//! `fix: Safe` inserts the entry's `container` as a sidecar container, after the other init containers, or where `position` and
//! `startsBefore` put it. With `oldNodes: Universal` and a node in reach that does not support sidecar containers, it inserts a native
//! and a classic copy.

use super::rule::Rule;
use crate::finding::{ErrorKind, Finding, Key, Refusal, Subject};
use crate::model::texts::texts;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::repair::draft::Draft;
use crate::repair::insertion;
use crate::repair::plan::{Phase, Plan, Repair, Task};
use crate::settings::action::{Action, Fix};
use crate::settings::required::Inserted;
use crate::settings::rule_id::RuleId;
use crate::settings::sidecar::Sidecar;
use crate::startup::context::Context;
use crate::startup::injectors::injected;

pub(super) const RULE: Rule = Rule {
    id: RuleId::MissingSidecar,
    source: texts(include_str!("missing_sidecar.rs")),
    check,
    repair: Some(Repair { needs: Fix::Safe, phase: Phase::Pod, plan }),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Context { pod, settings, .. } = context;
    for sidecar in settings.sidecars.iter().filter(|sidecar| pod.lacks(sidecar)) {
        let will_be_there =
            injected(pod, settings).iter().any(|to_come| sidecar.r#match.selects_name(&to_come.name));
        if !will_be_there {
            findings.push(match sidecar.inserted() {
                Some(inserted) => with_container(pod, sidecar, inserted),
                None => without_container(pod, sidecar),
            });
        }
    }
}

/// What tells the entries of `sidecars` apart, and survives a change of their order: the name of the container, or what is left of it.
fn key(sidecar: &Sidecar) -> Key {
    let name = sidecar.inserted().map(|inserted| inserted.name).or(sidecar.name.as_deref());
    name.map_or_else(|| sidecar.r#match.to_string(), str::to_owned).into()
}

/// The entry says which container is missing.
fn with_container(pod: &Pod<'_>, sidecar: &Sidecar, inserted: Inserted<'_>) -> Finding {
    let Inserted { name, image, .. } = inserted;
    if let Some(other) = pod.containers.iter().find(|other| *other.fields.name == *name) {
        return instead(pod, sidecar, other, image);
    }
    Finding {
        subject: Subject::Pod(key(sidecar)),
        path: pod.path().child("initContainers"),
        kind: ErrorKind::Required,
        detail: format!(
            "the operator requires a sidecar \"{name}\" beside {}; add it here with image {image:?} and restartPolicy: Always, or ask \
             the operator for the whole container",
            pod.application()
        ),
        short: format!("sidecar \"{name}\" is missing"),
        ceiling: Action::Deny,
    }
}

/// Another container has the name.
fn instead(pod: &Pod<'_>, sidecar: &Sidecar, other: &Container<'_>, image: &str) -> Finding {
    let name = other.name();
    let (field, kind, detail) = if sidecar.r#match.matches(&other.fields.name, &other.repository) {
        let detail = format!(
            "init container {name} runs to completion, so it is not the sidecar of this name that the operator requires; give it \
             restartPolicy: Always"
        );
        ("restartPolicy", ErrorKind::Required, detail)
    } else {
        let detail = format!(
            "{name} is not the sidecar of this name that the operator requires; use image {image:?}, or rename it and add that sidecar"
        );
        ("image", ErrorKind::Invalid, detail)
    };
    Finding {
        subject: Subject::Pod(key(sidecar)),
        path: pod.path_of(other).child(field),
        kind,
        detail,
        short: format!("{name} is not the sidecar that is required"),
        ceiling: Action::Deny,
    }
}

/// The entry only says how to recognize the container that is missing.
fn without_container(pod: &Pod<'_>, sidecar: &Sidecar) -> Finding {
    let (application, r#match) = (pod.application(), &sidecar.r#match);
    let label = sidecar.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    Finding {
        subject: Subject::Pod(key(sidecar)),
        path: pod.path().child("initContainers"),
        kind: ErrorKind::Required,
        detail: format!(
            "the operator requires a sidecar{label} beside {application}, with {match}; add it here with restartPolicy: Always, or ask \
             the operator for it"
        ),
        short: format!("a sidecar{label} with {match} is missing"),
        ceiling: Action::Deny,
    }
}

fn plan(task: &Task<'_, '_>, draft: &Draft<'_>) -> Result<Plan, Refusal> {
    let wanted = task.key()?;
    let mut entries = task.context.settings.sidecars.iter();
    let sidecar =
        entries.find(|sidecar| key(sidecar) == *wanted).ok_or("the setting sidecars has no such entry")?;
    insertion::plan(task.context, sidecar, draft)
}
