//! Programs that are known to leave no server behind.

use super::clients::{WAITERS, is_client};
use super::words::{as_strs, base_name, is_plain_assignment, program, unwrapped, without_time_limit};

/// What scripts run before their work: builtins of the shell, and tools for files, texts and packages.
const TOOLS: [&str; 66] = [
    ":",
    "[",
    "apk",
    "apt",
    "apt-get",
    "base64",
    "basename",
    "cat",
    "cd",
    "chgrp",
    "chmod",
    "chown",
    "cp",
    "cut",
    "date",
    "df",
    "dirname",
    "dnf",
    "du",
    "echo",
    "envsubst",
    "export",
    "false",
    "getent",
    "grep",
    "gunzip",
    "gzip",
    "head",
    "hostname",
    "id",
    "jq",
    "ln",
    "ls",
    "md5sum",
    "microdnf",
    "mkdir",
    "mktemp",
    "mv",
    "nslookup",
    "ping",
    "pip",
    "printenv",
    "printf",
    "pwd",
    "readlink",
    "readonly",
    "rm",
    "sed",
    "set",
    "sha256sum",
    "sleep",
    "sort",
    "stat",
    "tar",
    "test",
    "touch",
    "tr",
    "true",
    "type",
    "umask",
    "uname",
    "unzip",
    "wc",
    "which",
    "whoami",
    "yum",
];

/// Whether a command is one of these, or a client that runs nothing after it has waited. Any other may start a server that answers what follows, as
/// `mysqld --daemonize` and `ssh -fNL` do.
pub(super) fn leaves_no_server(words: &[String]) -> bool {
    let words = as_strs(words);
    let words = unwrapped(without_time_limit(unwrapped(&words)).0);
    // `/scripts/test` is no tool.
    let program = words.first().map(|first| program(first));
    program.is_none_or(|name| {
        TOOLS.contains(&name) || is_client(base_name(name)) && !WAITERS.contains(&base_name(name))
    })
}

/// Whether a statement of a script only prepares what follows: it assigns a variable, or runs tools.
pub(super) fn only_prepares(statement: &str) -> bool {
    let prepares = |command: &str| {
        let first = command.split_whitespace().next().unwrap_or_default();
        first.is_empty() || TOOLS.contains(&program(first)) || is_plain_assignment(first)
    };
    statement.split("&&").flat_map(|part| part.split("||")).flat_map(|part| part.split('|')).all(prepares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_and_clients_leave_nothing_behind() {
        let leaves = |text: &str| leaves_no_server(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        for text in
            ["set -e", "apk add --no-cache curl", "timeout 5 /usr/bin/curl localhost:80", "env A=1 psql -l"]
        {
            assert!(leaves(text), "{text}");
        }
        for text in [
            "mysqld --daemonize",
            "ssh -fNL 1:db:1 host",
            "env nginx",
            "timeout 5 /start.sh",
            ". /env.sh",
            "/scripts/test",
            "wait-for-it.sh db:1 -- pg_ctl start",
        ] {
            assert!(!leaves(text), "{text}");
        }
    }
}
