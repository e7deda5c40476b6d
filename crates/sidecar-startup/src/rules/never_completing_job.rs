//! A Pod that should complete has a classic sidecar that never exits.
//!
//! # Why
//! A Pod with `restartPolicy: Never` or `OnFailure` completes once all entries of `containers` have exited. A sidecar among them
//! keeps running after the work is done, so the Job never completes. Sidecar containers are stopped when the other containers have
//! exited, and their exit codes do not count (`pkg/kubelet/kubelet_pods.go`, `getPhase`).
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
//! Move the sidecar to `initContainers` with `restartPolicy: Always`. The rule stays silent where something stops the sidecar:
//! kubexit, OpenKruise's terminator (`KRUISE_TERMINATE_SIDECAR_WHEN_JOB_EXIT`), Argo Workflows, Tekton, `linkerd-await --shutdown`,
//! scuttle, a shared process namespace, a call to the sidecar's quit endpoint in the application's command, or a script in the
//! sidecar that watches for the end.

use super::rule::Rule;
use crate::finding::{ErrorKind, Finding, Subject};
use crate::model::container_fields::ContainerFields;
use crate::model::texts::texts;
use crate::pod::Pod;
use crate::pod::container::{ContainerKind, Facts};
use crate::pod::owner::Owner;
use crate::repair::conversion;
use crate::repair::plan::{Phase, Repair};
use crate::repair::probe_source;
use crate::settings::action::{Action, Fix, Need};
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;

pub(super) const RULE: Rule = Rule {
    id: RuleId::NeverCompletingJob,
    source: texts(include_str!("never_completing_job.rs")),
    check,
    repair: Some(Repair { needs: Fix::All, phase: Phase::Container, plan: conversion::plan }),
};

/// Text in a command that tells a sidecar to quit: the endpoints of Istio and the Cloud SQL proxies, Vault, Dapr, Linkerd and Consul,
/// and the variable that the Cloud SQL operator sets.
const FAREWELLS: [&str; 6] = [
    "quitquitquit",
    "/agent/v1/quit",
    "/v1.0/shutdown",
    "4191/shutdown",
    "graceful_shutdown",
    "CSQL_QUIT_URLS",
];

/// Text in a sidecar's own script that exits when something else has.
const WATCHES: [&str; 5] = ["kill", "trap ", "while ", "until ", "inotifywait"];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let pod = context.pod;
    if !pod.should_complete || pod.spec().share_process_namespace || something_ends_sidecars(pod) {
        return;
    }
    for container in &pod.containers {
        let ContainerKind::ClassicSidecar(facts) = container.kind else { continue };
        // Where an init container has done the first work, nothing has to wait; but the sidecar keeps running.
        let is_served = facts.row.is_some_and(|row| row.served_by_init && row.need != Need::None);
        if (facts.need == Need::None && !is_served) || ends_itself(container.fields, facts) {
            continue;
        }
        // Without a Job, nothing may be waiting for the Pod, and another controller may delete it.
        let ceiling = match (pod.owner, facts.need) {
            (Owner::Job, _) | (Owner::Nobody, Need::AtStart) => Action::Deny,
            (Owner::Nobody | Owner::Other, _) => Action::Warn,
        };
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
            short: format!("sidecar {name} keeps the Pod from completing"),
            ceiling,
        });
    }
}

/// Whether anything in the Pod looks as if it stops sidecars. When in doubt, the rule stays silent.
fn something_ends_sidecars(pod: &Pod<'_>) -> bool {
    pod.has_sidecars_ended()
        || pod.containers.iter().any(|container| match container.kind {
            ContainerKind::ClassicSidecar(Facts { row: Some(row), .. }) => row.ends_others,
            _ => says_farewell(container.fields),
        })
}

fn says_farewell(fields: &ContainerFields<'_>) -> bool {
    let says = |text: &str| fields.words().any(|word| word.contains(text));
    FAREWELLS.iter().any(|farewell| says(farewell))
        || (says("linkerd-await") && fields.words().any(|word| word.contains("--shutdown") || word.contains("-S")))
        // scuttle tells Istio to quit.
        || !fields.lacks_variable("ISTIO_QUIT_API")
}

/// Whether a sidecar exits when the others have: by design, by its own script, by an endpoint that exists only to stop it, under
/// kubexit, or because OpenKruise stops it.
fn ends_itself(fields: &ContainerFields<'_>, facts: Facts) -> bool {
    let is_told = |word: &str| word.contains("quitquitquit") || word.contains("exit-zero-on-sigterm");
    facts.row.is_some_and(|row| row.ends_itself)
        || fields.words().any(|word| word.rsplit('/').next() == Some("kubexit") || is_told(word))
        || fields.words().any(|word| WATCHES.iter().any(|watch| word.contains(watch)))
        || fields.variable("KRUISE_TERMINATE_SIDECAR_WHEN_JOB_EXIT").as_deref() == Some("true")
        || fields.variable("CSQL_PROXY_QUITQUITQUIT").as_deref() == Some("true")
}
