//! Loops that may wait for something in the same Pod. Unlike `asks.rs`, which proves waits, this gives what may be one.

use super::asks::{MOST_PORTS, local_asks, ports_in};
use super::clients::{WAITERS, is_client};
use super::programs::{commands, program_of};
use super::shell::Shell;
use super::words::{HOSTS, as_strs, base_name, unwrapped, without_time_limit};

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

/// The ports of dockerd, without and with TLS.
const DOCKERD: [u16; 2] = [2375, 2376];

/// The port that a client of a database takes if it is given none.
pub(super) fn default_port(client: &str) -> Option<u16> {
    DATABASES.iter().find(|(name, _)| *name == client).map(|(_, port)| *port)
}

/// How many words of a loop's body are read: loops that only wait are short.
const MOST_WORDS: usize = 200;

/// The ports of its own Pod that a script's loops may wait for, in their conditions or, where the loop sleeps, in its body; `None` for one
/// that the script does not show.
#[must_use]
pub fn loop_checks<S: AsRef<str>>(words: &[S]) -> Vec<Option<u16>> {
    let words = as_strs(words);
    let Some((_, script)) = script_of(&words) else { return Vec::new() };
    let script = script.replace([';', '\n'], " ; ").replace(['(', ')', '"', '\'', '`', '<', '>'], " ");
    let mut words = script.split_whitespace();
    let mut checks = Vec::new();
    while words.any(|word| matches!(word, "until" | "while" | "for")) {
        let condition: Vec<&str> = words.by_ref().take_while(|word| *word != "do").collect();
        let body: Vec<&str> = words.clone().take(MOST_WORDS).take_while(|word| *word != "done").collect();
        let body = if body.contains(&"sleep") { body } else { Vec::new() };
        for command in [condition, body].iter().flat_map(|part| part.split(|word| is_separator(word))) {
            checks.extend(checks_of(command));
            if asks_dockerd(command) {
                checks.extend(DOCKERD.map(Some));
            }
        }
    }
    checks
}

/// Whether a command asks dockerd, at the address that `DOCKER_HOST` names.
fn asks_dockerd(command: &[&str]) -> bool {
    let command = command.strip_prefix(&["!"]).unwrap_or(command);
    let names_daemon = |word: &&str| matches!(*word, "-H" | "-c") || word.starts_with("--");
    command.first().is_some_and(|first| base_name(first) == "docker") && !command.iter().any(names_daemon)
}

/// The shell that a command runs, perhaps for a limited time, and its script.
fn script_of<'w>(words: &[&'w str]) -> Option<(Shell, &'w str)> {
    Shell::called_by(unwrapped(without_time_limit(unwrapped(words)).0))
}

fn is_separator(word: &str) -> bool {
    matches!(word, ";" | "|" | "||" | "&&")
}

/// The ports of its own Pod for which a command may wait before its work: in a loop, or by a program that waits and fails without an answer.
#[must_use]
pub fn ports_awaited<S: AsRef<str>>(words: &[S]) -> Vec<u16> {
    let mut ports: Vec<u16> = loop_checks(words).into_iter().flatten().collect();
    for command in commands(words) {
        if WAITERS.contains(&program_of(&command)) {
            ports.extend(local_asks(&command).iter().filter(|ask| ask.is_needed).map(|ask| ask.port));
        }
    }
    ports.truncate(MOST_PORTS);
    ports
}

/// The files for which the loops of a script wait: paths in conditions that look for a file, as `[ -s FILE ]` does.
#[must_use]
pub fn files_awaited<S: AsRef<str>>(words: &[S]) -> Vec<String> {
    const LOOKING: [&str; 6] = ["[", "[[", "cat", "ls", "stat", "test"];
    let words = as_strs(words);
    let Some((_, script)) = script_of(&words) else { return Vec::new() };
    let script = script.replace([';', '\n'], " ; ").replace(['"', '\''], "");
    let mut words = script.split_whitespace();
    let mut files = Vec::new();
    while let Some(first) = words.find(|word| matches!(*word, "until" | "while")) {
        let condition: Vec<&str> = words.by_ref().take_while(|word| *word != "do").collect();
        let is_negated = condition.first() == Some(&"!") || condition.get(1) == Some(&"!");
        let looks = condition.iter().find(|word| **word != "!").is_some_and(|word| LOOKING.contains(word));
        if looks && (first == "until") != is_negated {
            files
                .extend(condition.iter().filter(|word| word.starts_with('/')).map(|word| (*word).to_owned()));
        }
    }
    files
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
            ("while true; do nc -z 127.0.0.1 5432 && break; sleep 1; done; run", &[Some(5432)]),
            ("for i in $(seq 30); do nc -z localhost 80 && break; sleep 1; done; run", &[Some(80)]),
            ("for f in *.sql; do psql -h localhost -f $f; done", &[]),
            ("until docker info; do sleep 1; done; make", &[Some(2375), Some(2376)]),
            ("until docker -H tcp://build:2375 info; do sleep 1; done; make", &[]),
            ("while [ $i -lt 5 ]; do run; done; curl -X POST localhost:15020/quitquitquit", &[]),
            ("run; curl -X POST localhost:15020/quitquitquit", &[]),
        ] {
            assert_eq!(loop_checks(&["sh", "-c", script]), expected, "{script}");
        }
        assert_eq!(loop_checks(&["run", "until", "curl", "$URL"]), []);
    }
}
