//! Loops that may wait for something in the same Pod. Unlike `asks.rs`, which proves waits, this gives what may be one.

use super::asks::ports_in;
use super::clients::is_client;
use super::shell::Shell;
use super::words::{HOSTS, as_strs, base_name, unwrapped};

/// Clients of databases, with the port that they take if they are given none.
const DATABASES: [(&str, u16); 7] = [
    ("mariadb", 3306),
    ("mariadb-admin", 3306),
    ("mysql", 3306),
    ("mysqladmin", 3306),
    ("pg_isready", 5432),
    ("psql", 5432),
    ("redis-cli", 6379),
];

/// The port that a client of a database takes if it is given none.
pub(super) fn default_port(client: &str) -> Option<u16> {
    DATABASES.iter().find(|(name, _)| *name == client).map(|(_, port)| *port)
}

/// The ports of its own Pod that the conditions of a script's loops may ask for; `None` for one that the script does not show.
#[must_use]
pub fn loop_checks<S: AsRef<str>>(words: &[S]) -> Vec<Option<u16>> {
    let words = as_strs(words);
    let Some((_, script)) = Shell::called_by(unwrapped(&words)) else { return Vec::new() };
    let script = script.replace([';', '\n'], " ; ").replace(['(', ')', '"', '\'', '`', '<', '>'], " ");
    let mut words = script.split_whitespace();
    let mut checks = Vec::new();
    while words.any(|word| matches!(word, "until" | "while")) {
        let condition: Vec<&str> = words.by_ref().take_while(|word| *word != "do").collect();
        for command in condition.split(|word| matches!(*word, ";" | "|" | "||" | "&&")) {
            checks.extend(checks_of(command));
        }
    }
    checks
}

/// What one command of a condition may ask for.
pub(super) fn checks_of(command: &[&str]) -> Vec<Option<u16>> {
    let named = ports_in(command);
    if !named.is_empty() {
        return named.into_iter().map(Some).collect();
    }
    let Some(client) = command.iter().map(|word| base_name(word)).find(|word| is_client(word)) else {
        return Vec::new();
    };
    let has = |text: &str| command.iter().any(|word| word.contains(text));
    let names_host =
        || has("://") || command.iter().any(|word| word.starts_with("-h") || word.starts_with("--host"));
    match default_port(client) {
        // A variable decides: one that it names, or one that the client reads, such as PGHOST.
        _ if has("$") => vec![None],
        Some(_) if !names_host() => vec![None],
        Some(port) if HOSTS.iter().any(|host| has(host)) => vec![Some(port)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_loops() {
        for (script, expected) in [
            ("until (echo > /dev/tcp/localhost/15021) 2>/dev/null; do sleep 1; done", &[Some(15021)][..]),
            ("URL=http://localhost:15021/ready\nuntil curl -sf $URL\ndo sleep 1; done; run", &[None]),
            ("until pg_isready -h localhost; do sleep 1; done; run", &[Some(5432)]),
            ("until pg_isready; do sleep 1; done; run", &[None]),
            ("while ! mysqladmin ping -h127.0.0.1 --silent; do sleep 1; done", &[Some(3306)]),
            ("until psql \"$DATABASE_URL\" -c 'select 1'; do sleep 1; done", &[None]),
            ("until pg_isready -h db; do sleep 1; done", &[]),
            ("until curl -sf http://shop/ready; do sleep 1; done", &[]),
            ("while [ $i -lt 5 ]; do run; done; curl -X POST localhost:15020/quitquitquit", &[]),
            ("run; curl -X POST localhost:15020/quitquitquit", &[]),
        ] {
            assert_eq!(loop_checks(&["sh", "-c", script]), expected, "{script}");
        }
        assert_eq!(loop_checks(&["run", "until", "curl", "$URL"]), []);
    }
}
