//! A gate opens even though the sidecar is not ready.
//!
//! # Why
//! A fixed sleep, in a probe, in a hook or before the application's real work, is too long on a good day and too short on a bad one. A
//! hook with `httpGet` makes one request and accepts any response, even a 500 (`pkg/kubelet/lifecycle/handlers.go`), and a loop around
//! `curl` without `-f` accepts any response, too. A command that cannot fail, such as `check || true`, opens the gate at once. A
//! `startupProbe` that names another host, or a probe or hook that asks for a port which an earlier container declares instead of its own,
//! says nothing about its own container.
//!
//! # Warned
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   containers:
//!     - {name: shop, image: "shop:1", command: [sh, -c, "sleep 30 && exec shop"]}
//! ```
//!
//! # Allowed
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   initContainers:
//!     - {name: wait-for-config, image: "curl:1", command: [sh, -c, "until curl -fs config:8080/info; do sleep 2; done"]}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to fix it
//! Check whether the sidecar or the dependency is ready: with a `startupProbe`, or with a command that fails until it is.

use k8s_openapi::api::core::v1::{LifecycleHandler, Probe};

use super::rule::Rule;
use crate::command::{Ends, outcome, takes_any_answer};
use crate::finding::{ErrorKind, Finding, Subject};
use crate::model::gate::probe_is_gate;
use crate::model::handler::Target;
use crate::model::texts::texts;
use crate::pod::container::{Container, ContainerKind};
use crate::settings::action::Action;
use crate::settings::rule_id::RuleId;
use crate::startup::check::ForeignGate;
use crate::startup::context::Context;

pub(super) const RULE: Rule = Rule {
    id: RuleId::StartupGateProvesNothing,
    source: texts(include_str!("startup_gate_proves_nothing.rs")),
    check,
    repair: None,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut is_app_before = false;
    for container in &context.pod.containers {
        is_app_before |= container.is_app();
        let relies_on_hook = relies_on_hook(context, container, is_app_before);
        let counts = |gate: &&ForeignGate| relies_on_hook || gate.path == ["startupProbe"];
        let foreign =
            || context.foreign_gate(container).filter(counts).map(|gate| (gate.path, gate.reason.clone()));
        let is_of_node = context.pod.spec().host_network;
        let empty =
            empty_gate(container, relies_on_hook, is_of_node).map(|(path, reason)| (path, reason.to_owned()));
        let Some((path, reason)) = empty.or_else(foreign) else { continue };
        let ceiling = container.sidecar().map_or(Some(Action::Deny), |facts| facts.ceiling());
        let Some(ceiling) = ceiling else { continue };
        if context.reported_dead_gate(container).is_some() {
            continue;
        }
        let name = container.name();
        let awaited =
            if container.sidecar().is_some() { name.to_string() } else { format!("what {name} waits for") };
        findings.push(Finding {
            subject: Subject::Container(container.id),
            path: path.iter().fold(context.pod.path_of(container), |path, key| path.child(key)),
            kind: ErrorKind::Invalid,
            detail: format!(
                "{reason}, so it does not guarantee that {awaited} is ready; use a check that fails until it is"
            ),
            short: format!("{reason}, so it does not guarantee that {awaited} is ready"),
            ceiling,
        });
    }
}

/// Whether the application relies on the `postStart` hook of a container. The hook of a classic sidecar counts only if it is listed
/// before the application, and if nothing worse is reported about it.
fn relies_on_hook(context: &Context<'_>, container: &Container<'_>, is_app_before: bool) -> bool {
    if container.is_init() {
        return context.settings.gates.post_start;
    }
    !is_app_before
        && !context.pod.should_complete
        && (context.action_on(RuleId::ClassicSidecar, container) != Action::Deny
            || context.keeps_classic(container))
}

/// The gate of a container that opens too early, as its path from the container, and why it does.
fn empty_gate(
    container: &Container<'_>,
    relies_on_hook: bool,
    is_of_node: bool,
) -> Option<(&'static [&'static str], &'static str)> {
    let fields = container.fields;
    match container.kind {
        ContainerKind::Sidecar(_) | ContainerKind::ClassicSidecar(_) => {
            let probe =
                fields.startup_probe.as_ref().filter(|probe| container.is_init() && probe_is_gate(probe));
            if let Some(probe) = probe {
                return empty_probe(probe, is_of_node).map(|reason| (&["startupProbe"][..], reason));
            }
            let reason = fields.post_start().filter(|_| relies_on_hook).and_then(empty_hook)?;
            Some((&["lifecycle", "postStart"], reason))
        }
        ContainerKind::App => {
            let outcome = outcome(&fields.words().collect::<Vec<_>>());
            let sleeps_first = 0 < outcome.sleeps && outcome.sleeps < u32::MAX && outcome.works;
            sleeps_first.then_some((fields.command_field(), "the command sleeps before its real work"))
        }
        ContainerKind::Init(None) => takes_any_answer(&fields.words().collect::<Vec<_>>())
            .then_some((fields.command_field(), "the wait loop accepts any response, even an error")),
        ContainerKind::Init(Some(_)) | ContainerKind::InjectorPlaceholder | ContainerKind::PairCopy => None,
    }
}

/// Why a `startupProbe` succeeds too early; `is_of_node` on the node's network.
fn empty_probe(probe: &Probe, is_of_node: bool) -> Option<&'static str> {
    if Target::of_probe(probe).is_some_and(|target| !target.is_own(is_of_node)) {
        return Some("the startupProbe asks another host");
    }
    let outcome = outcome(probe.exec.as_ref()?.command.as_deref()?);
    if outcome.only_sleeps() {
        return Some("the startupProbe only sleeps");
    }
    (outcome.ends == Ends::Success && outcome.works).then_some("the command of the startupProbe cannot fail")
}

fn empty_hook(hook: &LifecycleHandler) -> Option<&'static str> {
    if hook.sleep.is_some() {
        return Some("the hook only sleeps");
    }
    if hook.http_get.is_some() {
        return Some("the hook ignores the response to its httpGet");
    }
    let outcome = outcome(hook.exec.as_ref()?.command.as_deref()?);
    if outcome.only_sleeps() {
        return Some("the hook only sleeps");
    }
    (outcome.ends == Ends::Success && outcome.works).then_some("the command of the hook cannot fail")
}
