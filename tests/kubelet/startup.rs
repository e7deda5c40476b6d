//! Starts a Pod, given as JSON, in a world: which needs there truly are is looked up by container names, so that it does not matter
//! whether a repair has moved a container, or given it a gate.

use serde_json::Value;

use crate::commands::{self, Asks as Command, Returns};
use crate::needs::{About, World, port_of};
use crate::pod::{Container, Pod, handler_names};
use crate::products::{self, Listens};
use crate::simulator::{self, Asks, Hook, Need, Probe, Redirect, Role, Seen};

/// What became of all containers of a Pod.
#[derive(Debug)]
pub(crate) struct Outcome(pub(crate) Vec<Seen>);

/// Starts a Pod to which all injectors have added their containers. `sent` is the Pod before any repair.
pub(crate) fn simulate(object: &Value, sent: &Value, world: &World) -> Outcome {
    let (pod, sent) = (Pod::read(object), Pod::read(sent));
    let translation = Translation { pod: &pod, sent: &sent, world };
    let containers = pod.containers.iter().map(|container| translation.container(container)).collect();
    let mut redirects = products::REDIRECTS.iter();
    let redirect = redirects
        .find_map(|(by, proxy)| Some(Redirect { by: pod.index_of(by)?, proxy: pod.index_of(proxy)? }));
    Outcome(simulator::run(&simulator::Pod { containers, redirect, never_restarts: pod.never_restarts }))
}

impl Outcome {
    pub(crate) fn of(&self, name: &str) -> Option<&Seen> {
        self.0.iter().find(|seen| seen.name == name)
    }

    /// Whether each container was started and came up, or did its work.
    pub(crate) fn works(&self) -> bool {
        self.0.iter().all(|seen| seen.up.is_some() && seen.gate.is_some())
    }

    /// Those that never came up, in the Pod's order.
    pub(crate) fn stuck(&self) -> Vec<&str> {
        self.0
            .iter()
            .filter(|seen| seen.up.is_none() || seen.gate.is_none())
            .map(|seen| seen.name.as_str())
            .collect()
    }

    /// Each container with its start, gate and coming up.
    pub(crate) fn to_text(&self) -> String {
        let time = |time: Option<u64>| time.map_or("never".to_owned(), |time| format!("{time} s"));
        let line = |seen: &Seen| {
            format!(
                "{}: started {}, up {}, gate {}",
                seen.name,
                time(seen.started()),
                time(seen.up),
                time(seen.gate)
            )
        };
        self.0.iter().map(line).collect::<Vec<_>>().join("; ")
    }
}

/// From names to places, and from handlers to what they truly ask.
struct Translation<'p, 'a> {
    pod: &'p Pod<'a>,
    sent: &'p Pod<'a>,
    world: &'p World,
}

impl Translation<'_, '_> {
    fn container(&self, container: &Container<'_>) -> simulator::Container {
        let role = match (container.is_init, container.is_native) {
            (true, false) => Role::Init,
            (true, true) => Role::Sidecar,
            (false, _) => Role::App,
        };
        let of_itself = self
            .world
            .of(container.name)
            .filter(|need| matches!(need.about, About::Volume(_) | About::Wait(_) | About::Network));
        let mut needs: Vec<_> = of_itself
            .map(
                |need| {
                    if need.about == About::Network { Need::Network } else { self.any_of(&need.providers) }
                },
            )
            .collect();
        let command = commands::read(container.words.iter().copied());
        // An ordinary init container whose command never ends, or is a server, keeps all others out (row 12).
        if role == Role::Init
            && (command.sleeps > u64::from(u32::MAX) || self.world.servers.contains(container.name))
        {
            needs.push(nobody());
        }
        // A probe of an app container does not hold anybody (row 11), but restarts it.
        let startup_probe =
            (role != Role::Init).then(|| self.probe(container, &container.json["startupProbe"])).flatten();
        let post_start = (role != Role::Init).then(|| self.hook(container)).flatten();
        let warm_up = self.world.warm_up.get(container.name).copied().unwrap_or(1);
        simulator::Container {
            name: container.name.to_owned(),
            role,
            warm_up,
            needs,
            startup_probe,
            post_start,
        }
    }

    fn any_of(&self, names: &[String]) -> Need {
        Need::AnyOf(names.iter().filter_map(|name| self.pod.index_of(name)).collect())
    }

    fn own(&self, container: &Container<'_>) -> Need {
        self.any_of(&[container.name.to_owned()])
    }

    fn probe(&self, container: &Container<'_>, probe: &Value) -> Option<Probe> {
        if !probe.is_object() {
            return None;
        }
        // Defaults, and zero counts as unset (apis/core/v1/defaults.go `SetDefaults_Probe`).
        let number =
            |key: &str, default| probe[key].as_u64().filter(|number| *number != 0).unwrap_or(default);
        let asks = match &probe["exec"]["command"] {
            Value::Array(words) => {
                let command = commands::read(words.iter().filter_map(Value::as_str));
                // A command that outlasts its timeout has failed (prober/prober.go; row 9).
                if command.sleeps >= number("timeoutSeconds", 1) {
                    Asks::For(vec![nobody()])
                } else {
                    Asks::For(self.of_command(container, probe, &command.asks))
                }
            }
            _ => self.of_network_probe(container, probe),
        };
        Some(Probe {
            initial_delay: number("initialDelaySeconds", 0),
            period: number("periodSeconds", 10),
            failure_threshold: number("failureThreshold", 3),
            asks,
        })
    }

    /// What the kubelet truly asks for over the network.
    fn of_network_probe(&self, container: &Container<'_>, probe: &Value) -> Asks {
        // Istio has the kubelet ask its agent in istio-proxy, which asks the container (pkg/kube/inject/app_probe.go), at the Pod's
        // address as the kubelet does (pilot/cmd/agent/status/server.go: `LegacyLocalhostProbeDestination` is off).
        let rewritten = &probe["httpGet"]["rewritten"];
        if rewritten.is_object() {
            let Asks::For(mut needs) = self.of_port(container, rewritten, true) else { return Asks::Error };
            needs.push(self.any_of(&["istio-proxy".to_owned()]));
            return Asks::For(needs);
        }
        // A named port that the container does not declare: the error is dropped (prober/worker.go `doProbe`; row 8).
        let Asks::For(mut needs) = self.of_port(container, probe, true) else { return Asks::Error };
        let path = probe["httpGet"]["path"].as_str().unwrap_or("/");
        if path.starts_with("/app-health/") {
            needs.push(self.any_of(&["istio-proxy".to_owned()]));
        }
        let port = port_of(container, probe).unwrap_or_default();
        if !products::is_mesh_proxy(container.name) && !products::is_excluded(port) {
            needs.push(Need::Network);
            let is_added =
                self.sent.find(container.name).is_some_and(|sent| sent.json["startupProbe"].is_null());
            if is_added && self.world.of(container.name).any(|need| need.about == About::MutualTls) {
                needs.push(nobody());
            }
        }
        Asks::For(needs)
    }

    /// What answers on a port that a handler of the container asks.
    fn of_port(&self, container: &Container<'_>, handler: &Value, is_kubelet: bool) -> Asks {
        let Some(port) = port_of(container, handler) else { return Asks::Error };
        Asks::For(self.of_number(
            container,
            port,
            handler["httpGet"]["path"].as_str().unwrap_or("/"),
            is_kubelet,
        ))
    }

    fn of_number(&self, container: &Container<'_>, port: u64, path: &str, is_kubelet: bool) -> Vec<Need> {
        if let Some(need) = self.world.of(container.name).find(|need| need.about == About::Port(port)) {
            return vec![self.any_of(&need.providers)];
        }
        let mut needs = vec![self.own(container)];
        match products::health_server(container, port) {
            Listens::Everywhere => {}
            Listens::OnLocalhost if !is_kubelet => {}
            Listens::AsAFileSays
                if !self.world.of(container.name).any(|need| need.about == About::ConfigFile) => {}
            _ => needs.push(nobody()),
        }
        if products::waits_for_the_application(container, path) {
            let apps =
                self.pod.containers.iter().filter(|other| !other.is_init && other.name != container.name);
            let apps =
                apps.filter(|other| !products::is_known_sidecar(other)).map(|other| other.name.to_owned());
            needs.push(self.any_of(&apps.collect::<Vec<_>>()));
        }
        needs
    }

    /// What the command of a handler truly asks for.
    fn of_command(&self, container: &Container<'_>, handler: &Value, asks: &Command) -> Vec<Need> {
        let mut needs = match asks {
            Command::Nothing => Vec::new(),
            Command::Nobody => vec![nobody()],
            Command::Port(port) => self.of_number(container, *port, "/", false),
            Command::Elsewhere => vec![Need::Network],
            Command::Itself => vec![self.own(container)],
        };
        let files = self.world.of(container.name).filter(|need| match &need.about {
            About::GateFile(volume) => {
                let mut mounts = container.mounts.iter().filter(|mount| mount.volume == volume);
                mounts.any(|mount| handler_names(handler, mount.path))
            }
            _ => false,
        });
        needs.extend(files.map(|need| self.any_of(&need.providers)));
        needs
    }

    fn hook(&self, container: &Container<'_>) -> Option<Hook> {
        let hook = &container.json["lifecycle"]["postStart"];
        if let Some(seconds) = hook["sleep"]["seconds"].as_u64() {
            return Some(Hook::Once { needs: Vec::new(), after: seconds });
        }
        if hook["httpGet"].is_object() {
            // One request, whatever its status (lifecycle/handlers.go `runHTTPHandler`).
            let Asks::For(needs) = self.of_port(container, hook, true) else { return Some(never()) };
            return Some(Hook::Once { needs, after: 0 });
        }
        if hook["tcpSocket"].is_object() {
            // No kubelet implements it (lifecycle/handlers.go `Run`).
            return Some(never());
        }
        let words = hook["exec"]["command"].as_array()?;
        let command = commands::read(words.iter().filter_map(Value::as_str));
        let needs = self.of_command(container, hook, &command.asks);
        Some(match command.returns {
            Returns::Once => Hook::Once { needs, after: command.sleeps },
            Returns::Eventually => Hook::Until { needs, limit: None, is_soft: false },
            Returns::Within(limit) => Hook::Until { needs, limit: Some(limit), is_soft: false },
            Returns::WithinSoftly(limit) => Hook::Until { needs, limit: Some(limit), is_soft: true },
        })
    }
}

/// What nothing in the Pod can meet.
const fn nobody() -> Need {
    Need::AnyOf(Vec::new())
}

/// A hook that fails at once.
fn never() -> Hook {
    Hook::Once { needs: vec![nobody()], after: 0 }
}
