//! Commands that handle files and end, such as an init container that copies the binary of a sidecar.

use super::programs::{commands, program_of};
use super::words::is_shell;

/// Programs that handle files, and what a script may contain between them.
const PROGRAMS: [&str; 21] = [
    ":", "[", "chgrp", "chmod", "chown", "cp", "echo", "exit", "fi", "install", "ln", "ls", "mkdir", "mv",
    "rm", "set", "sync", "tar", "test", "touch", "true",
];

/// Whether a command does nothing but handle files.
pub(crate) fn handles_files<S: AsRef<str>>(words: &[S]) -> bool {
    let commands = commands(words);
    let programs: Vec<&str> = commands.iter().map(|command| program_of(command)).collect();
    let programs = match programs.as_slice() {
        [shell, script @ ..] if is_shell(shell) => script,
        programs => programs,
    };
    !programs.is_empty() && programs.iter().all(|program| PROGRAMS.contains(program))
}

#[cfg(test)]
mod tests {
    use super::handles_files;

    #[test]
    fn some_commands_only_handle_files() {
        for words in [
            &["/bin/cp", "/proxy", "/shared"][..],
            &["sh", "-ec", "mkdir -p /a; cp /b /a && chmod 755 /a/b"],
            &["sh", "-c", "if [ -f /a ]; then mv /a /b; fi"],
        ] {
            assert!(handles_files(words), "{words:?}");
        }
        for words in [
            &["sh", "-c", "cp /a /b; exec proxy"][..],
            &["sh", "-c", "while true; do cp /a /b; sleep 1; done"],
            &["proxy", "cp"],
            &["sh"],
            &[],
        ] {
            assert!(!handles_files(words), "{words:?}");
        }
    }
}
