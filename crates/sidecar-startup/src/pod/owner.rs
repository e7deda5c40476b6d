//! What the object that creates a Pod says about it.

use crate::model::object::{Object, Spec};
use crate::model::template::{Kind, PodTemplate};

/// Who owns a Pod, as far as that tells who waits for it to complete, and who can change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A Job.
    Job,
    /// Nobody, or a controller whose Pods keep running.
    Nobody,
    /// The controller of another API group, or one that makes Pods for a single task: it may delete the Pod itself, and hardly anybody
    /// who sees a message about the Pod can change it.
    Operator,
}

/// A limit on how long the start of a Pod may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// In seconds.
    pub seconds: u64,
    /// The field that sets it.
    pub field: &'static str,
}

/// The spec of the Job that creates a Pod, if the object has one.
pub(super) fn job_spec<'o>(kind: Kind, object: &'o Object<'_>) -> Option<&'o Spec<'o>> {
    let spec = object.spec.as_deref();
    match kind {
        Kind::Job => spec,
        Kind::CronJob => spec?.job_template.as_deref()?.spec.as_deref(),
        _ => None,
    }
}

/// The shortest deadline of a Pod and of the Deployment or Job that creates it. A Deployment's defaults to 600 s
/// (`pkg/apis/apps/v1/defaults.go`).
pub(super) fn deadline(kind: Kind, object: &Object<'_>, template: &PodTemplate<'_>) -> Option<Deadline> {
    let spec = object.spec.as_deref();
    let job = job_spec(kind, object);
    let progress = (kind == Kind::Deployment)
        .then(|| spec.and_then(|spec| spec.progress_deadline_seconds).unwrap_or(600));
    let active = template.spec.active_deadline_seconds;
    let deadlines = [
        (progress, "progressDeadlineSeconds"),
        (active, "activeDeadlineSeconds"),
        (job.and_then(|job| job.active_deadline_seconds), "activeDeadlineSeconds of the Job"),
    ];
    let deadlines = deadlines.into_iter().filter_map(|(seconds, field)| {
        let seconds = u64::try_from(seconds?).ok()?;
        Some(Deadline { seconds, field })
    });
    deadlines.min()
}

/// How many container restarts the Job that creates a Pod certainly allows each of its Pods; 0 if the Job is not part of the object. By
/// default a Job allows six failures and one Pod at a time (`pkg/apis/batch/v1/defaults.go`).
pub(super) fn spare_restarts(kind: Kind, object: &Object<'_>) -> u64 {
    match job_spec(kind, object) {
        Some(job) => {
            let spare = u64::try_from(job.backoff_limit.unwrap_or(6) - 1).unwrap_or(0);
            spare / u64::try_from(job.parallelism.unwrap_or(1)).unwrap_or(1).max(1)
        }
        None if owner(kind, object) == Owner::Job => 0,
        None => u64::MAX,
    }
}

/// The name of the Service that a StatefulSet's Pods belong to, or that a Pod names as its `subdomain`; empty if there is none.
pub(super) fn service<'o>(object: &'o Object<'_>, template: &'o PodTemplate<'_>) -> &'o str {
    let of_workload = object.spec.as_deref().map(|spec| &*spec.service_name).unwrap_or_default();
    if of_workload.is_empty() { &template.spec.subdomain } else { of_workload }
}

/// Whether an object names a built-in owner of this kind, believed or not: for what is more strictly judged, or more carefully repaired,
/// the claim is enough.
pub(super) fn is_owned_by(object: &Object<'_>, kind: &str) -> bool {
    object.metadata.owner_references.iter().any(|owner| *owner.kind == *kind && !owner.group().contains('.'))
}

pub(super) fn owner(kind: Kind, object: &Object<'_>) -> Owner {
    if matches!(kind, Kind::Job | Kind::CronJob) || is_owned_by(object, "Job") {
        return Owner::Job;
    }
    match object.metadata.controller().map(|owner| (owner.group(), &*owner.kind)) {
        None | Some(("apps", _) | ("", "ReplicationController" | "Node")) => Owner::Nobody,
        Some(_) => Owner::Operator,
    }
}
