//! Who says by flags and variables that it listens on a port, without declaring it: `--listen=:8080`, `PORT=8080`.

use std::collections::BTreeSet;

use super::container::Container;

/// Whether a flag or variable with this name gives a port to listen on; of `--db-port` and the like it is not known whose port that is.
fn is_of_listener(name: &str) -> bool {
    const NAMES: [&str; 8] =
        ["port", "http_port", "server_port", "web_port", "addr", "address", "http_addr", "server_addr"];
    let name = name.trim_start_matches('-').trim_start_matches('D').to_ascii_lowercase();
    let name = name.replace(['-', '.'], "_");
    name.contains("listen") || name.contains("bind") || NAMES.contains(&name.as_str())
}

/// The port in a value such as `8080`, `:8080` or `0.0.0.0:8080`.
fn port_of(value: &str) -> Option<i32> {
    let (host, number) = value.rsplit_once(':').unwrap_or(("", value));
    let host = host.rsplit('/').next().unwrap_or_default();
    let port = number.parse().ok().filter(|port| (1..=65535).contains(port))?;
    ["", "*", "0.0.0.0", "127.0.0.1", "localhost", "[::]"].contains(&host).then_some(port)
}

/// The ports on which a container says that it listens.
pub(crate) fn claimed_ports(container: &Container<'_>) -> BTreeSet<i32> {
    let fields = container.fields;
    let claimed = |(name, value): (&str, &str)| port_of(value).filter(|_| is_of_listener(name));
    let mut ports = BTreeSet::new();
    let words: Vec<_> = fields.words().collect();
    let flags = words.iter().filter(|word| word.starts_with('-'));
    ports.extend(flags.filter_map(|word| word.split_once('=')).filter_map(claimed));
    let apart = words.windows(2).filter_map(|pair| match pair {
        [flag, value] if flag.starts_with('-') => Some((*flag, *value)),
        _ => None,
    });
    ports.extend(apart.filter_map(claimed));
    if !["ADDR", "BIND", "LISTEN", "PORT"].iter().any(|part| fields.variables_mention(part)) {
        return ports;
    }
    let variables = fields.variables();
    let values = variables.iter().filter_map(|it| Some((&*it.name, it.value.as_deref()?)));
    ports.extend(values.filter_map(claimed));
    ports
}
