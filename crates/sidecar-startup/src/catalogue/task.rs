//! Whether a container of a sidecar's image runs the sidecar, or does something else with its image and ends.
//!
//! Only Pods that should complete, and init containers, raise the question: anything else that ends is restarted.

use super::row::Row;
use crate::command::{base_name, is_shell, is_to_run_on, last_command};
use crate::model::container_fields::ContainerFields;
use crate::model::glob::matches;

/// Programs that run the program named after them.
const WRAPPERS: [&str; 15] = [
    "catatonit",
    "command",
    "dumb-init",
    "env",
    "exec",
    "gosu",
    "ionice",
    "kubexit",
    "nice",
    "nohup",
    "scuttle",
    "setpriv",
    "stdbuf",
    "su-exec",
    "tini",
];

/// Words by which programs check or tell something, and end: as flags anywhere, and alone as the first argument.
const ONE_SHOT: [&str; 26] = [
    "check",
    "check-config",
    "check-proxy-health",
    "check-syntax",
    "completion",
    "components",
    "config-check",
    "config.check",
    "configtest",
    "dry-run",
    "dryrun",
    "enroll",
    "export",
    "featuregate",
    "help",
    "info",
    "keystore",
    "man",
    "modules",
    "print-config",
    "setup",
    "test",
    "validate",
    "validate-config",
    "version",
    "wait",
];

/// How many words after a wrapper the program may be: `nice -n 5 PROGRAM`.
const BEHIND_WRAPPER: usize = 8;

impl Row {
    /// Whether a container is seen to run this sidecar: by its image's own entry point, or by a command that ends with the program; and
    /// with arguments that do not make it check or print something and exit. A command that never exits counts, too.
    pub(crate) fn is_run_by(&self, fields: &ContainerFields<'_>) -> bool {
        let words: Vec<&str> = fields.words().collect();
        if fields.command.is_empty() && !words.first().is_some_and(|first| is_shell(first)) {
            return self.is_run_with(&words);
        }
        is_to_run_on(&words)
            || last_command(&words).is_some_and(|command| {
                let words: Vec<&str> = command.iter().map(String::as_str).collect();
                self.is_run_as(&words)
            })
    }

    /// Whether the image's entry point runs this sidecar with these arguments: flags, a subcommand, or a command.
    fn is_run_with(&self, arguments: &[&str]) -> bool {
        let is_own = |first: &str| {
            first.starts_with('-')
                || self.runs.is_empty()
                || self.runs.iter().any(|run| run.split_once(' ').is_some_and(|(_, word)| word == first))
        };
        match arguments.first() {
            None => true,
            Some(first) if is_own(first) => !is_one_shot(arguments),
            Some(_) => self.is_run_as(arguments),
        }
    }

    /// Whether a command runs this sidecar.
    fn is_run_as(&self, words: &[&str]) -> bool {
        let Some((first, arguments)) = words.split_first() else { return false };
        let name = base_name(first);
        let is_entry_point = name.trim_end_matches(".sh").ends_with("entrypoint");
        if is_entry_point && arguments.iter().all(|word| word.starts_with('-')) {
            return self.is_run_with(arguments);
        }
        let reach = if is_entry_point || WRAPPERS.contains(&name) { BEHIND_WRAPPER } else { 1 };
        let at = words.iter().take(reach).position(|word| self.is_program(word));
        let Some([program, arguments @ ..]) = at.and_then(|at| words.get(at..)) else { return false };
        let operand = arguments.iter().find(|word| !word.starts_with('-'));
        let is_told = |run: &&str| {
            let (name, word) = run.split_once(' ').unwrap_or((run, ""));
            is_called(program, name) && (word.is_empty() || operand == Some(&word))
        };
        !is_one_shot(arguments) && (self.runs.is_empty() || self.runs.iter().any(is_told))
    }

    /// Whether a word is the program of this sidecar.
    fn is_program(&self, word: &str) -> bool {
        if !self.runs.is_empty() {
            return self.runs.iter().any(|run| is_called(word, run.split(' ').next().unwrap_or_default()));
        }
        let images = self.images.iter().map(|image| base_name(image));
        images.chain(self.container_names.iter().copied()).any(|glob| is_called(word, glob))
    }
}

/// Whether a program has such a name; dashes and underscores are alike.
fn is_called(program: &str, glob: &str) -> bool {
    matches(&glob.replace('_', "-"), &base_name(program).replace('_', "-"))
}

/// Whether arguments make a program check or print something and exit.
fn is_one_shot(arguments: &[&str]) -> bool {
    arguments.iter().enumerate().any(|(at, word)| {
        let flag = word.trim_start_matches('-');
        (flag.len() < word.len() || at == 0) && ONE_SHOT.contains(&flag)
    })
}

#[cfg(test)]
mod tests {
    use crate::catalogue::ROWS;
    use crate::model::container_fields::ContainerFields;

    fn is_run(row: &str, container: &str) -> bool {
        let row = ROWS.iter().find(|known| known.name == row).unwrap();
        row.is_run_by(&serde_json::from_str::<ContainerFields<'_>>(container).unwrap())
    }

    #[test]
    fn a_sidecar_is_run_by_its_program() {
        for (row, container) in [
            ("istio-proxy", r#"{"args": ["proxy", "sidecar", "--domain", "x"]}"#),
            (
                "istio-proxy",
                r#"{"command": ["sh", "-c", "sleep 1; exec /usr/local/bin/pilot-agent proxy sidecar"]}"#,
            ),
            (
                "vault-agent",
                r#"{"command": ["/bin/sh", "-ec"], "args": ["echo ${VAULT_CONFIG?} | base64 -d > /c.json && vault agent -config=/c.json"]}"#,
            ),
            ("cloud-sql-proxy-v1", r#"{"command": ["/cloud_sql_proxy", "-instances=a:b:c=tcp:3306"]}"#),
            (
                "filebeat",
                r#"{"command": ["/usr/bin/tini", "--", "/usr/local/bin/docker-entrypoint", "filebeat", "-e"]}"#,
            ),
            ("filebeat", r#"{"command": ["docker-entrypoint.sh", "-environment=container"]}"#),
            ("filebeat", r#"{"command": ["sleep", "infinity"]}"#),
            ("opentelemetry-collector", r#"{"command": ["/otelcol-contrib", "--config=/c.yaml"]}"#),
            ("cloud-sql-proxy", r#"{"command": ["sh", "-c", "/cloud-sql-proxy a:b:c &\nwait"]}"#),
            (
                "cloud-sql-proxy",
                r#"{"command": ["bash", "-o", "pipefail", "-ec", "/cloud-sql-proxy a:b:c || exit 1"]}"#,
            ),
            ("filebeat", r#"{"command": ["sh", "-ecx", "export X=1; exec nice -n 5 filebeat -e"]}"#),
            ("filebeat", r#"{"command": ["sh", "-c", "filebeat -e 2>&1"]}"#),
            ("filebeat", r#"{"command": ["su-exec", "beat", "filebeat", "-e"]}"#),
            ("datadog-agent", r#"{"args": ["agent", "run"]}"#),
            ("datadog-agent", "{}"),
            (
                "prometheus-exporter",
                r#"{"command": ["bash", "-c"], "args": ["if [[ -f /p ]]; then p=1; fi\nDATA_SOURCE_NAME=x /bin/mysqld_exporter"]}"#,
            ),
            ("prometheus-exporter", r#"{"command": ["/bin/postgres_exporter"]}"#),
        ] {
            assert!(is_run(row, container), "{row} {container}");
        }
        for (row, container) in [
            ("istio-proxy", r#"{"command": ["pilot-agent", "request", "POST", "quitquitquit"]}"#),
            ("vault-agent", r#"{"command": ["docker-entrypoint.sh", "vault", "kv", "get", "secret/shop"]}"#),
            ("filebeat", r#"{"command": ["docker-entrypoint.sh", "curl", "http://es:9200"]}"#),
            ("filebeat", r#"{"args": ["setup", "-e"]}"#),
            ("fluent-bit", r#"{"args": ["--dry-run"]}"#),
            ("envoy-generic", r#"{"args": ["-c", "/e.yaml", "--version"]}"#),
            (
                "cloud-sql-proxy",
                r#"{"command": ["sh", "-c", "/cloud-sql-proxy --port 5432 a:b:c & PID=$!; sleep 5; psql -f /m.sql"]}"#,
            ),
            ("git-sync", r#"{"command": ["sh", "-c", "git-sync --repo=x & sleep 30; cp -r /git /out"]}"#),
            ("istio-proxy", r#"{"args": ["request", "GET", "/server_info"]}"#),
            ("istio-proxy", r#"{"args": ["wait"]}"#),
            ("datadog-agent", r#"{"args": ["agent", "check", "cpu"]}"#),
            ("tailscale", r#"{"args": ["tailscale", "ping", "x"]}"#),
            ("vault-agent", r#"{"command": ["vault", "policy", "write", "agent", "f"]}"#),
            ("daprd", r#"{"args": ["--wait"]}"#),
        ] {
            assert!(!is_run(row, container), "{row} {container}");
        }
    }
}
