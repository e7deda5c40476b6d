//! A sidecar that the application needs at start is an entry of `containers`.
//!
//! # Why
//! The kubelet starts all entries of `containers` in one pass and waits for none of them to be ready, so the application may
//! come up before its sidecar; and since nothing ends such a sidecar, it keeps a Job from completing. A sidecar container, an
//! entry of `initContainers` with `restartPolicy: Always`, is started first, can hold the application until it is ready, is
//! stopped last, and does not keep a Job from completing (<https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>).
//!
//! Where a repair has made a pair of it for old and new nodes (`oldNodes: Universal`), the rule warns once the two copies have
//! different images.
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
//! # How to mend it
//! Move the entry to `initContainers` and give it `restartPolicy: Always` and a `startupProbe`. A mesh does it by itself once
//! it is told to inject native sidecars. Nodes need a kubelet of 1.29 or later.

use crate::native_only;
use crate::pod::{Container, ContainerKind, Pod};
use crate::repair::{Phase, Repair, conversion, universal};
use crate::rules::Rule;
use crate::settings::{Action, Fix, Settings};
use crate::violation::{ErrorKind, Finding};

pub(super) const RULE: Rule = Rule {
    id: "classic-sidecar",
    default: Action::Deny,
    source: native_only(include_str!("classic_sidecar.rs")),
    check,
    repair: Some(Repair { needs: Fix::All, phase: Phase::Container, make: conversion::make }),
};

fn check(pod: &Pod<'_>, settings: &Settings, findings: &mut Vec<Finding>) {
    findings.extend(pod.containers.iter().filter_map(|container| outdated_copy(pod, container)));
    // There, never-completing-job speaks.
    if pod.should_complete {
        return;
    }
    for container in &pod.containers {
        let ContainerKind::ClassicSidecar(facts) = container.kind else {
            continue;
        };
        let Some(ceiling) = facts.ceiling() else { continue };
        if settings.nodes.keep_classic(pod, container) {
            continue;
        }
        let name = container.name();
        let application = pod.application();
        findings.push(Finding {
            path: pod.path_of(container),
            kind: ErrorKind::Forbidden,
            detail: format!(
                "sidecar {name} (recognised {}) is in containers, where nothing makes sure that it is ready before \
                 {application} starts; move it to initContainers with restartPolicy: Always and a startupProbe",
                facts.recognised_by
            ),
            short: format!("sidecar {name} must move to initContainers"),
            ceiling,
            suggestion: None,
        });
    }
}

/// One copy of a pair got another image, as by `kubectl set image`, and the other did not.
fn outdated_copy(pod: &Pod<'_>, container: &Container<'_>) -> Option<Finding> {
    if !matches!(container.kind, ContainerKind::Copy) {
        return None;
    }
    let native = pod.containers.get(universal::native_copy_of(pod, container)?)?;
    (container.fields.image != native.fields.image).then(|| Finding {
        path: pod.path_of(native).child("image"),
        kind: ErrorKind::Invalid,
        detail: format!(
            "{} is the sidecar instead of {} on nodes that know sidecar containers, and has another image; give both the same",
            native.name(),
            container.name()
        ),
        short: format!("{} must have the image of {}", native.name(), container.name()),
        ceiling: Action::Warn,
        suggestion: None,
    })
}
