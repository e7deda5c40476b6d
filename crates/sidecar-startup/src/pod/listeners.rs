//! Who says by flags and variables that it listens on a port, without declaring it: `--listen=:8080`, `PORT=8080`.

use std::collections::BTreeSet;

use super::container::Container;

/// The hosts at which only the Pod itself reaches a server.
const LOCALHOST: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The name of a flag, of a Java property or of a variable, as the names below are written.
fn normalised(name: &str) -> String {
    name.strip_prefix("-D")
        .unwrap_or(name)
        .trim_start_matches('-')
        .to_ascii_lowercase()
        .replace(['-', '.'], "_")
}

/// Whether a flag or variable with this name gives a port to listen on; of `--db-port` and the like it is not known whose port that is.
fn is_of_listener(name: &str) -> bool {
    const NAMES: [&str; 8] =
        ["port", "http_port", "server_port", "web_port", "addr", "address", "http_addr", "server_addr"];
    let name = normalised(name);
    name.contains("listen") || name.contains("bind") || NAMES.contains(&name.as_str())
}

/// Whether a flag or variable with this name gives the address of a server of the container itself, with its port.
fn is_of_server(name: &str) -> bool {
    const NAMES: [&str; 6] =
        ["admin_addr", "admin_address", "diag_addr", "health_addr", "metrics_addr", "metrics_address"];
    is_of_listener(name) || NAMES.contains(&normalised(name).as_str())
}

/// Whether a flag or variable with this name gives the host at which a server listens, without its port.
fn is_of_host(name: &str) -> bool {
    const NAMES: [&str; 8] =
        ["addr", "address", "bind", "bind_address", "host", "listen", "listen_address", "server_address"];
    NAMES.contains(&normalised(name).as_str())
}

/// The host and the port in a value such as `:8080` or `0.0.0.0:8080`; no host in `8080`.
fn host_and_port(value: &str) -> Option<(Option<&str>, i32)> {
    let (host, number) = value.rsplit_once(':').map_or((None, value), |(host, number)| (Some(host), number));
    let host = host.map(|host| host.rsplit('/').next().unwrap_or_default());
    let port = number.parse().ok().filter(|port| (1..=65535).contains(port))?;
    Some((host, port))
}

/// The port in a value whose host is the container itself, or none.
fn port_of(value: &str) -> Option<i32> {
    let (host, port) = host_and_port(value)?;
    host.is_none_or(|host| ["", "*", "0.0.0.0", "[::]"].contains(&host) || LOCALHOST.contains(&host))
        .then_some(port)
}

/// Passes on the flags and variables of a container, each with its name and value.
fn each_setting(container: &Container<'_>, mut see: impl FnMut(&str, &str)) {
    let fields = container.fields;
    let words: Vec<_> = fields.words().collect();
    for (at, word) in words.iter().enumerate().filter(|(_, word)| word.starts_with('-')) {
        match (word.split_once('='), words.get(at + 1)) {
            (Some((flag, value)), _) => see(flag, value),
            (None, Some(value)) => see(word, value),
            (None, None) => {}
        }
    }
    if ["ADDR", "BIND", "HOST", "LISTEN", "PORT"].iter().any(|part| fields.variables_mention(part)) {
        for variable in fields.variables() {
            if let Some(value) = variable.value.as_deref() {
                see(&variable.name, value);
            }
        }
    }
}

/// The ports on which a container says that it listens.
pub(crate) fn claimed_ports(container: &Container<'_>) -> BTreeSet<i32> {
    let mut ports = BTreeSet::new();
    each_setting(container, |name, value| {
        ports.extend(port_of(value).filter(|_| is_of_listener(name)));
    });
    ports
}

/// Whether a container says that it listens on a port at localhost only: `--diag-addr=127.0.0.1:3001`, or `--host=localhost` and `--port=3000`.
pub(crate) fn listens_at_localhost(container: &Container<'_>, port: i32) -> bool {
    let (mut is_local, mut is_open, mut has_port, mut has_local_host) = (false, false, false, false);
    each_setting(container, |name, value| match host_and_port(value).filter(|(_, found)| *found == port) {
        Some((None, _)) => has_port |= normalised(name) == "port" || normalised(name) == "server_port",
        Some((Some(host), _)) if LOCALHOST.contains(&host) => is_local |= is_of_server(name),
        Some((Some(_), _)) => is_open |= is_of_server(name),
        None => has_local_host |= LOCALHOST.contains(&value) && is_of_host(name),
    });
    (is_local || has_port && has_local_host) && !is_open
}
