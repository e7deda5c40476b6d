//! A Pod lacks an init container that waits for one of its dependencies, as the operator requires.
//!
//! # Why
//! An application that crashes until its database is up loses minutes to back-off. An init container that waits loses seconds, and
//! `Init:0/1` shows what is going on. The setting `waitFor` says which Pods must have which init container. Name, image repository,
//! command and arguments must match; the tag may differ.
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
//! # How to fix it
//! Add the init container that the message names, as it is written in the setting `waitFor`.

use serde_json::{Map, Value, json};

use super::rule::Rule;
use crate::command::{asks_service, local_asks, names_own_pod};
use crate::finding::{ErrorKind, Finding, Key, Refusal, Subject};
use crate::model::container_id::ContainerId;
use crate::model::image;
use crate::model::texts::texts;
use crate::model::view::Text;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::repair::draft::Draft;
use crate::repair::edit::Edit;
use crate::repair::placement;
use crate::repair::plan::{Phase, Plan, Repair, Task};
use crate::repair::safety;
use crate::settings::action::{Action, Fix};
use crate::settings::rule_id::RuleId;
use crate::settings::wait_for::WaitFor;
use crate::startup::context::Context;
use crate::startup::lineup::{Lineup, Place};
use crate::startup::mesh;

pub(super) const RULE: Rule = Rule {
    id: RuleId::MissingWaitFor,
    source: texts(include_str!("missing_wait_for.rs")),
    check,
    repair: Some(Repair { needs: Fix::Safe, phase: Phase::Pod, plan }),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let pod = context.pod;
    for wait in &context.settings.wait_for {
        let is_there = |container: &Container<'_>| container.is_init_task() && is_same(container, wait);
        if !wait.pod_selector.matches(pod.labels()) || pod.containers.iter().any(is_there) {
            continue;
        }
        let name = &wait.name;
        let has_name = |container: &Container<'_>| *container.fields.name == *wait.name;
        // Names are unique across both lists.
        let taken = pod.app_list().position(&has_name);
        let (state, remedy) = if pod.init_containers().any(has_name) {
            ("differs from the one that the operator requires", "use".to_owned())
        } else if let Some(index) = taken {
            ("is missing", format!("rename containers[{index}], which has its name, and add it with"))
        } else {
            ("is missing", "add it with".to_owned())
        };
        let image = &wait.container.image;
        findings.push(Finding {
            subject: Subject::Pod(Key::from(name.clone())),
            path: pod.path().child("initContainers"),
            kind: ErrorKind::Required,
            detail: format!(
                "init container \"{name}\" {state}, so {} may start before its dependency is up; {remedy} image {image:?} and the \
                 command and args of the operator's setting waitFor",
                pod.application()
            ),
            short: format!("init container \"{name}\" {state}"),
            ceiling: Action::Deny,
        });
    }
}

/// The init container as the setting describes it.
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

fn is_same(container: &Container<'_>, wait: &WaitFor) -> bool {
    let agree = |words: &[Text<'_>], expected: &[String]| {
        words.iter().map(|word| &**word).eq(expected.iter().map(String::as_str))
    };
    let fields = container.fields;
    *fields.name == *wait.name
        && container.repository == image::repository(&wait.container.image)
        && agree(&fields.command, &wait.container.command)
        && agree(&fields.args, &wait.container.args)
}

fn plan(task: &Task<'_, '_>, draft: &Draft<'_>) -> Result<Plan, Refusal> {
    let Context { pod, settings, .. } = task.context;
    let name = task.key()?.as_str();
    let wait = settings
        .wait_for
        .iter()
        .find(|wait| wait.name == name)
        .ok_or("the setting waitFor has no such entry")?;
    placement::is_open_to(pod, name)?;
    let value = container(wait);
    safety::has_volumes(pod, draft, &value)?;
    safety::has_user(pod, &value)?;
    safety::has_no_privileges(draft, &value)?;
    let place = place(task.context, name, draft.init())?;
    is_answered(pod, wait, place)?;
    let what = format!("added init container \"{name}\"");
    Ok(Plan::new(what, vec![Edit::AddInit { value, before: place.before() }]))
}

/// Checks that whoever an init container waits for in its own Pod starts before it.
///
/// # Errors
/// Who does not.
fn is_answered(pod: &Pod<'_>, wait: &WaitFor, place: Place<'_>) -> Result<(), Refusal> {
    let words: Vec<_> = wait.container.command.iter().chain(&wait.container.args).collect();
    if let Some(service) = pod.service().filter(|service| asks_service(&words, service)) {
        return Err(
            format!("it asks Service {service:?}, which leads to this Pod only once that is ready").into()
        );
    }
    // On the node's network, a process of the node may answer.
    if pod.spec().host_network || !names_own_pod(&words) {
        return Ok(());
    }
    // An id that the Pod does not know was added by this repair, and an entry of `containers` was moved.
    let is_server =
        |id: &&ContainerId| pod.get(**id).is_none_or(|other| other.is_native_sidecar() || !other.is_init());
    let earlier: Vec<_> = place.earlier.iter().filter(is_server).collect();
    if earlier.is_empty() {
        return Err("it waits for its own Pod, in which no sidecar starts before it".into());
    }
    for ask in local_asks(&words) {
        let declares = |container: &&Container<'_>| container.declares(i32::from(ask.port));
        let mut owners = pod.containers.iter().filter(declares).peekable();
        let Some(first) = owners.peek().map(|owner| owner.name()) else { continue };
        if !owners.any(|owner| earlier.contains(&&owner.id)) {
            return Err(
                format!("it waits for port {} of {first}, which would start after it", ask.port).into()
            );
        }
    }
    Ok(())
}

/// The place of an init container that waits: after the sidecars, which it may need, and the mesh's own, without which it has no
/// network; or else before the mesh's own, where the start-up graph allows only that.
///
/// # Errors
/// Who would wait for whom at either place.
fn place<'i>(context: &Context<'_>, name: &str, init: &'i [ContainerId]) -> Result<Place<'i>, Refusal> {
    let Context { pod, settings, .. } = context;
    let at = |id: &ContainerId| pod.get(*id);
    // An id that the Pod does not know was added by this repair.
    let is_ahead =
        |id: &ContainerId| at(id).is_none_or(|other| other.is_native_sidecar() || mesh::is_of_mesh(other));
    let after = init.iter().rposition(is_ahead).map_or(0, |last| last + 1);
    let first_of_mesh = init.iter().position(|id| at(id).is_some_and(mesh::is_of_mesh));
    let is_sidecar = |id: &ContainerId| at(id).is_some_and(Container::is_native_sidecar);
    // Before the mesh's own, it would also start before the sidecars there.
    let ahead = first_of_mesh.filter(|first| !init.iter().skip(*first).any(is_sidecar));
    let mut reason = None;
    for position in std::iter::once(after).chain(ahead) {
        let place = Place::at(init, position);
        match context.sent().broken(&Lineup::with_task(pod, settings, name, place), Some(name)) {
            None => return Ok(place),
            Some(broken) => reason = reason.or(Some(broken.reason)),
        }
    }
    Err(reason.unwrap_or_default().into())
}
