//! An app container has `restartPolicy: Always`, which does not make it a sidecar container.
//!
//! # Why
//! Only an entry of `initContainers` with `restartPolicy: Always` is a sidecar container. On an entry of `containers`, API servers up
//! to 1.33 reject the field and 1.34 drops it. Since 1.35 it is accepted and means that the container is restarted whatever the Pod's
//! own `restartPolicy` says, so a Job never completes (KEP-5307; `pkg/apis/core/validation/validation.go`). Someone who writes it
//! there usually wants a sidecar.
//!
//! # Warned
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   containers:
//!     - {name: shop, image: "shop:1"}
//!     - {name: shipper, image: "shipper:1", restartPolicy: Always}
//! ```
//!
//! # Allowed
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   initContainers:
//!     - name: shipper
//!       image: shipper:1
//!       restartPolicy: Always
//!       startupProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1, failureThreshold: 60}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to fix it
//! If the container is a sidecar, move it to `initContainers`; otherwise remove the field.

use super::rule::Rule;
use crate::finding::{ErrorKind, Finding, Subject};
use crate::model::texts::texts;
use crate::settings::action::Action;
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;

pub(super) const RULE: Rule = Rule {
    id: RuleId::AppContainerRestartPolicy,
    source: texts(include_str!("app_container_restart_policy.rs")),
    check,
    repair: None,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let pod = context.pod;
    for container in &pod.containers {
        let is_misplaced = container.fields.restart_policy.as_deref() == Some("Always");
        if !(is_misplaced && container.is_app()) {
            continue;
        }
        let name = container.name();
        findings.push(Finding {
            subject: Subject::Container(container.id),
            path: pod.path_of(container).child("restartPolicy"),
            kind: ErrorKind::Invalid,
            detail: format!(
                "restartPolicy: Always restarts app container {name} forever, but does not make it a sidecar container; move it \
                 to initContainers if it is a sidecar, otherwise remove the field"
            ),
            short: format!("does not make {name} a sidecar container; move it to initContainers, or remove the field"),
            ceiling: Action::Deny,
        });
    }
}
