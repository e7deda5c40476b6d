//! Compares what is predicted of commands with what a real shell does.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test that fails says where")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use sidecar_startup::command::{Ends, local_asks, outcome};

const SCRIPTS: usize = 400;
const PATH: &str = "/usr/bin:/bin";

/// Commands that are harmless on any machine.
const COMMANDS: [&str; 28] = [
    "true",
    "false",
    ":",
    "exit 0",
    "exit 1",
    "exit 3",
    "exit",
    "sleep 0",
    "echo hi",
    "echo 'hi there' \"# no comment\"",
    "env true",
    "env A=b false",
    "/bin/true",
    "/bin/false",
    "test -f /nonexistent",
    "test -d /",
    "! true",
    "! false",
    "! test -d /",
    "set -e",
    "set -eu",
    "exec true",
    "exec false",
    "A=b",
    "A=b false",
    "sh -c 'exit 1'",
    "\"true\"",
    "# exit 1; (\n",
];
const JOINS: [&str; 8] = ["; ", "\n", " && ", " || ", " &&\n", "\n\n", " # so it goes\n", ";"];
/// Clients of a server in the same Pod.
const CLIENTS: [&str; 5] = [
    "curl -sf http://localhost:8080/ready",
    "curl -sf localhost:8080 >/dev/null 2>&1",
    "nc -z localhost 8080",
    "timeout 5 nc -z 127.0.0.1 8080",
    "! nc -z localhost 8080",
];
const FLAGS: [&[&str]; 5] = [&["-c"], &["-ec"], &["-ce"], &["-e", "-c"], &["-uc"]];

/// A small deterministic random number generator (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }

    fn one_of<T: Copy + Default>(&mut self, choices: &[T]) -> T {
        choices.get(self.below(choices.len())).copied().unwrap_or_default()
    }

    fn script(&mut self, mut command: impl FnMut(&mut Self) -> String) -> String {
        let mut script = command(self);
        for _ in 0..self.below(5) {
            script.push_str(self.one_of(&JOINS));
            script.push_str(&command(self));
        }
        script
    }

    /// A command that asks a server, or any other.
    fn asking(&mut self) -> String {
        let client = self.one_of(&CLIENTS);
        match self.below(9) {
            0 | 1 => client.to_owned(),
            8 => format!("until {client}; do sleep 1; done & {}", self.one_of(&COMMANDS)),
            2 => format!("until {client}; do sleep 1; done"),
            3 => format!("while ! {client}; do {}; sleep 1; done", self.one_of(&COMMANDS)),
            4 => format!("until {client} || {}; do sleep 1; done", self.one_of(&COMMANDS)),
            5 => format!("if {client}; then {}; fi", self.one_of(&COMMANDS)),
            _ => self.one_of(&COMMANDS).to_owned(),
        }
    }

    /// The words that start a shell with a script.
    fn shell<'s>(&mut self, script: &'s str) -> Vec<&'s str> {
        ["/bin/sh"].iter().chain(self.one_of(&FLAGS)).copied().chain([script]).collect()
    }
}

fn run(words: &[&str], path: &str) -> ExitStatus {
    Command::new(words[0])
        .args(&words[1..])
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
}

#[test]
fn a_real_shell_agrees() {
    assert!(Path::new("/bin/sh").exists());
    let mut random = Random(0x5eed_0f5c_2197);
    let (mut successes, mut failures) = (0, 0);
    for _ in 0..SCRIPTS {
        let script = random.script(|random| random.one_of(&COMMANDS).to_owned());
        let words = random.shell(&script);
        let status = run(&words, PATH);
        match outcome(&words).ends {
            Ends::Success => {
                successes += 1;
                assert_eq!(status.code(), Some(0), "{words:?}");
            }
            Ends::Failure => {
                failures += 1;
                assert!(!status.success(), "{words:?}");
            }
            Ends::Unknown => {}
        }
    }
    println!("Of {SCRIPTS} scripts, {successes} succeed, {failures} fail, and the rest is unknown.");
    assert!(SCRIPTS <= 2 * (successes + failures));
    assert!(SCRIPTS <= 10 * successes.min(failures));
}

/// Programs by these names, with what they do.
fn programs(folder: &Path, scripts: &[(&str, &str)]) {
    fs::create_dir_all(folder).unwrap();
    for (name, script) in scripts {
        let program = folder.join(name);
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Nobody listens, and who waits is killed: what is said to need an answer does not succeed.
#[test]
fn without_an_answer_nothing_that_needs_one_succeeds() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("deaf-clients");
    programs(&folder, &[("curl", "exit 7"), ("nc", "exit 1"), ("sleep", "[ $1 = 0 ] || kill -9 $PPID")]);
    let path = format!("{}:{PATH}", folder.display());
    let mut random = Random(0x0a5c_5eed_2197);
    let mut needing = 0;
    for _ in 0..SCRIPTS {
        let script = random.script(Random::asking);
        let words = random.shell(&script);
        if local_asks(&words).iter().any(|ask| ask.is_needed) {
            needing += 1;
            assert!(!run(&words, &path).success(), "{words:?}");
        }
    }
    println!("Of {SCRIPTS} scripts, {needing} need an answer.");
    assert!(SCRIPTS <= 10 * needing);
}
