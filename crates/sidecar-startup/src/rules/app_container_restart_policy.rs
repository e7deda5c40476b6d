//! An entry of `containers` has `restartPolicy: Always`, which makes no sidecar container of it.
//!
//! # Why
//! Only an entry of `initContainers` with `restartPolicy: Always` is a sidecar container. On an entry of `containers` an API
//! server up to 1.33 refuses the field and one of 1.34 drops it; from 1.35 on it is accepted and means that the container is
//! restarted whatever the Pod's policy is, so that a Job never completes (KEP-5307; `pkg/apis/core/validation/validation.go`).
//! Whoever writes it there usually means a sidecar.
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
//! # How to mend it
//! Move a sidecar to `initContainers`; take the field away from anything else.

use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;
use crate::model::texts::texts;
use super::rule::Rule;
use crate::settings::action::Action;
use crate::finding::{ErrorKind, Finding, Subject};

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
                "restartPolicy: Always makes container {name} restart for ever, but no sidecar container of it, since it is in \
                 containers; move it to initContainers if it is one, or take the field away"
            ),
            short: format!("in containers, this makes no sidecar of {name}"),
            ceiling: Action::Deny,
        });
    }
}
