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

use crate::image;
use crate::native_only;
use crate::pod::{ContainerKind, Pod};
use crate::rules::Rule;
use crate::settings::{Action, Settings};
use crate::violation::{ErrorKind, Finding};

pub(super) const RULE: Rule = Rule {
    id: "sidecar-after-dependent",
    default: Action::Deny,
    source: native_only(include_str!("sidecar_after_dependent.rs")),
    check,
};

fn check(pod: &Pod<'_>, settings: &Settings, findings: &mut Vec<Finding>) {
    for (position, container) in pod.containers.iter().enumerate() {
        let ContainerKind::Sidecar(facts) = container.kind else { continue };
        let Some(ceiling) = facts.ceiling() else { continue };
        let repository = image::repository(&container.fields.image);
        let mut declarations = settings.sidecars.iter();
        let declaration =
            declarations.find(|sidecar| sidecar.r#match.matches(&container.fields.name, &repository));
        let dependents = declaration.map(|sidecar| sidecar.starts_before.as_slice()).unwrap_or_default();
        let needs_it = |name: &str| dependents.iter().any(|glob| glob.matches(name));
        let Some(first) = pod.containers.iter().take(position).find(|before| needs_it(&before.fields.name))
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
