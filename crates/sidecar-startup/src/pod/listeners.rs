//! Who says by flags and variables that it listens on a port, without declaring it: `--listen=:8080`, `PORT=8080`.

use super::container::Container;

/// Whether a flag or variable with this name gives a port to listen on; of `--db-port` and the like it is not known whose port that is.
fn is_of_listener(name: &str) -> bool {
    const NAMES: [&str; 8] =
        ["port", "http_port", "server_port", "web_port", "addr", "address", "http_addr", "server_addr"];
    let name = name.trim_start_matches('-').to_ascii_lowercase().replace(['-', '.'], "_");
    name.contains("listen") || name.contains("bind") || NAMES.contains(&name.as_str())
}

/// Whether a value is a port to listen on: `8080`, `:8080`, `0.0.0.0:8080`.
fn is_address(value: &str, port: i32) -> bool {
    let (host, number) = value.rsplit_once(':').unwrap_or(("", value));
    let host = host.rsplit('/').next().unwrap_or_default();
    number.parse() == Ok(port) && ["", "*", "0.0.0.0", "[::]"].contains(&host)
}

/// Whether a container says that it listens on a port.
pub(crate) fn says_it_listens(container: &Container<'_>, port: i32) -> bool {
    let fields = container.fields;
    let is_given = |(name, value): (&str, &str)| is_of_listener(name) && is_address(value, port);
    let number = port.to_string();
    if fields.variables_mention(&number) {
        let variables = fields.variables();
        let mut values = variables.iter().filter_map(|it| Some((&*it.name, it.value.as_deref()?)));
        if values.any(is_given) {
            return true;
        }
    }
    if !fields.words().any(|word| word.contains(&number)) {
        return false;
    }
    let words: Vec<_> = fields.words().collect();
    let flags = words.iter().filter(|word| word.starts_with('-'));
    let mut joined = flags.filter_map(|word| word.split_once('='));
    let mut apart = words.windows(2).filter_map(|pair| match pair {
        [flag, value] if flag.starts_with('-') => Some((*flag, *value)),
        _ => None,
    });
    joined.any(is_given) || apart.any(is_given)
}
