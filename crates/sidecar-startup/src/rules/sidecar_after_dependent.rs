//! A sidecar container is listed after an init container that needs it.
//!
//! # Why
//! Init containers start in their order. One that runs before the proxy is up has no network where the Pod's traffic is redirected,
//! and no database where a proxy leads to it. The setting `sidecars[].startsBefore` says who needs a sidecar.
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
//! # How to mend it
//! List the sidecar container before the init containers that need it.

use crate::edit::Draft;
use crate::image;
use crate::native_only;
use crate::pod::{Container, ContainerKind, Pod};
use crate::repair::{Phase, Refusal, Repair, Task, safety, universal};
use crate::rules::Rule;
use crate::settings::{Action, Fix, Settings};
use crate::violation::{ErrorKind, Finding};

pub(super) const RULE: Rule = Rule {
    id: "sidecar-after-dependent",
    default: Action::Deny,
    source: native_only(include_str!("sidecar_after_dependent.rs")),
    check,
    repair: Some(Repair { needs: Fix::All, phase: Phase::Container, make }),
};

fn check(pod: &Pod<'_>, settings: &Settings, findings: &mut Vec<Finding>) {
    for (position, container) in pod.containers.iter().enumerate() {
        let ContainerKind::Sidecar(facts) = container.kind else { continue };
        let Some(ceiling) = facts.ceiling() else { continue };
        let Some(first) =
            first_dependent(pod, position, settings).and_then(|first| pod.containers.get(first))
        else {
            continue;
        };
        let (name, first) = (container.name(), first.name());
        findings.push(Finding {
            path: pod.path_of(container),
            kind: ErrorKind::Forbidden,
            detail: format!(
                "sidecar container {name} starts after {first}, which needs it; list {name} before {first}"
            ),
            short: format!("sidecar {name} must be listed before {first}"),
            ceiling,
            suggestion: None,
        });
    }
}

/// Whether a container needs a sidecar, by what the operator says of the sidecar.
fn needs(settings: &Settings, container: &Container<'_>, sidecar: &Container<'_>) -> bool {
    let repository = image::repository(&sidecar.fields.image);
    let declaration = settings.declaration(universal::declared_name(sidecar.fields), &repository);
    let dependents = declaration.map(|sidecar| sidecar.starts_before.as_slice()).unwrap_or_default();
    dependents.iter().any(|glob| glob.matches(&container.fields.name))
}

/// The place of the first init container that needs a sidecar and starts before it.
fn first_dependent(pod: &Pod<'_>, place: usize, settings: &Settings) -> Option<usize> {
    let sidecar = pod.containers.get(place)?;
    pod.containers.iter().take(place).position(|before| needs(settings, before, sidecar))
}

fn make(task: &Task<'_>, draft: &mut Draft<'_>) -> Result<String, Refusal> {
    let Task { pod, settings, place, .. } = *task;
    let container = task.container()?;
    let first = first_dependent(pod, place, settings).ok_or("nothing needs it")?;
    // An init container that an earlier repair has added waits behind the sidecars, and a second apply lists it before them.
    let is_wait =
        |before: &Container<'_>| settings.wait_for.iter().any(|wait| *before.fields.name == *wait.name);
    let waits = pod.containers.iter().take(first).rev().take_while(|before| is_wait(before)).count();
    let first = first - waits;
    let passed: Vec<_> = (first..place).collect();
    safety::may_pass(pod, container, &passed)?;
    for other in passed.iter().filter_map(|place| pod.containers.get(*place)) {
        if safety::is_of_mesh(other) {
            return Err(format!("it would start before {}, which the mesh needs first", other.name()).into());
        }
        if matches!(other.kind, ContainerKind::Sidecar(_)) && needs(settings, container, other) {
            return Err(format!("it needs {} in turn, so that neither can come first", other.name()).into());
        }
    }
    let target = draft.init().iter().position(|other| *other == first).ok_or("nothing needs it")?;
    draft.move_to_init(target, place);
    let first = pod.containers.get(first + waits).map(|first| first.name().to_string()).unwrap_or_default();
    Ok(format!("listed sidecar {} before {first}", container.name()))
}
