//! The ports of its own Pod for which a command may ask. Unlike `asks.rs`, which proves that, this counts whatever leaves a doubt.

use super::asks::{MOST_PORTS, local_asks, names_own_pod, ports_in};
use super::clients::targets;
use super::loop_checks::{checks_of, default_port};
use super::programs::commands;
use super::words::{as_strs, base_name};

/// Other names of the Pod itself.
const OTHER_HOSTS: [&str; 8] = [
    "0.0.0.0",
    "ip6-localhost",
    "$HOSTNAME",
    "${HOSTNAME}",
    "$(HOSTNAME)",
    "$(hostname)",
    "$(hostname -i)",
    "$(hostname -f)",
];

/// A client that asks its own Pod unless its arguments name another host.
const REDIS: &str = "redis-cli";

/// The ports of its own Pod for which a command may ask.
#[must_use]
pub fn possible_ports<S: AsRef<str>>(words: &[S]) -> Vec<u16> {
    let with_one_name =
        |word: &str| OTHER_HOSTS.iter().fold(word.to_owned(), |word, host| word.replace(host, "localhost"));
    let words: Vec<String> = words.iter().map(|word| with_one_name(word.as_ref())).collect();
    // Most commands name neither.
    if !names_own_pod(&words) && !words.iter().any(|word| word.contains(REDIS)) {
        return Vec::new();
    }
    let mut ports: Vec<u16> = local_asks(&words).iter().map(|ask| ask.port).collect();
    for command in commands(&words) {
        let command = as_strs(&command);
        ports.extend(ports_in(&targets(&command)));
        ports.extend(checks_of(&command).into_iter().flatten());
        let is_of_redis = command.first().is_some_and(|first| base_name(first) == REDIS);
        if is_of_redis && !command.iter().any(|word| matches!(*word, "-h" | "-p" | "-s" | "-u")) {
            ports.extend(default_port(REDIS));
        }
    }
    ports.sort_unstable();
    ports.dedup();
    ports.truncate(MOST_PORTS);
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_may_ask_for_a_port() {
        for (command, expected) in [
            (&["redis-cli", "ping"][..], &[6379][..]),
            (&["mysqladmin", "ping", "-h127.0.0.1", "-P3306"], &[3306]),
            (&["sh", "-c", "until mysqladmin ping -h127.0.0.1; do sleep 1; done; run"], &[3306]),
            (&["pg_isready", "-h", "localhost"], &[5432]),
            (&["sh", "-c", "nc -z $HOSTNAME 8080"], &[8080]),
            (&["sh", "-c", "curl -fs http://$(hostname -i):8080/"], &[8080]),
            (&["curl", "http://0.0.0.0:8080"], &[8080]),
            (&["pg_isready", "-h", "db"], &[]),
            (&["redis-cli", "-h", "redis", "ping"], &[]),
            (&["agent", "ready"], &[]),
        ] {
            assert_eq!(possible_ports(command), expected, "{command:?}");
        }
    }
}
