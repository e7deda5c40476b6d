//! Commands that only look at files or text, whatever addresses they name.

use super::programs::{commands, program_of};
use super::words::is_shell;

const READERS: [&str; 18] = [
    "[", "[[", "awk", "cat", "cmp", "diff", "egrep", "find", "grep", "head", "jq", "ls", "sed", "stat",
    "tail", "test", "wc", "yq",
];

/// What a script of such commands may also contain.
const IDLE: [&str; 8] = [":", "done", "echo", "exit", "false", "printf", "sleep", "true"];

/// Whether a program only looks at files or text.
pub(super) fn is_reader(program: &str) -> bool {
    READERS.contains(&program)
}

/// Whether a command only looks at files or text, once or in a loop.
#[must_use]
pub fn only_reads<S: AsRef<str>>(words: &[S]) -> bool {
    let commands = commands(words);
    let programs: Vec<&str> = commands.iter().map(|command| program_of(command)).collect();
    let programs = match programs.as_slice() {
        [shell, script @ ..] if is_shell(shell) => script,
        programs => programs,
    };
    programs.iter().any(|program| is_reader(program))
        && programs.iter().all(|program| is_reader(program) || IDLE.contains(program))
}

#[cfg(test)]
mod tests {
    use super::only_reads;

    #[test]
    fn some_commands_only_read() {
        for words in [
            &["test", "-f", "/ready"][..],
            &["/bin/grep", "-q", "http://localhost:8080", "/conf"],
            &["sh", "-c", "test -s /a && [ -f /b ]"],
            &["sh", "-c", "until [ -f /ready ]; do echo no; sleep 1; done"],
        ] {
            assert!(only_reads(words), "{words:?}");
        }
        for words in [
            &["agent", "ready"][..],
            &["sh", "-c", "test -f /a && agent ready"],
            &["sh", "-c", "until agent ready; do sleep 1; done"],
            &["sh", "-c", "sleep 1"],
            &["sleep", "1"],
            &[],
        ] {
            assert!(!only_reads(words), "{words:?}");
        }
    }
}
