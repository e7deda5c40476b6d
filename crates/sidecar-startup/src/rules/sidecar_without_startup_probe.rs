//! A sidecar container has no gate that holds back the application until the sidecar is ready.
//!
//! # Why
//! The kubelet starts the next container as soon as a sidecar container has *started*. It waits longer only for a `startupProbe`,
//! which must succeed, or a `postStart` hook, which must return. A `readinessProbe` or `livenessProbe` holds nothing back
//! (`pkg/kubelet/kuberuntime/kuberuntime_container.go`, `computeInitContainerActions`). If the kubelet restarts while a hook runs, the
//! hook is skipped, so hooks count only if the setting `gates` allows them. A sidecar needs no gate of its own where the next
//! ordinary init container, or each application if there is none, waits until it answers, or until a file is there that it may write.
//!
//! # Denied
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   initContainers:
//!     - name: proxy
//!       image: proxy:1
//!       restartPolicy: Always
//!       readinessProbe: {httpGet: {path: /ready, port: 8080}}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # Allowed
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   initContainers:
//!     - name: proxy
//!       image: proxy:1
//!       restartPolicy: Always
//!       startupProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1, failureThreshold: 600}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to fix it
//! Add a `startupProbe` that succeeds once the sidecar can do its work; its `readinessProbe` usually checks that already. Set
//! `periodSeconds: 1`: the default of 10 adds up to ten seconds to every start.
//!
//! `fix: Safe` adds the probe that the setting `sidecars` or the catalogue has. `fix: All` also derives one from the `readinessProbe`, or
//! from the `livenessProbe` if there is none. `Safe` does not, since a failing `startupProbe` keeps the application from starting, and
//! the readiness of some sidecars depends on the application.

use k8s_openapi::api::core::v1::Probe;

use super::rule::{Rule, or_call_helper};
use crate::finding::{ErrorKind, Finding, Refusal, Subject};
use crate::model::container_fields::ContainerFields;
use crate::model::gate::{hook_is_gate, probe_is_gate};
use crate::model::texts::texts;
use crate::pod::container::{Container, ContainerKind};
use crate::repair::draft::Draft;
use crate::repair::edit::Edit;
use crate::repair::plan::{Phase, Plan, Repair, Task, Trial};
use crate::repair::probe_source::{self, NO_PROBE, Source};
use crate::settings::action::{Action, Fix};
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;
use crate::startup::lineup::Place;

pub(super) const RULE: Rule = Rule {
    id: RuleId::SidecarWithoutStartupProbe,
    source: texts(include_str!("sidecar_without_startup_probe.rs")),
    check,
    repair: Some(Repair { needs: Fix::Safe, phase: Phase::Container, plan }),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for container in &context.pod.containers {
        let ContainerKind::Sidecar(facts) = container.kind else { continue };
        let Some(ceiling) = facts.ceiling() else { continue };
        // A gate that never opens is reported as such, not as missing.
        if !has_gate(context, container)
            && context.reported_dead_gate(container).is_none()
            && !context.is_waited_for(container)
        {
            findings.push(without_gate(context, container, ceiling));
        }
    }
}

/// Whether a sidecar container has a gate that is accepted.
fn has_gate(context: &Context<'_>, container: &Container<'_>) -> bool {
    container.fields.startup_probe.as_ref().is_some_and(probe_is_gate)
        // The gate that a sidecar's own project ships is accepted, whatever the settings say.
        || has_known_hook(container)
        || (context.settings.gates.post_start && container.fields.post_start().is_some_and(hook_is_gate))
}

/// Whether a container has exactly the hook that its own project ships as a gate.
fn has_known_hook(container: &Container<'_>) -> bool {
    let hook = container.fields.post_start().and_then(|hook| hook.exec.as_ref());
    let (Some(row), Some(command)) = (container.row(), hook.and_then(|exec| exec.command.as_deref())) else {
        return false;
    };
    let known = row.wait_command.as_ref().map(|wait| wait.what).unwrap_or_default();
    let is_native_gate = row.native_gate.is_some_and(|word| command.iter().any(|listed| listed == word))
        && row.has_image(&container.repository);
    is_native_gate || (!known.is_empty() && command.iter().map(String::as_str).eq(known.iter().copied()))
}

fn without_gate(context: &Context<'_>, container: &Container<'_>, ceiling: Action) -> Finding {
    let pod = context.pod;
    let name = container.name();
    let application = pod.application();
    let (kind, state, short) = match &container.fields.startup_probe {
        Some(probe) => (ErrorKind::Invalid, state_of(probe, &application), short_of(probe)),
        None => (
            ErrorKind::Required,
            state_without_probe(container.fields, &application),
            "has no startupProbe; add one",
        ),
    };
    let remedy = if kind == ErrorKind::Required {
        format!("add a startupProbe{}", probe_source::advice(context, container))
    } else {
        "make it check that the sidecar is ready".to_owned()
    };
    Finding {
        subject: Subject::Container(container.id),
        path: pod.path_of(container).child("startupProbe"),
        kind,
        detail: format!("sidecar container {name} {state}; {remedy}{}", or_call_helper(pod, container)),
        short: format!("sidecar {name} {short}"),
        ceiling,
    }
}

/// Why a `startupProbe` does not count as a gate.
fn state_of(probe: &Probe, application: &str) -> String {
    if probe.exec.is_some() {
        format!("has a startupProbe that succeeds at once, so it does not hold back {application}")
    } else {
        format!("has a startupProbe without a handler, which does not hold back {application}")
    }
}

const fn short_of(probe: &Probe) -> &'static str {
    if probe.exec.is_some() {
        "has a startupProbe that succeeds at once; make it check the sidecar"
    } else {
        "has a startupProbe without a handler; make it check the sidecar"
    }
}

/// Says what the container has instead, since its author probably took that for a gate.
fn state_without_probe(fields: &ContainerFields<'_>, application: &str) -> String {
    let readiness = fields.readiness_probe.as_ref().map(|_| "readinessProbe");
    let liveness = fields.liveness_probe.as_ref().map(|_| "livenessProbe");
    let probes = match (readiness, liveness) {
        (Some(readiness), Some(liveness)) => format!("a {readiness} and a {liveness}, which do"),
        (Some(probe), None) | (None, Some(probe)) => format!("a {probe}, which does"),
        (None, None) => String::new(),
    };
    match (fields.post_start(), probes.as_str()) {
        (None, "") => format!("has no startupProbe, so {application} does not wait until it is ready"),
        (None, probes) => format!("has only {probes} not hold back {application}"),
        (Some(hook), _) if !hook_is_gate(hook) => {
            format!("has only a postStart hook that does nothing, which does not hold back {application}")
        }
        (Some(_), _) => format!(
            "has only a postStart hook to hold back {application}, but a kubelet restart skips it and the operator requires a \
             startupProbe"
        ),
    }
}

fn plan(task: &Task<'_, '_>, draft: &Draft<'_>) -> Result<Plan, Refusal> {
    let container = task.container()?;
    if container.fields.startup_probe.is_some() {
        return Err("its startupProbe may be intentional".into());
    }
    let source = match task.trial {
        Trial::Alone => Source::find(task.context, container, Place::of(draft.init(), container.id))?,
        Trial::Together => Source::untried(task.context, container)?,
    };
    let needs = source.needs();
    let what = format!("added a startupProbe to sidecar {}, from {source}", container.name());
    let value = source.probe(|field| draft.get(container.id, field)).ok_or(NO_PROBE)?;
    let edits = vec![Edit::Set { container: container.id, path: &["startupProbe"], value }];
    Ok(Plan { needs, ..Plan::new(what, edits) })
}
