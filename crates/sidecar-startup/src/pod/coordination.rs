//! What the containers of a Pod tell its classic sidecars: to quit, or that they wait until a sidecar is up.
//!
//! Where the Pod leaves a doubt, a sidecar counts as told. Sources: scuttle `scuttle_config.go`, linkerd-await `src/main.rs`, kubexit
//! `cmd/kubexit/main.go`.

use super::Pod;
use super::container::Container;
use super::signals::{Address, Signals};
use crate::catalogue::row::{ISTIO_PROXY, LINKERD_PROXY};
use crate::command::{Call, WAITERS, calls_in, commands, local_asks, loop_checks, program_of};
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
const QUIT_PATHS: [&str; 4] = ["quitquitquit", "quit", "shutdown", "graceful_shutdown"];

/// Steps of the paths by which a sidecar is asked whether it is ready.
const HEALTH_PATHS: [&str; 12] = [
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

/// Whether a container tells a sidecar to quit.
#[must_use]
pub fn is_told_to_quit(pod: &Pod<'_>, sidecar: Classic<'_>) -> bool {
    sidecar.receives(pod.quit_calls.get_or_init(|| signals(pod, quit_calls)))
}

/// Whether the command of an application waits until a sidecar is up.
#[must_use]
pub fn is_awaited(pod: &Pod<'_>, sidecar: Classic<'_>) -> bool {
    sidecar.receives(pod.waits.get_or_init(|| signals(pod, waits)))
}

/// What the containers of a Pod tell its sidecars, where `told` gives what one of them does. A port that is neither a well-known one nor
/// declared may be anyone's.
fn signals(pod: &Pod<'_>, told: impl Fn(&Container<'_>) -> Vec<Address>) -> Signals {
    let declared = pod.declared_ports();
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
fn quit_calls(container: &Container<'_>) -> Vec<Address> {
    if container.is_init_task() {
        return Vec::new();
    }
    let fields = container.fields;
    let is_quit = |call: &Call| {
        let last = call.steps().next_back().unwrap_or_default();
        QUIT_PATHS.contains(&last) && (!call.is_bare || matches!(last, "quitquitquit" | "graceful_shutdown"))
    };
    let commands = commands(&fields.words().collect::<Vec<_>>());
    let variables = fields.variables();
    let values = variables.iter().filter_map(|variable| variable.value.as_deref());
    let texts = commands.iter().flatten().map(String::as_str).chain(values);
    let calls = texts.flat_map(calls_in).filter(is_quit);
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
    let is_health_check =
        |call: &Call| call.steps().any(|step| HEALTH_PATHS.contains(&step)) && !call.is_bare;
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
    let checks = commands.iter().flatten().flat_map(|word| calls_in(word)).filter(is_health_check);
    awaited.extend(checks.map(|call| Address::of_port(call.port)));
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

/// The rows of the proxies for which the program that a container begins with waits: `linkerd-await`, or scuttle.
pub(crate) fn proxies_awaited(container: &Container<'_>, program: &str) -> Vec<&'static str> {
    const SWITCHES: [&str; 2] = ["LINKERD_AWAIT_DISABLED", "LINKERD_DISABLED"];
    let fields = container.fields;
    match program {
        "linkerd-await" if !SWITCHES.iter().any(|name| sets(fields, name)) => vec![LINKERD_PROXY],
        "scuttle" if scuttle_waits(fields) && fields.variable("ENVOY_ADMIN_API").as_deref() != Some("") => {
            ENVOYS.to_vec()
        }
        _ => Vec::new(),
    }
}

/// Whether scuttle waits for Envoy.
fn scuttle_waits(fields: &ContainerFields<'_>) -> bool {
    (sets(fields, "ENVOY_ADMIN_API") || (runs(fields, "scuttle") && fields.has_env_from()))
        && fields.variable("START_WITHOUT_ENVOY").is_none_or(|without| without != "true")
}

/// Whether a container lists an environment variable in `env`, whatever its value.
pub(super) fn sets(fields: &ContainerFields<'_>, name: &str) -> bool {
    fields.variables().iter().any(|variable| *variable.name == *name)
}

/// Whether the command of a container runs a program.
pub(super) fn runs(fields: &ContainerFields<'_>, program: &str) -> bool {
    commands(&fields.words().collect::<Vec<_>>()).iter().any(|command| program_of(command) == program)
}

/// The rows of the sidecars that have this port, if it is a well-known one.
pub(crate) fn rows_with(port: u16) -> Option<&'static [&'static str]> {
    PORTS.iter().find(|(known, _)| *known == port).map(|(_, rows)| *rows)
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
    fn receives(self, signals: &Signals) -> bool {
        let container = match self {
            Self::Present(container) => Some(container),
            Self::Injected(_) => None,
        };
        let is_told = |address: Address| signals.reach(&address, container.map(|container| container.id));
        let known = PORTS.iter().filter(|(_, rows)| self.is_of(rows)).map(|(port, _)| *port);
        let own = container
            .into_iter()
            .flat_map(Container::declared_ports)
            .filter(|port| rows_with(*port).is_none());
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
