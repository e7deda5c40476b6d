//! Programs that are known to leave no server behind.

use super::clients::is_client;
use super::words::{as_strs, base_name, unwrapped, without_time_limit};

/// What scripts run before their work: builtins of the shell, and tools for files, texts and packages.
const TOOLS: [&str; 68] = [
    ":",
    "[",
    "apk",
    "apt",
    "apt-get",
    "awk",
    "base64",
    "basename",
    "cat",
    "cd",
    "chgrp",
    "chmod",
    "chown",
    "command",
    "cp",
    "curl",
    "cut",
    "date",
    "df",
    "dirname",
    "dnf",
    "du",
    "echo",
    "env",
    "envsubst",
    "export",
    "false",
    "find",
    "getent",
    "grep",
    "gunzip",
    "gzip",
    "head",
    "hostname",
    "id",
    "install",
    "jq",
    "ln",
    "ls",
    "md5sum",
    "microdnf",
    "mkdir",
    "mktemp",
    "mv",
    "nslookup",
    "openssl",
    "ping",
    "pip",
    "printenv",
    "printf",
    "pwd",
    "readonly",
    "rm",
    "sed",
    "set",
    "sha256sum",
    "sleep",
    "sort",
    "tail",
    "tar",
    "test",
    "touch",
    "tr",
    "true",
    "umask",
    "uname",
    "unzip",
    "yum",
];

/// Whether a command is one of these, or a client. Any other may start a server that answers what follows, as
/// `mysqld --daemonize` and `ssh -fNL` do.
pub(super) fn leaves_no_server(words: &[String]) -> bool {
    let words = as_strs(words);
    let words = unwrapped(without_time_limit(unwrapped(&words)).0);
    let program = words.first().map(|first| base_name(first));
    program.is_none_or(|program| TOOLS.contains(&program) || is_client(program))
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
        for text in
            ["mysqld --daemonize", "ssh -fNL 1:db:1 host", "env nginx", "timeout 5 /start.sh", ". /env.sh"]
        {
            assert!(!leaves(text), "{text}");
        }
    }
}
