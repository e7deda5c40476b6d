//! What ends a classic sidecar when the work of its Pod is done, and what waits for one before it begins.
//!
//! Known is what the Pod shows by the arguments, variables or labels of the container in question. Where that leaves a doubt, a
//! sidecar counts as ended, and as waited for. Sources: scuttle `scuttle_config.go`, linkerd-await `src/main.rs`, kubexit
//! `cmd/kubexit/main.go`, OpenKruise `apis/apps/v1alpha1/well_know_labels.go`, cloud-sql-proxy-operator
//! `internal/workload/podspec_updates.go`.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::Pod;
use super::container::{Container, ContainerKind, Facts};
use super::signals::{Address, Signals};
use crate::catalogue::flags::{as_bool, forms};
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

/// The rows of the proxies that scuttle waits for and tells to quit.
const ENVOYS: [&str; 2] = [ISTIO_PROXY, "envoy-generic"];

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
    by_itself
        || pod.spec().share_process_namespace
        || is_orchestrated(pod)
        || sidecar.hears(pod.farewells.get_or_init(|| signals(pod, farewells)))
}

/// Whether the command of an application waits until a sidecar is up.
#[must_use]
pub fn is_awaited(pod: &Pod<'_>, sidecar: Classic<'_>) -> bool {
    sidecar.hears(pod.waits.get_or_init(|| signals(pod, waits)))
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

/// Whether a `livenessProbe` may end a sidecar once the application has ended: it looks for a file that another container may write, or asks
/// for a port that only others declare. The kubelet kills the container, and where that exits with 0, or the Pod never restarts, it stays
/// down.
fn is_ended_by_probe(pod: &Pod<'_>, container: &Container<'_>) -> bool {
    let Some(probe) = &container.fields.liveness_probe else { return false };
    let words = probe.exec.as_ref().and_then(|exec| exec.command.as_deref()).unwrap_or_default();
    let http = probe.http_get.as_ref().map(|http| (http.host.as_deref(), &http.port));
    let socket = probe.tcp_socket.as_ref().map(|socket| (socket.host.as_deref(), &socket.port));
    let mut asked: Vec<i32> = local_asks(words).iter().map(|ask| ask.port.into()).collect();
    asked.extend(probe.grpc.as_ref().map(|grpc| grpc.port));
    if let Some((None | Some(""), port)) = http.or(socket) {
        asked.extend(match port {
            IntOrString::Int(port) => Some(*port),
            IntOrString::String(text) => text.parse().ok(),
        });
    }
    let declared = pod.declared.get_or_init(|| pod.containers.iter().flat_map(declared_ports).collect());
    let is_of_another = |port: &i32| {
        !container.declares(*port) && u16::try_from(*port).is_ok_and(|port| declared.contains(&port))
    };
    asked.iter().any(is_of_another) || reads_of_another(pod, container, words)
}

/// How many mounts of a sidecar are looked for in the command of its probe.
const MOST_MOUNTS: usize = 20;

/// Whether a command names a path in a volume of its container to which another container can write.
fn reads_of_another(pod: &Pod<'_>, container: &Container<'_>, words: &[String]) -> bool {
    if words.is_empty() {
        return false;
    }
    let mounts = container.fields.mount_list().into_iter().take(MOST_MOUNTS);
    let mut shared =
        mounts.filter(|mount| pod.writers_of(&mount.volume).iter().any(|writer| *writer != container.id));
    shared.any(|mount| {
        let folder = format!("{}/", mount.path.trim_end_matches('/'));
        let mut parts =
            words.iter().flat_map(|word| word.split(|c: char| c.is_whitespace() || "'\"=:;()<>".contains(c)));
        parts.any(|part| part.starts_with(&folder))
    })
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

/// What the containers of a Pod tell its sidecars, where `told` gives what one of them does. A port that is neither a well-known one nor
/// declared may be anyone's.
fn signals(pod: &Pod<'_>, told: impl Fn(&Container<'_>) -> Vec<Address>) -> Signals {
    let declared = pod.declared.get_or_init(|| pod.containers.iter().flat_map(declared_ports).collect());
    let mut signals = Signals::default();
    for container in &pod.containers {
        for address in told(container) {
            let address = match address {
                Address::Port(port) if rows_with(port).is_none() && !declared.contains(&port) => {
                    Address::Anyone
                }
                address => address,
            };
            signals.add(address, container.id);
        }
    }
    signals
}

/// Which sidecars a container tells to quit.
fn farewells(container: &Container<'_>) -> Vec<Address> {
    if container.is_init_task() {
        return Vec::new();
    }
    let fields = container.fields;
    let is_farewell = |call: &Call| {
        let last = call.steps().next_back().unwrap_or_default();
        FAREWELLS.contains(&last) && (!call.is_bare || matches!(last, "quitquitquit" | "graceful_shutdown"))
    };
    let commands = commands(&fields.words().collect::<Vec<_>>());
    let variables = fields.variables();
    let values = variables.iter().filter_map(|variable| variable.value.as_deref());
    let texts = commands.iter().flatten().map(String::as_str).chain(values);
    let calls = texts.flat_map(calls_in).filter(is_farewell);
    let mut told: Vec<Address> = calls.map(|call| Address::of_port(call.port)).collect();
    let shuts_down = |command: &Vec<String>| {
        program_of(command) == "linkerd-await"
            && command.iter().any(|word| matches!(word.as_str(), "--shutdown" | "-S"))
    };
    if commands.iter().any(shuts_down) {
        told.push(Address::Linkerd);
    }
    if scuttle_quits(fields) {
        told.push(Address::Envoy);
    }
    // scuttle calls these URLs as they are.
    match fields.variable("GENERIC_QUIT_ENDPOINTS") {
        Some(urls) => {
            told.extend(calls_in(&urls).iter().filter_map(|call| call.port).map(Address::Port));
        }
        None if sets(fields, "GENERIC_QUIT_ENDPOINTS") => told.push(Address::Anyone),
        None => {}
    }
    told
}

/// Whether scuttle tells Istio to quit. It derives the address from that of Envoy if need be.
fn scuttle_quits(fields: &ContainerFields<'_>) -> bool {
    let is_told = sets(fields, "ISTIO_QUIT_API") || sets(fields, "ENVOY_ADMIN_API");
    let may_be_told = runs(fields, "scuttle") && fields.has_env_from();
    (is_told || may_be_told) && fields.variable("NEVER_KILL_ISTIO").is_none_or(|never| never != "true")
}

/// Which sidecars an application waits for before it does its work.
fn waits(container: &Container<'_>) -> Vec<Address> {
    if !container.is_app() {
        return Vec::new();
    }
    let fields = container.fields;
    let words: Vec<&str> = fields.words().collect();
    let is_greeting = |call: &Call| call.steps().any(|step| GREETINGS.contains(&step)) && !call.is_bare;
    let commands = commands(&words);
    let mut awaited: Vec<Address> = loop_checks(&words).into_iter().map(Address::of_port).collect();
    for command in &commands {
        let program = program_of(command);
        if WAITERS.contains(&program) {
            awaited.extend(local_asks(command).iter().map(|ask| Address::Port(ask.port)));
        }
        if program == "linkerd-await" {
            awaited.push(Address::Linkerd);
        }
    }
    let greetings = commands.iter().flatten().flat_map(|word| calls_in(word)).filter(is_greeting);
    awaited.extend(greetings.map(|call| Address::of_port(call.port)));
    if scuttle_waits(fields) {
        awaited.push(Address::Envoy);
    }
    match fields.variable("KUBEXIT_BIRTH_DEPS") {
        Some(births) => {
            awaited.push(Address::Kubexit);
            awaited.extend(births.split(',').map(|name| Address::KubexitName(name.trim().to_owned())));
        }
        None if sets(fields, "KUBEXIT_BIRTH_DEPS") || (runs(fields, "kubexit") && fields.has_env_from()) => {
            awaited.push(Address::Anyone);
        }
        None => {}
    }
    awaited
}

/// The rows of the proxies for which a wrapper around the command of a container waits: `linkerd-await`, or scuttle.
pub(crate) fn proxies_awaited(container: &Container<'_>) -> Vec<&'static str> {
    let mut rows = Vec::new();
    if runs(container.fields, "linkerd-await") {
        rows.push(LINKERD_PROXY);
    }
    if runs(container.fields, "scuttle") && scuttle_waits(container.fields) {
        rows.extend(ENVOYS);
    }
    rows
}

/// Whether scuttle waits for Envoy.
fn scuttle_waits(fields: &ContainerFields<'_>) -> bool {
    (sets(fields, "ENVOY_ADMIN_API") || (runs(fields, "scuttle") && fields.has_env_from()))
        && fields.variable("START_WITHOUT_ENVOY").is_none_or(|without| without != "true")
}

/// Whether a container lists an environment variable in `env`, whatever its value.
fn sets(fields: &ContainerFields<'_>, name: &str) -> bool {
    fields.variables().iter().any(|variable| *variable.name == *name)
}

/// Whether the command of a container runs a program.
fn runs(fields: &ContainerFields<'_>, program: &str) -> bool {
    commands(&fields.words().collect::<Vec<_>>()).iter().any(|command| program_of(command) == program)
}

/// The rows of the sidecars that have this port, if it is a well-known one.
pub(crate) fn rows_with(port: u16) -> Option<&'static [&'static str]> {
    PORTS.iter().find(|(known, _)| *known == port).map(|(_, rows)| *rows)
}

/// The ports that a container declares.
fn declared_ports(container: &Container<'_>) -> impl Iterator<Item = u16> {
    container.fields.ports.iter().filter_map(|port| u16::try_from(port.container_port).ok())
}

impl Classic<'_> {
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

    /// Whether another container of its Pod tells it one of these. A well-known port is that of the sidecars that have it, whoever
    /// declares it.
    fn hears(self, signals: &Signals) -> bool {
        let container = match self {
            Self::Present(container) => Some(container),
            Self::Injected(_) => None,
        };
        let is_told = |address: Address| signals.reach(&address, container.map(|container| container.id));
        let known = PORTS.iter().filter(|(_, rows)| self.is_of(rows)).map(|(port, _)| *port);
        let own = container.into_iter().flat_map(declared_ports).filter(|port| rows_with(*port).is_none());
        is_told(Address::Anyone)
            || known.chain(own).any(|port| is_told(Address::Port(port)))
            || (self.row() == Some(LINKERD_PROXY) && is_told(Address::Linkerd))
            || (self.is_of(&ENVOYS) && is_told(Address::Envoy))
            || container.and_then(|container| kubexit_address(container.fields)).is_some_and(is_told)
    }
}

/// What kubexit knows a container by. One whose name the object does not show may be any.
fn kubexit_address(fields: &ContainerFields<'_>) -> Option<Address> {
    match fields.variable("KUBEXIT_NAME") {
        Some(name) => Some(Address::KubexitName(name)),
        None => (sets(fields, "KUBEXIT_NAME") || fields.has_env_from()).then_some(Address::Kubexit),
    }
}
