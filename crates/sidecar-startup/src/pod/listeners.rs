//! Who says by flags and variables that it listens on a port, without declaring it: `--listen=:8080`, `PORT=8080`.

use std::collections::BTreeSet;

use super::container::Container;

/// The hosts at which only the Pod itself reaches a server.
const LOCALHOST: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The name of a flag or variable, as the names below are written.
fn plain(name: &str) -> String {
    name.trim_start_matches('-').trim_start_matches('D').to_ascii_lowercase().replace(['-', '.'], "_")
}

/// Whether a flag or variable with this name gives a port to listen on; of `--db-port` and the like it is not known whose port that is.
fn is_of_listener(name: &str) -> bool {
    const NAMES: [&str; 8] =
        ["port", "http_port", "server_port", "web_port", "addr", "address", "http_addr", "server_addr"];
    let name = plain(name);
    name.contains("listen") || name.contains("bind") || NAMES.contains(&name.as_str())
}

/// Whether a flag or variable with this name gives the host at which a server listens.
fn is_of_host(name: &str) -> bool {
    const NAMES: [&str; 7] = ["addr", "address", "bind", "bind_address", "host", "listen", "listen_address"];
    NAMES.contains(&plain(name).as_str())
}

/// The host and the port in a value such as `8080`, `:8080` or `0.0.0.0:8080`.
fn host_and_port(value: &str) -> Option<(&str, i32)> {
    let (host, number) = value.rsplit_once(':').unwrap_or(("", value));
    let host = host.rsplit('/').next().unwrap_or_default();
    let port = number.parse().ok().filter(|port| (1..=65535).contains(port))?;
    Some((host, port))
}

/// The port in a value that names the host itself.
fn port_of(value: &str) -> Option<i32> {
    let (host, port) = host_and_port(value)?;
    (["", "*", "0.0.0.0", "[::]"].contains(&host) || LOCALHOST.contains(&host)).then_some(port)
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

/// Whether a container says that it listens on a port at localhost only: `--diag-addr=127.0.0.1:3001`, or `HOST=localhost` and `PORT=3000`.
pub(crate) fn listens_at_localhost(container: &Container<'_>, port: i32) -> bool {
    let (mut is_local, mut is_open, mut has_port, mut has_local_host) = (false, false, false, false);
    each_setting(container, |name, value| match host_and_port(value).filter(|(_, found)| *found == port) {
        Some(("", _)) => has_port |= is_of_listener(name),
        Some((host, _)) if LOCALHOST.contains(&host) => {
            is_local |= plain(name).contains("addr") || is_of_listener(name);
        }
        Some(_) => is_open |= is_of_listener(name),
        None => has_local_host |= LOCALHOST.contains(&value) && is_of_host(name),
    });
    (is_local || has_port && has_local_host) && !is_open
}
