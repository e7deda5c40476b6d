//! A Pod that should complete has a classic sidecar that never exits.
//!
//! # Why
//! A Pod with `restartPolicy: Never` or `OnFailure` completes once all entries of `containers` have exited. A sidecar among them
//! keeps running after the work is done, so the Job never completes. Sidecar containers are stopped when the other containers have
//! exited, and their exit codes do not count (`pkg/kubelet/kubelet_pods.go`, `getPhase`).
//!
//! Where no Job waits for such a Pod, as for those of CI runners, its owner may well delete it: the rule only warns.
//!
//! # Denied
//! ```yaml
//! apiVersion: batch/v1
//! kind: Job
//! metadata: {name: report}
//! spec:
//!   template:
//!     spec:
//!       restartPolicy: Never
//!       containers:
//!         - {name: report, image: "report:1"}
//!         - {name: cloud-sql-proxy, image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.15.0", args: ["project:region:db"]}
//! ```
//!
//! # Allowed
//! ```yaml
//! apiVersion: batch/v1
//! kind: Job
//! metadata: {name: report}
//! spec:
//!   template:
//!     spec:
//!       restartPolicy: Never
//!       initContainers:
//!         - name: cloud-sql-proxy
//!           image: gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.15.0
//!           args: [--health-check, --http-address=0.0.0.0, "project:region:db"]
//!           restartPolicy: Always
//!           startupProbe: {httpGet: {path: /startup, port: 9090}, periodSeconds: 1, failureThreshold: 60}
//!       containers:
//!         - {name: report, image: "report:1"}
//! ```
//!
//! # How to fix it
//! Move the sidecar to `initContainers` with `restartPolicy: Always`. The rule stays silent where something is known to end this very
//! sidecar:
//!
//! - the controllers of Argo Workflows, Tekton and Kuma, OpenKruise's terminator (`KRUISE_TERMINATE_SIDECAR_WHEN_JOB_EXIT: "true"` on the
//!   sidecar), kubexit, `linkerd-await --shutdown`, scuttle, or a shared process namespace;
//! - a request to its quit endpoint (`/quitquitquit`, `/quit`, `/shutdown`, `/graceful_shutdown`) in the command or a variable of another
//!   container, or its own flag that only serves to end it (`--quitquitquit`, `--exit-zero-on-sigterm`);
//! - perhaps its configuration, which the object does not show: Vault's agent, Infisical's, tbot, spiffe-helper, and the proxies for Cloud
//!   SQL and `AlloyDB`, if they are given a file;
//! - its own script, if that waits for something, ends a process, or leaves a loop;
//! - its command or arguments, if they do not run the sidecar: a container with an image of the catalogue that clones, checks or sets
//!   something up is a task.
//!
//! What ends a sidecar does not make the application wait for it: `classic-sidecar` judges that.

use super::rule::Rule;
use crate::finding::{ErrorKind, Finding, Subject};
use crate::model::texts::texts;
use crate::pod::container::ContainerKind;
use crate::repair::conversion;
use crate::repair::plan::{Phase, Repair};
use crate::repair::probe_source;
use crate::settings::action::Fix;
use crate::settings::rule_id::RuleId;
use crate::startup::completion;
use crate::startup::context::Context;

pub(super) const RULE: Rule = Rule {
    id: RuleId::NeverCompletingJob,
    source: texts(include_str!("never_completing_job.rs")),
    check,
    repair: Some(Repair { needs: Fix::All, phase: Phase::Container, plan: conversion::plan }),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let pod = context.pod;
    if !pod.should_complete {
        return;
    }
    for container in &pod.containers {
        let ContainerKind::ClassicSidecar(facts) = container.kind else { continue };
        let Some(ceiling) = completion::ceiling(context, container, facts) else { continue };
        let name = container.name();
        findings.push(Finding {
            subject: Subject::Container(container.id),
            path: pod.path_of(container),
            kind: ErrorKind::Forbidden,
            detail: format!(
                "sidecar {name} ({facts}) is listed under spec.containers and does not exit with {}, so the Pod never \
                 completes; move it to initContainers with restartPolicy: Always and a startupProbe{}",
                pod.application(),
                probe_source::advice(context, container)
            ),
            short: format!("sidecar {name} keeps the Pod from completing; move it to initContainers"),
            ceiling,
        });
    }
}
