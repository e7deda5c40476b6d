//! A Pod that should complete has a classic sidecar that does not end by itself.
//!
//! # Why
//! A Pod with `restartPolicy: Never` or `OnFailure` completes once all entries of `containers` have exited. A sidecar among
//! them goes on, and so the Job never completes, long after its work is done. Sidecar containers are stopped when the other
//! containers have exited, and their exit codes do not count (`pkg/kubelet/kubelet_pods.go`, `getPhase`).
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
//! # How to mend it
//! Move the sidecar to `initContainers` with `restartPolicy: Always`. Nothing is said where something is there that ends
//! sidecars: kubexit, OpenKruise's terminator (`KRUISE_TERMINATE_SIDECAR_WHEN_JOB_EXIT`), Argo Workflows, Tekton,
//! `linkerd-await --shutdown`, or a call of the sidecar's quit endpoint in the application's command.

use crate::object::ContainerFields;
use crate::pod::{ContainerKind, Facts, Pod};
use crate::rules::{Rule, source};
use crate::settings::{Action, Need, Settings};
use crate::violation::{ErrorKind, Finding};

pub(super) const RULE: Rule = Rule {
    id: "never-completing-job",
    default: Action::Deny,
    source: source(include_str!("never_completing_job.rs")),
    check,
};

/// What a command says that tells a sidecar to quit: the endpoints of Istio and the Cloud SQL proxies, of Vault, Dapr and
/// Linkerd, and `linkerd-await`.
const FAREWELLS: [&str; 5] =
    ["quitquitquit", "/agent/v1/quit", "/v1.0/shutdown", "4191/shutdown", "--shutdown"];

fn check(pod: &Pod<'_>, _: &Settings, findings: &mut Vec<Finding>) {
    if !pod.should_complete || something_ends_sidecars(pod) {
        return;
    }
    for container in &pod.containers {
        let ContainerKind::ClassicSidecar(facts) = container.kind else { continue };
        if facts.need == Need::None || ends_itself(container.fields, facts) {
            continue;
        }
        let name = container.name();
        findings.push(Finding {
            path: pod.path_of(container),
            kind: ErrorKind::Forbidden,
            detail: format!(
                "sidecar {name} (recognised {}) is in containers and does not end with {}, so the Pod never completes; \
                 move it to initContainers with restartPolicy: Always and a startupProbe",
                facts.recognised_by,
                pod.application()
            ),
            short: format!("sidecar {name} keeps the Pod from completing"),
            ceiling: Action::Deny,
            suggestion: None,
        });
    }
}

/// Whether anything in the Pod looks as if it ended sidecars. Doubt is silence.
fn something_ends_sidecars(pod: &Pod<'_>) -> bool {
    pod.containers.iter().any(|container| match container.kind {
        ContainerKind::ClassicSidecar(Facts { row: Some(row), .. }) => row.ends_others,
        _ => words(container.fields).any(|word| FAREWELLS.iter().any(|farewell| word.contains(farewell))),
    })
}

/// Whether a sidecar ends when the others have: by its own nature, under kubexit, or because OpenKruise ends it.
fn ends_itself(fields: &ContainerFields<'_>, facts: Facts) -> bool {
    facts.row.is_some_and(|row| row.ends_itself)
        || words(fields).any(|word| word.rsplit('/').next() == Some("kubexit"))
        || fields.variable("KRUISE_TERMINATE_SIDECAR_WHEN_JOB_EXIT").as_deref() == Some("true")
}

fn words<'a>(fields: &'a ContainerFields<'_>) -> impl Iterator<Item = &'a str> {
    fields.command.iter().chain(&fields.args).map(|word| &**word)
}
