//! Gates that can never open.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ContainerPort, LifecycleHandler, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::command::{Ends, outcome};
use crate::model::container_fields::ContainerFields;
use crate::model::container_id::ContainerId;
use crate::model::timing::Timing;
use crate::pod::Pod;
use crate::pod::container::{Container, ContainerKind};

/// A gate that never opens.
#[derive(Debug)]
pub(crate) struct DeadGate {
    /// The path from the container to it.
    pub path: &'static [&'static str],
    /// What is wrong with it.
    pub reason: String,
    /// Its effect.
    pub effect: Effect,
}

/// The effect of a gate that never opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing behind it is ever started.
    Blocks,
    /// Its own container is killed each time; an entry of `containers` does not keep others from starting.
    Kills,
}

/// Looks for the gates of a Pod that never open.
#[derive(Debug)]
pub(crate) struct DeadGates<'p> {
    pod: &'p Pod<'p>,
    /// For each TCP port the first container that declares it.
    ports: OnceCell<BTreeMap<i32, ContainerId>>,
}

impl<'p> DeadGates<'p> {
    /// Prepares the search; nothing is computed yet.
    #[must_use]
    pub(crate) const fn of(pod: &'p Pod<'p>) -> Self {
        Self { pod, ports: OnceCell::new() }
    }

    /// The gate of a container that never opens, if it has one.
    #[must_use]
    pub(crate) fn find(&self, container: &Container<'_>) -> Option<DeadGate> {
        if let Some((reason, hangs)) = container.fields.post_start().and_then(dead_hook) {
            let effect = if hangs || container.is_init() { Effect::Blocks } else { Effect::Kills };
            return Some(DeadGate { path: &["lifecycle", "postStart"], reason, effect });
        }
        // The startupProbe of an entry of containers holds nothing back.
        let probe = container.fields.startup_probe.as_ref().filter(|_| container.is_init())?;
        let reason = self.dead_probe(container, probe)?;
        Some(DeadGate { path: &["startupProbe"], reason, effect: Effect::Blocks })
    }

    /// Why a probe would never succeed as the `startupProbe` of a container that is, or becomes, a sidecar container.
    #[must_use]
    pub(crate) fn dead_probe(&self, container: &Container<'_>, probe: &Probe) -> Option<String> {
        if let Some(exec) = &probe.exec {
            return dead_command(exec.command.as_deref()?, Timing::of(probe).timeout);
        }
        let (host, port) = target(probe)?;
        let number = match &port {
            IntOrString::Int(number) => *number,
            IntOrString::String(name) => match declared(container.fields, name) {
                Some(number) => number,
                None => {
                    return Some(format!("it probes port {name:?}, which the container does not declare"));
                }
            },
        };
        if host.is_some_and(|host| !host.is_empty()) {
            return None;
        }
        let path = probe.http_get.as_ref().and_then(|request| request.path.as_deref()).unwrap_or("/");
        if path.starts_with("/app-health/") && has_classic_istio(self.pod) {
            return Some("Istio has rewritten it to go through istio-proxy, which starts later".to_owned());
        }
        if follows_application(self.pod, container, path) {
            return Some(format!("{path} responds only once the application does"));
        }
        if container.fields.ports.iter().any(|port| port.container_port == number) {
            return None;
        }
        let owner = self.pod.get(*self.ports().get(&number)?)?;
        // A classic sidecar may still be moved before all others in its list.
        let starts_later = !owner.is_init() || container.is_before(owner);
        starts_later.then(|| format!("it probes port {number} of {}, which starts later", owner.name()))
    }

    fn ports(&self) -> &BTreeMap<i32, ContainerId> {
        self.ports.get_or_init(|| {
            let mut ports = BTreeMap::new();
            for container in &self.pod.containers {
                for port in container.fields.ports.iter().filter(|port| is_tcp(port)) {
                    ports.entry(port.container_port).or_insert(container.id);
                }
            }
            ports
        })
    }
}

/// Whether a port could keep another container from listening on the same number.
fn is_tcp(port: &ContainerPort) -> bool {
    port.protocol.as_deref().is_none_or(|protocol| protocol == "TCP")
}

/// Why a hook never succeeds, and whether it never returns at all.
fn dead_hook(hook: &LifecycleHandler) -> Option<(String, bool)> {
    if hook.tcp_socket.is_some() {
        return Some(("tcpSocket hooks always fail".to_owned(), false));
    }
    let outcome = outcome(hook.exec.as_ref()?.command.as_deref()?);
    if outcome.sleeps == u32::MAX {
        return Some(("it sleeps forever".to_owned(), true));
    }
    (outcome.ends == Ends::Failure).then(|| ("its command always fails".to_owned(), false))
}

fn dead_command(words: &[String], timeout: u64) -> Option<String> {
    let outcome = outcome(words);
    if outcome.ends == Ends::Failure {
        return Some("its command always fails".to_owned());
    }
    let duration = match outcome.sleeps {
        u32::MAX => "forever".to_owned(),
        seconds => format!("{seconds} s"),
    };
    let is_late = timeout <= u64::from(outcome.sleeps);
    is_late.then(|| format!("its command sleeps {duration}, but timeoutSeconds is {timeout}"))
}

fn has_classic_istio(pod: &Pod<'_>) -> bool {
    let is_classic = |container: &Container<'_>| matches!(container.kind, ContainerKind::ClassicSidecar(_));
    pod.containers.iter().any(|container| is_classic(container) && container.is_istio_proxy())
}

/// Whether a sidecar answers at this path only once the application does, so that a gate there never opens.
fn follows_application(pod: &Pod<'_>, container: &Container<'_>, path: &str) -> bool {
    let known = container.row().and_then(|row| Some((row, row.follows_application.as_ref()?)));
    known.is_some_and(|(row, known)| {
        known.what == path && row.proven(known, pod.candidate(container)).is_some()
    })
}

/// The host and port that a probe connects to.
fn target(probe: &Probe) -> Option<(Option<&str>, IntOrString)> {
    if let Some(request) = &probe.http_get {
        return Some((request.host.as_deref(), request.port.clone()));
    }
    if let Some(socket) = &probe.tcp_socket {
        return Some((socket.host.as_deref(), socket.port.clone()));
    }
    probe.grpc.as_ref().map(|grpc| (None, IntOrString::Int(grpc.port)))
}

/// The number of the port that a container declares under a name. A quoted number also works (`pkg/probe/util.go`).
fn declared(fields: &ContainerFields<'_>, name: &str) -> Option<i32> {
    let mut ports = fields.ports.iter();
    let named = ports.find(|port| port.name.as_deref() == Some(name)).map(|port| port.container_port);
    named.or_else(|| name.parse().ok())
}
