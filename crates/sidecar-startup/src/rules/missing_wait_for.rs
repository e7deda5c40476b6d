//! A Pod has no init container that waits for what the operator says it depends on.
//!
//! # Why
//! An application that crashes until its database is there costs minutes of back-off; an init container that waits costs seconds,
//! and `Init:0/1` tells what is going on. The setting `waitFor` says which Pods have to have which. Name, image repository, command
//! and arguments must agree; the tag may differ.
//!
//! # Settings
//! ```yaml
//! waitFor:
//!   - name: wait-for-postgres
//!     podSelector: {matchLabels: {app: shop}}
//!     container: {image: "postgres:16", command: [sh, -c, "until pg_isready -h postgres; do sleep 2; done"]}
//! ```
//!
//! # Denied
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop, labels: {app: shop}}
//! spec:
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # Allowed
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop, labels: {app: shop}}
//! spec:
//!   initContainers:
//!     - {name: wait-for-postgres, image: "postgres:17", command: [sh, -c, "until pg_isready -h postgres; do sleep 2; done"]}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to mend it
//! Add the init container that the message names, as the operator has written it.

use serde_json::json;

use crate::image;
use crate::native_only;
use crate::object::{ContainerFields, Text};
use crate::pod::{Container, ContainerKind, Pod};
use crate::rules::Rule;
use crate::settings::{Action, Settings, WaitFor};
use crate::violation::{ErrorKind, Finding};

pub(super) const RULE: Rule = Rule {
    id: "missing-wait-for",
    default: Action::Deny,
    source: native_only(include_str!("missing_wait_for.rs")),
    check,
};

fn check(pod: &Pod<'_>, settings: &Settings, findings: &mut Vec<Finding>) {
    for wait in &settings.wait_for {
        let is_there = |container: &Container<'_>| {
            matches!(container.kind, ContainerKind::Init(_)) && is_same(container.fields, wait)
        };
        if !wait.pod_selector.matches(pod.labels()) || pod.containers.iter().any(is_there) {
            continue;
        }
        let name = &wait.name;
        let same_name = pod.containers.iter().any(|container| *container.fields.name == **name);
        let state = if same_name { "is another one than the operator wants" } else { "is missing" };
        findings.push(Finding {
            path: pod.path().child("initContainers"),
            kind: ErrorKind::Required,
            detail: format!(
                "init container \"{name}\", which makes {} wait for what it depends on, {state}; add it as the setting waitFor \
                 has it",
                pod.application()
            ),
            short: format!("init container \"{name}\" {state}"),
            ceiling: Action::Deny,
            suggestion: Some(json!([{
                "name": name,
                "image": wait.container.image,
                "command": wait.container.command,
                "args": wait.container.args,
            }])),
        });
    }
}

fn is_same(fields: &ContainerFields<'_>, wait: &WaitFor) -> bool {
    let agree = |words: &[Text<'_>], expected: &[String]| {
        words.iter().map(|word| &**word).eq(expected.iter().map(String::as_str))
    };
    *fields.name == *wait.name
        && image::repository(&fields.image) == image::repository(&wait.container.image)
        && agree(&fields.command, &wait.container.command)
        && agree(&fields.args, &wait.container.args)
}
