//! Compares the predicted outcomes of commands with what a real shell does.

use std::path::Path;
use std::process::{Command, Stdio};

use sidecar_startup::command::{Ends, outcome};

const SCRIPTS: usize = 400;

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

    fn script(&mut self) -> String {
        let mut script = self.one_of(&COMMANDS).to_owned();
        for _ in 0..self.below(5) {
            script.push_str(self.one_of(&JOINS));
            script.push_str(self.one_of(&COMMANDS));
        }
        script
    }
}

#[test]
fn a_real_shell_agrees() {
    assert!(Path::new("/bin/sh").exists());
    let mut random = Random(0x5eed_0f5c_2197);
    let (mut successes, mut failures) = (0, 0);
    for _ in 0..SCRIPTS {
        let script = random.script();
        let words: Vec<_> =
            ["/bin/sh"].iter().chain(random.one_of(&FLAGS)).copied().chain([script.as_str()]).collect();
        let status = Command::new(words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
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
