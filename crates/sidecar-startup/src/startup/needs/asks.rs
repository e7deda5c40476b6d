//! The ports that the commands, probes and hooks of a member ask for.

use k8s_openapi::api::core::v1::{LifecycleHandler, Probe};

use super::expanded::expanded;
use crate::command::{local_asks, may_wait, possible_ports};
use crate::model::container_fields::{ContainerFields, EnvVar};
use crate::model::handler::Target;
use crate::pod::container::Container;
use crate::startup::seat::Seat;

/// A port that a member asks for.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts")]
pub(super) struct Ask {
    /// The port.
    pub(super) port: i32,
    /// The path, within the container, of the field that asks.
    pub(super) field: &'static [&'static str],
    /// Whether it is certain to fail, or to wait, without an answer.
    pub(super) is_needed: bool,
    /// Whether it tries again until it gets an answer.
    pub(super) waits: bool,
    /// Whether the kubelet asks, at the Pod's address, rather than the container itself.
    pub(super) is_of_kubelet: bool,
    /// Whether the kubelet asks at localhost, which is the Pod's own on the node's network.
    pub(super) is_at_localhost: bool,
    /// Whether somebody in the Pod is certain to listen there, even if nobody declares the port.
    pub(super) is_answered: bool,
}

impl Ask {
    /// What the command in this field asks for.
    fn of_command(port: u16, is_needed: bool, field: &'static [&'static str]) -> Self {
        Self {
            port: i32::from(port),
            field,
            is_needed,
            waits: false,
            is_of_kubelet: false,
            is_at_localhost: false,
            is_answered: false,
        }
    }

    /// It in words, as text to follow the name of who asks: `probes port 8080 of "shop"`.
    pub(super) fn words(&self, provider: &Seat<'_>) -> String {
        let asks = if self.is_of_kubelet { "probes" } else { "asks for" };
        format!("{asks} port {} of {}", self.port, provider.quoted())
    }
}

/// The ports that the gate of a member asks for.
pub(super) fn asks(seat: &Seat<'_>) -> Vec<Ask> {
    if let Some(task) = seat.container().filter(|container| container.is_init_task()) {
        let words: Vec<_> = task.fields.words().collect();
        let mut asks = asks_of_command(Some(task), &words, task.fields.command_field());
        // An entry point that is not known may first start what it asks.
        let is_run = !task.fields.command.is_empty() || runs_arguments(&task.repository);
        for ask in &mut asks {
            ask.is_needed &= is_run;
        }
        return asks;
    }
    let mut asks = seat.startup_probe().map(|probe| asks_of_probe(seat, probe)).unwrap_or_default();
    asks.extend(seat.hook().map(|hook| asks_of_hook(seat, hook)).unwrap_or_default());
    asks
}

/// Whether an image is known to run its arguments: Docker's own, which have no entry point, or one that runs any program.
fn runs_arguments(repository: &str) -> bool {
    const IMAGES: [&str; 13] = [
        "alpine", "bash", "busybox", "centos", "debian", "fedora", "mariadb", "mysql", "node", "postgres",
        "python", "redis", "ubuntu",
    ];
    IMAGES.contains(&repository)
}

/// The ports that the main command of a container that keeps running waits for, or may wait for. What else it names it may do without:
/// proxies start before what is behind them.
pub(super) fn asks_of_main_command(seat: &Seat<'_>) -> Vec<Ask> {
    let Some(container) = seat.container().filter(|container| !container.is_init_task()) else {
        return Vec::new();
    };
    let words: Vec<_> = container.fields.words().collect();
    let field = container.fields.command_field();
    let is_own = || address_is_its_own(container.fields, &words);
    let waits = container.awaited_ports().iter();
    let mut asks: Vec<_> = waits.map(|ask| Ask::of_command(ask.port, ask.waits && is_own(), field)).collect();
    // What keeps nobody waiting closes no circle, and most containers are applications.
    if seat.is_init || seat.hook().is_some() {
        add_possible(&mut asks, ports_of_variables(container.fields), &["env"]);
        for ask in asks.iter_mut().filter(|ask| ask.field == ["env"]) {
            ask.is_answered = true;
        }
        if may_wait(&words) {
            add_possible(&mut asks, possible_ports(&expanded(container.fields, words)), field);
        }
    }
    asks
}

/// Variables by which clients find what they need before anything else: credentials, and a way to the network.
const FIRST_NEEDED: [&str; 7] = [
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "GCE_METADATA_HOST",
    "IDENTITY_ENDPOINT",
    "MSI_ENDPOINT",
    "VAULT_ADDR",
    "VAULT_AGENT_ADDR",
];

/// The ports of its own Pod that the variables of a container name for what it needs first.
fn ports_of_variables(fields: &ContainerFields<'_>) -> Vec<u16> {
    let is_first = |name: &str| {
        let lower = name.to_ascii_lowercase();
        FIRST_NEEDED.contains(&name) || lower.ends_with("_proxy") && lower != "no_proxy"
    };
    let variables = fields.variables();
    let values = variables.iter().filter(|variable| is_first(&variable.name));
    let values: Vec<&str> = values.filter_map(|variable| variable.value.as_deref()).collect();
    if values.is_empty() { Vec::new() } else { possible_ports(&values) }
}

/// Adds ports that may be asked for.
fn add_possible(asks: &mut Vec<Ask>, ports: Vec<u16>, field: &'static [&'static str]) {
    for port in ports {
        if asks.iter().all(|ask| ask.port != i32::from(port)) {
            asks.push(Ask::of_command(port, false, field));
        }
    }
}

fn asks_of_command<S: AsRef<str>>(
    of: Option<&Container<'_>>,
    words: &[S],
    field: &'static [&'static str],
) -> Vec<Ask> {
    let is_own = of.is_none_or(|container| address_is_its_own(container.fields, words));
    let asks = local_asks(words).into_iter().map(|ask| Ask {
        waits: ask.waits && is_own,
        ..Ask::of_command(ask.port, ask.is_needed && is_own, field)
    });
    let mut asks: Vec<_> = asks.collect();
    if let Some(container) = of {
        let words = expanded(container.fields, words.iter().map(AsRef::as_ref));
        add_possible(&mut asks, possible_ports(&words), field);
    }
    asks
}

/// Whether `POD_IP`, if these words name it, is certain to be the address of the Pod.
fn address_is_its_own<S: AsRef<str>>(fields: &ContainerFields<'_>, words: &[S]) -> bool {
    const NAME: &str = "POD_IP";
    if !words.iter().any(|word| word.as_ref().contains(NAME)) {
        return true;
    }
    let is_set = words.iter().any(|word| word.as_ref().contains("POD_IP="));
    let variables = fields.variables();
    let variable = variables.iter().rfind(|variable| *variable.name == *NAME);
    !is_set && variable.is_some_and(EnvVar::is_address_of_pod)
}

pub(super) fn asks_of_probe(seat: &Seat<'_>, probe: &Probe) -> Vec<Ask> {
    let field = &["startupProbe"];
    if let Some(exec) = &probe.exec {
        return asks_of_command(seat.container(), exec.command.as_deref().unwrap_or_default(), field);
    }
    asks_of_target(seat, Target::of_probe(probe), field)
}

pub(super) fn asks_of_hook(seat: &Seat<'_>, hook: &LifecycleHandler) -> Vec<Ask> {
    let field = &["lifecycle", "postStart"];
    if let Some(exec) = &hook.exec {
        return asks_of_command(seat.container(), exec.command.as_deref().unwrap_or_default(), field);
    }
    asks_of_target(seat, Target::of_hook(hook), field)
}

/// The port that the kubelet asks for; none of this Pod if the handler names another host.
fn asks_of_target(seat: &Seat<'_>, target: Option<Target<'_>>, field: &'static [&'static str]) -> Vec<Ask> {
    let Some(container) = seat.container() else { return Vec::new() };
    let target = target.filter(|target| target.is_own(container.uses_host_network));
    let ask = target.and_then(|target| {
        Some(Ask {
            port: target.number(container.fields)?,
            field,
            is_needed: true,
            waits: false,
            is_of_kubelet: true,
            is_at_localhost: !target.host.is_empty(),
            is_answered: false,
        })
    });
    ask.into_iter().collect()
}
