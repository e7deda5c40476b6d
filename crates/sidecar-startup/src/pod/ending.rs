//! What ends a classic sidecar when the work of its Pod is done, and what waits for one before it begins.
//!
//! Known is what the Pod shows by the arguments, variables or labels of the container in question. Where that leaves a doubt, a
//! sidecar counts as ended, and as waited for. Sources: scuttle `scuttle_config.go`, linkerd-await `src/main.rs`, kubexit
//! `cmd/kubexit/main.go`, OpenKruise `apis/apps/v1alpha1/well_know_labels.go`, cloud-sql-proxy-operator
//! `internal/workload/podspec_updates.go`.

use super::Pod;
use super::container::{Container, ContainerKind, Facts};
use crate::catalogue::row::{ISTIO_PROXY, LINKERD_PROXY, Row};
use crate::command::{
    Call, WAITERS, calls_in, commands, local_asks, loop_checks, may_end_by_script, program_of,
};
use crate::model::container_fields::ContainerFields;

/// A sidecar among `containers`: one that is there, or one that an injector will add.
#[derive(Debug, Clone, Copy)]
pub enum Classic<'c> {
    /// It is there.
    Present(&'c Container<'c>),
    /// It will be injected, and has this row in the catalogue.
    Injected(&'static str),
}

/// The last steps of the paths by which sidecars are told to quit: those of Envoy, Istio, the proxies for Cloud SQL and `AlloyDB`, Vault's
/// agent, Dapr, Linkerd and Consul.
const FAREWELLS: [&str; 4] = ["quitquitquit", "quit", "shutdown", "graceful_shutdown"];

/// Steps of the paths by which a sidecar is asked whether it is ready.
const GREETINGS: [&str; 12] = [
    "health",
    "healthcheck",
    "healthz",
    "healthy",
    "live",
    "liveness",
    "livez",
    "readiness",
    "ready",
    "readyz",
    "server_info",
    "startup",
];

/// Ports of well-known sidecars, with the rows that have them.
const PORTS: [(u16, &[&str]); 6] = [
    (3500, &["daprd"]),
    (4191, &[LINKERD_PROXY]),
    (9091, &["cloud-sql-proxy", "alloydb-auth-proxy"]),
    (15000, &[ISTIO_PROXY, "envoy-generic"]),
    (15020, &[ISTIO_PROXY]),
    (15021, &[ISTIO_PROXY]),
];

/// Whether a controller orders all containers of the Pod and ends the sidecars among them, as those of Argo Workflows and Tekton do.
#[must_use]
pub fn is_orchestrated(pod: &Pod<'_>) -> bool {
    let ends_others = |container: &Container<'_>| matches!(container.kind, ContainerKind::ClassicSidecar(Facts { row: Some(row), .. }) if row.ends_others);
    pod.has_sidecars_ended() || pod.containers.iter().any(ends_others)
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
            container.row().is_some_and(may_end) || ends_itself(container.fields)
        }
        Classic::Injected(_) => false,
    };
    by_itself
        || pod.spec().share_process_namespace
        || is_orchestrated(pod)
        || sidecar.others(pod).any(|other| ends(pod, other, sidecar))
}

/// Whether the command of an application waits until a sidecar is up.
#[must_use]
pub fn is_awaited(pod: &Pod<'_>, sidecar: Classic<'_>) -> bool {
    sidecar.others(pod).any(|other| other.is_app() && awaits(pod, other, sidecar))
}

/// Whether a sidecar ends by what its own arguments and variables say.
fn ends_itself(fields: &ContainerFields<'_>) -> bool {
    let is_on = |name: &str| fields.variable(name).is_some_and(|value| value == "true");
    // The endpoint only serves to end it, and the application may call it in its code.
    let is_told = |word: &str| {
        let flag = word.trim_start_matches('-');
        flag != word
            && matches!(
                flag,
                "quitquitquit" | "quitquitquit=true" | "exit-zero-on-sigterm" | "exit-zero-on-sigterm=true"
            )
    };
    let proxies = ["CSQL_PROXY", "ALLOYDB_PROXY"];
    let is_told_by_variable = || {
        proxies.iter().any(|prefix| {
            is_on(&format!("{prefix}_QUITQUITQUIT")) || is_on(&format!("{prefix}_EXIT_ZERO_ON_SIGTERM"))
        })
    };
    let words: Vec<&str> = fields.words().collect();
    words.iter().any(|word| is_told(word))
        || is_told_by_variable()
        || is_on("KRUISE_TERMINATE_SIDECAR_WHEN_JOB_EXIT")
        || sets(fields, "KRUISE_TERMINATE_SIDECAR_WHEN_JOB_EXIT_WITH_IMAGE")
        || sets(fields, "KUBEXIT_DEATH_DEPS")
        || runs(fields, "kubexit")
        || may_end_by_script(&words)
}

/// Whether a container ends a sidecar.
fn ends(pod: &Pod<'_>, container: &Container<'_>, sidecar: Classic<'_>) -> bool {
    if container.is_init_task() {
        return false;
    }
    let fields = container.fields;
    let is_farewell = |call: &Call| {
        let last = call.steps().next_back().unwrap_or_default();
        let is_known = FAREWELLS.contains(&last)
            && (!call.is_bare || matches!(last, "quitquitquit" | "graceful_shutdown"));
        is_known && call.port.is_none_or(|port| sidecar.may_have(pod, port))
    };
    let commands = commands(&fields.words().collect::<Vec<_>>());
    let says = |text: &str| calls_in(text).iter().any(is_farewell);
    let shuts_down = |command: &Vec<String>| {
        program_of(command) == "linkerd-await"
            && command.iter().any(|word| matches!(word.as_str(), "--shutdown" | "-S"))
    };
    // scuttle calls these URLs as they are.
    let is_generic_endpoint = || match fields.variable("GENERIC_QUIT_ENDPOINTS") {
        Some(urls) => {
            calls_in(&urls).iter().filter_map(|call| call.port).any(|port| sidecar.may_have(pod, port))
        }
        None => sets(fields, "GENERIC_QUIT_ENDPOINTS"),
    };
    commands.iter().flatten().any(|word| says(word))
        || fields.variables().iter().filter_map(|variable| variable.value.as_deref()).any(says)
        || (sidecar.row() == Some(LINKERD_PROXY) && commands.iter().any(shuts_down))
        || (sidecar.is_of(&[ISTIO_PROXY, "envoy-generic"]) && scuttle_quits(fields))
        || is_generic_endpoint()
}

/// Whether scuttle tells Istio to quit. It derives the address from that of Envoy if need be.
fn scuttle_quits(fields: &ContainerFields<'_>) -> bool {
    let is_told = sets(fields, "ISTIO_QUIT_API") || sets(fields, "ENVOY_ADMIN_API");
    let may_be_told = runs(fields, "scuttle") && fields.has_env_from();
    (is_told || may_be_told) && fields.variable("NEVER_KILL_ISTIO").is_none_or(|never| never != "true")
}

/// Whether a container waits for a sidecar before it does its work.
fn awaits(pod: &Pod<'_>, container: &Container<'_>, sidecar: Classic<'_>) -> bool {
    let fields = container.fields;
    let words: Vec<&str> = fields.words().collect();
    let is_greeting = |call: &Call| {
        call.steps().any(|step| GREETINGS.contains(&step))
            && !call.is_bare
            && call.port.is_none_or(|port| sidecar.may_have(pod, port))
    };
    let commands = commands(&words);
    let waits_for_address = |command: &Vec<String>| {
        WAITERS.contains(&program_of(command))
            && local_asks(command).iter().any(|ask| sidecar.may_have(pod, ask.port))
    };
    let is_kubexit = || {
        let births = fields.variable("KUBEXIT_BIRTH_DEPS");
        match births {
            Some(births) => sidecar.is_one_of(&births),
            None => sets(fields, "KUBEXIT_BIRTH_DEPS") || (runs(fields, "kubexit") && fields.has_env_from()),
        }
    };
    let is_scuttle = || {
        (sets(fields, "ENVOY_ADMIN_API") || (runs(fields, "scuttle") && fields.has_env_from()))
            && fields.variable("START_WITHOUT_ENVOY").is_none_or(|without| without != "true")
    };
    loop_checks(&words).into_iter().any(|port| port.is_none_or(|port| sidecar.may_have(pod, port)))
        || commands.iter().any(waits_for_address)
        || commands.iter().flatten().any(|word| calls_in(word).iter().any(is_greeting))
        || (sidecar.row() == Some(LINKERD_PROXY)
            && commands.iter().any(|command| program_of(command) == "linkerd-await"))
        || (sidecar.is_of(&[ISTIO_PROXY, "envoy-generic"]) && is_scuttle())
        || is_kubexit()
}

/// Whether a container lists an environment variable in `env`, whatever its value.
fn sets(fields: &ContainerFields<'_>, name: &str) -> bool {
    fields.variables().iter().any(|variable| *variable.name == *name)
}

/// Whether the command of a container runs a program.
fn runs(fields: &ContainerFields<'_>, program: &str) -> bool {
    commands(&fields.words().collect::<Vec<_>>()).iter().any(|command| program_of(command) == program)
}

impl Classic<'_> {
    /// The other containers of its Pod.
    fn others<'p>(self, pod: &'p Pod<'p>) -> impl Iterator<Item = &'p Container<'p>> {
        let id = match self {
            Self::Present(container) => Some(container.id),
            Self::Injected(_) => None,
        };
        pod.containers.iter().filter(move |other| Some(other.id) != id)
    }

    /// The name of its row in the catalogue, if it has one.
    fn row(self) -> Option<&'static str> {
        match self {
            Self::Present(container) => container.row().map(|row| row.name),
            Self::Injected(row) => Some(row),
        }
    }

    /// Whether it is, or may be, of one of these rows: nothing is known about one without a row.
    fn is_of(self, rows: &[&str]) -> bool {
        self.row().is_none_or(|row| rows.contains(&row))
    }

    /// Whether it may be the one that listens on a port: the port is neither a well-known one of another sidecar, nor declared by
    /// others only.
    fn may_have(self, pod: &Pod<'_>, port: u16) -> bool {
        if let Some((_, rows)) = PORTS.iter().find(|(known, _)| *known == port) {
            return self.is_of(rows);
        }
        let declares = |container: &Container<'_>| container.declares(i32::from(port));
        match self {
            Self::Present(container) => declares(container) || !self.others(pod).any(declares),
            Self::Injected(_) => !pod.containers.iter().any(declares),
        }
    }

    /// Whether it is one of kubexit's names.
    fn is_one_of(self, names: &str) -> bool {
        match self {
            Self::Present(container) => match container.fields.variable("KUBEXIT_NAME") {
                Some(name) => names.split(',').any(|other| other.trim() == name),
                None => sets(container.fields, "KUBEXIT_NAME") || container.fields.has_env_from(),
            },
            Self::Injected(_) => false,
        }
    }
}
