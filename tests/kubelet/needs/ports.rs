//! Needs by ports: who is asked on a port that only others declare.

use super::kinds::{About, Need};
use crate::commands::{self, Asks};
use crate::pod::{Container, Pod};
use crate::products;

/// What handlers and commands that name localhost may truly reach.
pub(super) fn needs(pod: &Pod<'_>) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    for container in &pod.containers {
        let by_handlers = container.handlers().filter_map(|handler| port_of(container, handler));
        let asked = by_handlers.map(About::Port).chain(waits(container));
        for about in asked {
            let (About::Port(port) | About::Wait(port)) = about else { continue };
            // A port is the asker's own where it declares it, or its arguments show it, or nobody declares it.
            if container.declares(port) || shows(container, port) {
                continue;
            }
            let others = pod.containers.iter().filter(|other| other.declares(port));
            let providers: Vec<_> = others.map(|other| other.name.to_owned()).collect();
            if providers.is_empty()
                || needs.iter().any(|need| need.asker == container.name && need.about == about)
            {
                continue;
            }
            // A command that is itself the one who asks is no server.
            let is_proven = matches!(about, About::Wait(_)) || !container.may_be_told_ports(&pod.writable);
            needs.push(Need { asker: container.name.to_owned(), about, providers, is_proven });
        }
    }
    needs
}

/// The port of this Pod that a probe or a hook asks.
pub(crate) fn port_of(container: &Container<'_>, handler: &serde_json::Value) -> Option<u64> {
    // Who is asked by way of a mesh's agent is asked all the same.
    if handler["httpGet"]["rewritten"].is_object() {
        return port_of(container, &handler["httpGet"]["rewritten"]);
    }
    for kind in ["httpGet", "tcpSocket", "grpc"] {
        let request = &handler[kind];
        if request.is_object() && request["host"].is_null() {
            return container.port(&request["port"]);
        }
    }
    let words = handler["exec"]["command"].as_array()?;
    match commands::read(words.iter().filter_map(|word| word.as_str())).asks {
        Asks::Port(port) => Some(port),
        _ => None,
    }
}

/// The ports that a main command waits for before its work. An address of localhost among plain arguments is no wait: proxies
/// start without what is behind them.
fn waits(container: &Container<'_>) -> Option<About> {
    let is_script = container.words.get(1).is_some_and(|word| *word == "-c");
    let command = commands::read(container.words.iter().copied());
    match command.asks {
        Asks::Port(port) if container.is_ordinary_init() || is_script => Some(About::Wait(port)),
        _ => None,
    }
}

/// Whether its own arguments, variables, or what is known of its product, show that a container listens on a port.
fn shows(container: &Container<'_>, port: u64) -> bool {
    let is_told = |text: &str| {
        let numbers = text.split(|c: char| !c.is_ascii_digit());
        // What it asks on localhost is no port of its own.
        !["localhost", "127.0.0.1", "[::1]"].iter().any(|host| text.contains(host))
            && numbers.filter_map(|number| number.parse().ok()).any(|number: u64| number == port)
    };
    let mut words = container.words.iter().enumerate();
    products::default_ports(container).contains(&port)
        || words.any(|(place, word)| is_told(word) && !is_of_the_application(container, place))
        || container.env.iter().any(|(_, value)| is_told(value))
}

/// Whether a word is the value of daprd's `--app-port`, which is where the application listens.
fn is_of_the_application(container: &Container<'_>, place: usize) -> bool {
    let before = place.checked_sub(1).and_then(|before| container.words.get(before));
    before.is_some_and(|flag| *flag == "--app-port")
}
