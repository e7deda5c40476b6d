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

use serde_json::{Map, Value, json};

use crate::edit::Draft;
use crate::image;
use crate::native_only;
use crate::object::{ContainerFields, Text};
use crate::pod::{Container, ContainerKind, Pod};
use crate::repair::{Phase, Refusal, Repair, Task, safety};
use crate::rules::Rule;
use crate::settings::{Action, Fix, Settings, WaitFor};
use crate::violation::{ErrorKind, Finding};

pub(super) const RULE: Rule = Rule {
    id: "missing-wait-for",
    default: Action::Deny,
    source: native_only(include_str!("missing_wait_for.rs")),
    check,
    repair: Some(Repair { needs: Fix::Safe, phase: Phase::Pod, make }),
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
            suggestion: Some(json!([container(wait)])),
        });
    }
}

/// The init container as the operator wants it.
fn container(wait: &WaitFor) -> Value {
    let mut fields = Map::new();
    fields.insert("name".to_owned(), json!(wait.name));
    fields.insert("image".to_owned(), json!(wait.container.image));
    for (key, words) in [("command", &wait.container.command), ("args", &wait.container.args)] {
        if !words.is_empty() {
            fields.insert(key.to_owned(), json!(words));
        }
    }
    fields.extend(wait.container.further_fields().map(|(key, value)| (key.to_owned(), value.clone())));
    fields.into()
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

fn make(task: &Task<'_>, draft: &mut Draft<'_>) -> Result<String, Refusal> {
    let Task { pod, finding, .. } = *task;
    if pod.spec().is_windows() {
        return Err("the Pod runs on Windows".into());
    }
    let wanted = finding.suggestion.as_ref().and_then(|list| list.get(0)).ok_or("nothing is to be added")?;
    let name = wanted.get("name").and_then(Value::as_str).unwrap_or_default();
    if pod.containers.iter().any(|container| *container.fields.name == *name) {
        return Err("another container has the name".into());
    }
    draft.add_init(place_for_wait(pod, draft)?, wanted.clone());
    Ok(format!("added init container \"{name}\""))
}

/// Where an init container that waits goes: after the sidecars, which it may need, and the mesh's own, without which it has no
/// network; but before those where the proxy of the mesh is a classic one, since nothing has a network between the two.
fn place_for_wait(pod: &Pod<'_>, draft: &Draft<'_>) -> Result<usize, Refusal> {
    let at = |place: &usize| pod.containers.get(*place);
    let is_ahead = |place: &usize| {
        // What is no container of the Pod has been added by this repair.
        at(place)
            .is_none_or(|other| matches!(other.kind, ContainerKind::Sidecar(_)) || safety::is_of_mesh(other))
    };
    let last = draft.init().iter().rposition(is_ahead).map_or(0, |last| last + 1);
    let is_present = |container: &&Container<'_>| container.redirects_traffic() && !container.is_init();
    let Some(proxy) = pod.containers.iter().find(is_present) else { return Ok(last) };
    let is_init_of_mesh =
        |other: &Container<'_>| matches!(other.kind, ContainerKind::Init(_)) && safety::is_of_mesh(other);
    let first = draft.init().iter().position(|place| at(place).is_some_and(is_init_of_mesh));
    let is_sidecar =
        |place: &usize| at(place).is_some_and(|other| matches!(other.kind, ContainerKind::Sidecar(_)));
    // Where a plugin redirects the traffic, from the start on, the init container only looks whether it has.
    let is_validator = |first: usize| {
        draft.init().get(first).and_then(at).is_some_and(|other| other.fields.name.contains("validat"))
    };
    match first {
        Some(first) if is_validator(first) => {
            Err(format!("without a network until {} starts, it would wait for ever", proxy.name()).into())
        }
        Some(first) if !draft.init().iter().skip(first).any(is_sidecar) => Ok(first),
        _ => Err(format!("it may have no network until {} starts", proxy.name()).into()),
    }
}
