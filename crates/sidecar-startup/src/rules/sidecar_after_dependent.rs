//! A sidecar container is listed after an init container that needs it.
//!
//! # Why
//! Init containers start in order. One that runs before the proxy is up has no network if the Pod's traffic is redirected, and no
//! database if it is reached through a proxy. The setting `sidecars[].startsBefore` says which containers need a sidecar.
//!
//! # Settings
//! ```yaml
//! sidecars: [{match: {containerNames: [db-proxy]}, startsBefore: ["migrate-*"]}]
//! ```
//!
//! # Denied
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   initContainers:
//!     - {name: migrate-schema, image: "shop:1", command: [migrate]}
//!     - name: db-proxy
//!       image: db-proxy:1
//!       restartPolicy: Always
//!       startupProbe: {tcpSocket: {port: 5432}, periodSeconds: 1, failureThreshold: 60}
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
//!     - name: db-proxy
//!       image: db-proxy:1
//!       restartPolicy: Always
//!       startupProbe: {tcpSocket: {port: 5432}, periodSeconds: 1, failureThreshold: 60}
//!     - {name: migrate-schema, image: "shop:1", command: [migrate]}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to fix it
//! List the sidecar container before the init containers that need it.

use super::rule::Rule;
use crate::finding::{ErrorKind, Finding, Refusal, Subject};
use crate::model::glob::NameGlob;
use crate::model::texts::texts;
use crate::pod::Pod;
use crate::pod::container::{Container, ContainerKind};
use crate::repair::draft::Draft;
use crate::repair::edit::Edit;
use crate::repair::named_ports;
use crate::repair::plan::{Phase, Plan, Repair, Task};
use crate::repair::probe_source;
use crate::settings::action::Fix;
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;
use crate::startup::lineup::Place;
use crate::startup::mesh;

pub(super) const RULE: Rule = Rule {
    id: RuleId::SidecarAfterDependent,
    source: texts(include_str!("sidecar_after_dependent.rs")),
    check,
    repair: Some(Repair { needs: Fix::All, phase: Phase::Container, plan }),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let pod = context.pod;
    for container in &pod.containers {
        let ContainerKind::Sidecar(facts) = container.kind else { continue };
        let Some(ceiling) = facts.ceiling() else { continue };
        let Some(first) = first_dependent(pod, container) else { continue };
        let (name, first) = (container.name(), first.name());
        findings.push(Finding {
            subject: Subject::Container(container.id),
            path: pod.path_of(container),
            kind: ErrorKind::Forbidden,
            detail: format!(
                "sidecar container {name} starts after {first}, which needs it; list {name} before {first}"
            ),
            short: format!("sidecar {name} must be listed before {first}"),
            ceiling,
        });
    }
}

/// Whether the settings say that a container needs a sidecar. What belongs to a mesh has to run first, unless it is named as it is.
fn needs(container: &Container<'_>, sidecar: &Container<'_>) -> bool {
    let dependents = sidecar.declaration.map(|sidecar| sidecar.starts_before.as_slice()).unwrap_or_default();
    let name = &*container.fields.name;
    let is_meant = |glob: &NameGlob| glob.as_str() == name || !mesh::is_of_mesh(container);
    dependents.iter().any(|glob| glob.matches(name) && is_meant(glob))
}

/// The first container that needs a sidecar and starts before it.
fn first_dependent<'p>(pod: &'p Pod<'_>, sidecar: &Container<'_>) -> Option<&'p Container<'p>> {
    pod.containers.iter().take_while(|before| before.is_before(sidecar)).find(|before| needs(before, sidecar))
}

fn plan(task: &Task<'_, '_>, _: &Draft<'_>) -> Result<Plan, Refusal> {
    let Context { pod, settings, .. } = task.context;
    let container = task.container()?;
    let dependent = first_dependent(pod, container).ok_or("nothing needs it")?;
    // An init container added by an earlier repair comes after the sidecars; a second apply lists it before them.
    let is_wait =
        |before: &Container<'_>| settings.wait_for.iter().any(|wait| *before.fields.name == *wait.name);
    let before = pod.init_containers().take_while(|other| other.is_before(dependent));
    let before: Vec<_> = before.collect();
    let first_wait = before.iter().rev().take_while(|other| is_wait(other)).last().copied();
    let target = first_wait.unwrap_or(dependent);
    let passed: Vec<_> = pod
        .init_containers()
        .filter(|other| !other.is_before(target) && other.is_before(container))
        .collect();
    for other in passed {
        if mesh::is_of_mesh(other) {
            return Err(
                format!("it would start before {}, which the mesh needs to run first", other.name()).into()
            );
        }
        if other.is_native_sidecar() && needs(container, other) {
            return Err(format!("it needs {} itself, so neither can come first", other.name()).into());
        }
    }
    let init: Vec<_> = pod.init_containers().map(|other| other.id).collect();
    let position = init.iter().position(|other| *other == target.id).unwrap_or(init.len());
    let place = Place::at(&init, position);
    named_ports::stay_with_sidecar(pod, container, place)?;
    probe_source::opens(None, task.context, container, place)?;
    let what = format!("listed sidecar {} before {}", container.name(), dependent.name());
    Ok(Plan::new(what, vec![Edit::MoveToInit { container: container.id, before: Some(target.id) }]))
}
