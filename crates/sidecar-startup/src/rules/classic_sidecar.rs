//! A sidecar that the application needs at start-up is listed in `containers`.
//!
//! # Why
//! The kubelet starts all entries of `containers` in one pass without waiting for any of them to be ready, so the application may
//! come up before its sidecar. Nothing stops such a sidecar either, so it keeps a Job from completing. A sidecar container, that is
//! an entry of `initContainers` with `restartPolicy: Always`, starts first, can hold back the application until it is ready, stops
//! last, and lets a Job complete (<https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>).
//!
//! In a Pod that should complete, the rule stays silent where `never-completing-job` reports the same sidecar for a Job; where the
//! application waits for it by its own command (`linkerd-await`, scuttle with `ENVOY_ADMIN_API`, kubexit with birth dependencies, a loop
//! around a check of it); and where the controller of Argo Workflows or Tekton orders all containers. It only warns where an operator
//! owns such a Pod.
//!
//! Where a repair has split a sidecar into a native and a classic copy, for old and new nodes (`oldNodes: Universal`), the rule
//! warns if the images of the two copies differ.
//!
//! # Denied
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   containers:
//!     - {name: shop, image: "shop:1"}
//!     - {name: istio-proxy, image: "docker.io/istio/proxyv2:1.27.0"}
//! ```
//!
//! # Allowed
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   initContainers:
//!     - name: istio-proxy
//!       image: docker.io/istio/proxyv2:1.27.0
//!       restartPolicy: Always
//!       startupProbe: {httpGet: {path: /healthz/ready, port: 15021}, periodSeconds: 1, timeoutSeconds: 3, failureThreshold: 600}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to fix it
//! Move the entry to `initContainers` and give it `restartPolicy: Always` and a `startupProbe`. A service mesh does this itself
//! when it is configured to inject native sidecars. Nodes need kubelet 1.29 or later.

use super::rule::{Rule, or_call_helper};
use crate::finding::{ErrorKind, Finding, Subject};
use crate::model::texts::texts;
use crate::pod::Pod;
use crate::pod::container::{Container, ContainerKind, Facts};
use crate::pod::coordination::{Classic, is_awaited};
use crate::pod::ending::is_orchestrated;
use crate::pod::owner::Owner;
use crate::repair::conversion;
use crate::repair::plan::{Phase, Repair};
use crate::repair::probe_source;
use crate::settings::action::{Action, Fix};
use crate::settings::rule_id::RuleId;
use crate::startup::completion;
use crate::startup::context::Context;

pub(super) const RULE: Rule = Rule {
    id: RuleId::ClassicSidecar,
    source: texts(include_str!("classic_sidecar.rs")),
    check,
    repair: Some(Repair { needs: Fix::All, phase: Phase::Container, plan: conversion::plan }),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let pod = context.pod;
    findings.extend(pod.containers.iter().filter_map(|container| outdated_copy(pod, container)));
    for container in &pod.containers {
        let ContainerKind::ClassicSidecar(facts) = container.kind else { continue };
        let Some(ceiling) = facts.ceiling() else { continue };
        if context.keeps_classic(container) || (pod.should_complete && is_settled(context, container, facts))
        {
            continue;
        }
        let is_of_operator = pod.should_complete && pod.owner == Owner::Operator;
        let name = container.name();
        let remedy = match pod.native_copy_of(container) {
            // The settings no longer make pairs.
            Some(copy) => format!("remove it or its native copy {}, which would run beside it", copy.name()),
            None => format!(
                "move it to initContainers with restartPolicy: Always and a startupProbe{}{}",
                probe_source::advice(context, container),
                or_call_helper(pod, container)
            ),
        };
        findings.push(Finding {
            subject: Subject::Container(container.id),
            path: pod.path_of(container),
            kind: ErrorKind::Forbidden,
            detail: format!(
                "sidecar {name} ({facts}) is listed under spec.containers, so {} can start before it is ready; {remedy}",
                pod.application()
            ),
            short: format!("sidecar {name} belongs in initContainers, with a startupProbe"),
            ceiling: if is_of_operator { ceiling.min(Action::Warn) } else { ceiling },
        });
    }
}

/// Whether nothing is to be said about the place of a sidecar in a Pod that should complete: a controller orders its containers, its
/// application waits for the sidecar itself, or `never-completing-job` reports it.
fn is_settled(context: &Context<'_>, sidecar: &Container<'_>, facts: Facts) -> bool {
    is_orchestrated(context.pod)
        || is_awaited(context.pod, Classic::Present(sidecar))
        || completion::is_reported(context, sidecar, facts)
}

/// The image of one copy of a pair was changed, as by `kubectl set image`, and that of the other was not.
fn outdated_copy(pod: &Pod<'_>, container: &Container<'_>) -> Option<Finding> {
    if !matches!(container.kind, ContainerKind::PairCopy) {
        return None;
    }
    let native = pod.native_copy_of(container)?;
    (container.fields.image != native.fields.image).then(|| Finding {
        subject: Subject::Container(native.id),
        path: pod.path_of(native).child("image"),
        kind: ErrorKind::Invalid,
        detail: format!(
            "{} replaces {} on nodes that support sidecar containers, but has a different image; give both the same image",
            native.name(),
            container.name()
        ),
        short: format!("{} must have the same image as {}", native.name(), container.name()),
        ceiling: Action::Warn,
    })
}
