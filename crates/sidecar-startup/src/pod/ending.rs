//! What ends a classic sidecar when the work of its Pod is done.
//!
//! Known is what the Pod shows by the arguments, variables or labels of the container in question. Where that leaves a doubt, a
//! sidecar counts as ended. Sources: `OpenKruise` `apis/apps/v1alpha1/well_know_labels.go`, cloud-sql-proxy-operator
//! `internal/workload/podspec_updates.go`.

mod liveness;

use self::liveness::is_ended_by_probe;
use super::Pod;
use super::container::{Container, ContainerKind, Facts};
use super::coordination::{Classic, is_told_to_quit, runs, sets};
use crate::catalogue::flags::{as_bool, forms};
use crate::catalogue::row::Row;
use crate::command::may_end_by_script;
use crate::model::container_fields::ContainerFields;

/// Whether a controller orders all containers of the Pod and ends the sidecars among them, as those of Argo Workflows and Tekton do.
#[must_use]
pub fn is_orchestrated(pod: &Pod<'_>) -> bool {
    *pod.is_orchestrated.get_or_init(|| {
        let ends_others = |container: &Container<'_>| matches!(container.kind, ContainerKind::ClassicSidecar(Facts { row: Some(row), .. }) if row.ends_others);
        pod.has_sidecars_ended() || pod.containers.iter().any(ends_others)
    })
}

/// Whether a sidecar ends when the application has, as far as is known: by itself, or because something in the Pod ends it.
#[must_use]
pub fn is_ended(pod: &Pod<'_>, sidecar: Classic<'_>) -> bool {
    let by_itself = match sidecar {
        Classic::Present(container) => {
            let candidate = pod.candidate(container);
            let may_end = |row: &Row| {
                row.ends_itself
                    || row.may_be_task(candidate)
                    || row.may_end(candidate)
                    || row.may_be_ended(candidate)
            };
            container.row().is_some_and(may_end)
                || ends_itself(container)
                || is_ended_by_probe(pod, container)
        }
        Classic::Injected(_) => false,
    };
    by_itself || pod.spec().share_process_namespace || is_orchestrated(pod) || is_told_to_quit(pod, sidecar)
}

/// Whether a sidecar ends by what its own arguments and variables say.
fn ends_itself(container: &Container<'_>) -> bool {
    let fields = container.fields;
    let words: Vec<&str> = fields.words().collect();
    may_be_told_to_quit(container)
        || is_ended_by_openkruise(fields)
        || sets(fields, "KUBEXIT_DEATH_DEPS")
        || runs(fields, "kubexit")
        || may_end_by_script(&words)
}

/// Whether a sidecar may have an endpoint that only serves to end it, or may exit as if it had succeeded, as the proxies for Cloud SQL and
/// `AlloyDB` do. The application may call such an endpoint in its code.
fn may_be_told_to_quit(container: &Container<'_>) -> bool {
    const SWITCHES: [(&str, &str); 2] =
        [("quitquitquit", "QUITQUITQUIT"), ("exit-zero-on-sigterm", "EXIT_ZERO_ON_SIGTERM")];
    const PROXIES: [(&str, &str); 2] =
        [("cloud-sql-proxy", "CSQL_PROXY"), ("alloydb-auth-proxy", "ALLOYDB_PROXY")];
    let fields = container.fields;
    let is_flag_on = |flag: &str| {
        let flags = fields.words().filter(|word| word.starts_with('-'));
        forms(flags, flag).last().is_some_and(|rest| may_be_on(rest.strip_prefix('=').unwrap_or("true")))
    };
    let is_variable_on = |variable: &str| {
        PROXIES.iter().any(|(row, prefix)| {
            let name = format!("{prefix}_{variable}");
            match fields.variable(&name) {
                Some(value) => may_be_on(&value),
                None if sets(fields, &name) => true,
                // Other programs do not read it.
                None => fields.has_env_from() && container.row().is_some_and(|known| known.name == *row),
            }
        })
    };
    SWITCHES.iter().any(|(flag, variable)| is_flag_on(flag) || is_variable_on(variable))
}

/// Whether a switch that is given like this may be on. It is off if it is empty, and may be anything where another variable decides.
fn may_be_on(value: &str) -> bool {
    !value.is_empty() && as_bool(value) != Some(false)
}

/// Whether `OpenKruise`'s terminator ends a sidecar, which sees what the object shows.
fn is_ended_by_openkruise(fields: &ContainerFields<'_>) -> bool {
    const SWITCH: &str = "KRUISE_TERMINATE_SIDECAR_WHEN_JOB_EXIT";
    fields.variable(SWITCH).is_some_and(|value| value.eq_ignore_ascii_case("true"))
        || sets(fields, "KRUISE_TERMINATE_SIDECAR_WHEN_JOB_EXIT_WITH_IMAGE")
}
