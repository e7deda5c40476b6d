//! A container that never exits is an ordinary init container, so the Pod can never start.
//!
//! # Why
//! The kubelet starts the next container only when an ordinary init container has exited with 0
//! (`pkg/kubelet/kuberuntime/kuberuntime_container.go`, `computeInitContainerActions`). A sidecar in `initContainers` needs
//! `restartPolicy: Always`; without it the Pod hangs in `Init`, and nothing says why. Often the field was there once: API servers
//! before 1.28 drop it, and so do mutating webhooks and clients built on older types when they write the Pod back.
//!
//! The rule reports names that the catalogue knows never to exit, containers that the setting `sidecars` or the Pod's annotation declares
//! by name, and any other init container whose command is certain never to end, such as `sleep infinity` or `tail -F /log`. One whose
//! command is certain to end, such as `sh -c "exit 0"`, or only handles files, as `cp` does, is not reported, nor is one with a command of
//! its own that only a part of the name declares: `*-proxy` fits `wait-for-proxy`. `need` makes no difference: the Pod never starts.
//!
//! # Denied
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop}
//! spec:
//!   initContainers:
//!     - {name: istio-proxy, image: "docker.io/istio/proxyv2:1.27.0", args: [proxy, sidecar]}
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
//!     - name: istio-proxy
//!       image: docker.io/istio/proxyv2:1.27.0
//!       args: [proxy, sidecar]
//!       restartPolicy: Always
//!       startupProbe: {httpGet: {path: /healthz/ready, port: 15021}, periodSeconds: 1, timeoutSeconds: 3, failureThreshold: 600}
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to fix it
//! Set `restartPolicy: Always`, or let the command end if it is a task. If the manifest already has the field, find out what drops it: the
//! request's audit annotations `patch.webhook.admission.k8s.io/round_0_index_...` name the webhooks that changed the Pod. `fix: Safe` sets
//! it for containers that the catalogue, the settings or the annotation name, but not for others with an endless command.

use super::rule::Rule;
use crate::finding::{ErrorKind, Finding, Refusal, Subject};
use crate::model::template::Kind;
use crate::model::texts::texts;
use crate::pod::container::ContainerKind;
use crate::repair::draft::Draft;
use crate::repair::edit::Edit;
use crate::repair::plan::{Phase, Plan, Repair, Task};
use crate::repair::probe_source;
use crate::settings::action::{Action, Fix};
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;
use crate::startup::lineup::Place;

pub(super) const RULE: Rule = Rule {
    id: RuleId::SidecarBlocksInit,
    source: texts(include_str!("sidecar_blocks_init.rs")),
    check,
    repair: Some(Repair { needs: Fix::Safe, phase: Phase::Hanging, plan }),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let pod = context.pod;
    let application = pod.application();
    for container in &pod.containers {
        let name = container.name();
        let (detail, short) = match container.kind {
            ContainerKind::Init(Some(facts)) => (
                format!(
                    "sidecar {name} ({facts}) is an ordinary init container and never exits, so {application} never starts; set \
                     restartPolicy: Always, which an outdated mutating webhook or client may have dropped"
                ),
                format!("init container {name} never exits; set restartPolicy: Always"),
            ),
            ContainerKind::Init(None) if container.never_completes() => (
                format!(
                    "init container {name} runs a command that never ends, so {application} never starts; let it end, or set \
                     restartPolicy: Always if it is a sidecar"
                ),
                format!(
                    "the command of init container {name} never ends; let it end, or set restartPolicy: Always"
                ),
            ),
            _ => continue,
        };
        let kind =
            if container.fields.restart_policy.is_some() { ErrorKind::Invalid } else { ErrorKind::Required };
        findings.push(Finding {
            subject: Subject::Container(container.id),
            path: pod.path_of(container).child("restartPolicy"),
            kind,
            detail,
            short,
            // However little the application needs the sidecar, it never starts.
            ceiling: Action::Deny,
        });
    }
}

fn plan(task: &Task<'_, '_>, draft: &Draft<'_>) -> Result<Plan, Refusal> {
    let container = task.container()?;
    if matches!(container.kind, ContainerKind::Init(None)) {
        return Err("only its author can say whether it is a sidecar".into());
    }
    if task.context.pod.kind == Kind::Custom {
        return Err("this kind may drop the restartPolicy of init containers".into());
    }
    if container.fields.has_restart_rules() {
        return Err("it has restartPolicyRules".into());
    }
    // Its author has chosen that; set again with a startupProbe beside it, it would be invalid.
    if container
        .fields
        .restart_policy
        .as_deref()
        .is_some_and(|policy| ["Never", "OnFailure"].contains(&policy))
    {
        return Err("its restartPolicy is not Always, so it is expected to exit".into());
    }
    probe_source::opens(None, task.context, container, Place::of(draft.init(), container.id))?;
    let what = format!("set restartPolicy: Always on init container {}", container.name());
    let edit = Edit::Set { container: container.id, path: &["restartPolicy"], value: "Always".into() };
    Ok(Plan::new(what, vec![edit]))
}
