//! Commands that never end: they sleep forever, or follow a file.

use super::script::Script;
use super::shell::{Shell, outcome_of_words};
use super::words::{as_strs, is_plain_assignment, program, unwrapped};

/// Whether `words` run a program that is seen never to end.
#[must_use]
pub fn never_ends<S: AsRef<str>>(words: &[S]) -> bool {
    let words = as_strs(words);
    if outcome_of_words(&words).sleeps == u32::MAX {
        return true;
    }
    let words = unwrapped(&words);
    let Some((_, script)) = Shell::called_by(words) else { return follows_files(words) };
    let script = Script::read(script);
    match (script.commands.as_slice(), script.unread) {
        ([only], None) => {
            let words = as_strs(&only.words);
            follows_files(words.strip_prefix(&["exec"]).unwrap_or(&words))
        }
        _ => false,
    }
}

/// Whether `words` never end unless they fail before: so does a script whose last command never ends.
#[must_use]
pub fn is_to_run_on<S: AsRef<str>>(words: &[S]) -> bool {
    let words = as_strs(words);
    if never_ends(&words) {
        return true;
    }
    let Some((_, script)) = Shell::called_by(unwrapped(&words)) else { return false };
    let script = Script::read(script);
    script.commands.last().filter(|_| script.unread.is_none()).is_some_and(|last| {
        let words = as_strs(&last.words);
        never_ends(words.strip_prefix(&["exec"]).unwrap_or(&words))
    })
}

/// Whether a script starts something in the background and then only pauses, so that it may end although what it started runs on.
#[must_use]
pub fn may_leave_behind<S: AsRef<str>>(words: &[S]) -> bool {
    const PAUSES: [&str; 17] = [
        "", ":", "[", "[[", "date", "do", "done", "echo", "exit", "fi", "if", "sleep", "test", "then",
        "true", "until", "while",
    ];
    let words = as_strs(words);
    let Some((_, script)) = Shell::called_by(unwrapped(&words)) else { return false };
    let Some(rest) = after_background(script) else { return false };
    let first = |statement: &'_ str| {
        let mut words = statement
            .split_whitespace()
            .skip_while(|word| matches!(*word, "do" | "then" | "until" | "while" | "if" | "!"));
        words.next().map(|word| program(word).to_owned()).unwrap_or_default()
    };
    let firsts: Vec<String> = rest.split([';', '\n', '&', '|']).map(first).collect();
    let only_pauses =
        firsts.iter().all(|first| PAUSES.contains(&first.as_str()) || is_plain_assignment(first));
    let is_endless = |word: &str| matches!(word.trim_matches(';'), "inf" | "infinity");
    only_pauses && !rest.split_whitespace().any(is_endless)
}

/// What follows the last `&` in a script that puts a command into the background; none if there is none.
fn after_background(script: &str) -> Option<&str> {
    let mut quote = None;
    let mut before = ' ';
    let mut rest = None;
    for (at, c) in script.char_indices() {
        let after = script.get(at + c.len_utf8()..).unwrap_or_default();
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '&') if !matches!(before, '&' | '>' | '<' | '|') && !after.starts_with(['&', '>']) => {
                rest = Some(after);
            }
            _ => {}
        }
        before = c;
    }
    rest
}

/// Whether a command is a `tail` that follows files until it is killed. With `--pid`, it ends when that process does.
fn follows_files(words: &[&str]) -> bool {
    let mut words = words.iter();
    if words.next().is_none_or(|first| program(first) != "tail") {
        return false;
    }
    let (mut follows, mut has_file) = (false, false);
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            None => has_file = true,
            Some("-follow" | "-follow=name" | "-follow=descriptor") => follows = true,
            Some(letters) => {
                let mut letters = letters.chars();
                while let Some(letter) = letters.next() {
                    match letter {
                        'f' | 'F' => follows = true,
                        'q' | 'v' | '0'..='9' => {}
                        'c' | 'n' | 's' => {
                            // The value is the rest of the word, or else the next one.
                            if letters.next().is_none() {
                                words.next();
                            }
                            break;
                        }
                        _ => return false,
                    }
                }
            }
        }
    }
    follows && has_file
}

#[cfg(test)]
mod tests {
    use super::{may_leave_behind, never_ends};

    #[test]
    fn scripts_that_leave_something_behind() {
        for script in [
            "/daprd --app-id seed & while [ ! -f /tmp/seeded ]; do sleep 1; done",
            "/px & sleep 30",
            "/px &",
            "/px & P=$!; until [ -f /s ]; do sleep 1; done; exit 0",
        ] {
            assert!(may_leave_behind(&["sh", "-c", script]), "{script}");
        }
        for script in [
            "refresh & exec pilot-agent proxy sidecar",
            "while true; do refresh; sleep 60; done & exec pilot-agent proxy sidecar",
            "curl 'http://x/?a=1&b=2'; exec pilot-agent proxy sidecar",
            "cat <&3; exec pilot-agent proxy sidecar",
            "exec pilot-agent proxy sidecar >&2 2>&1",
            "exec pilot-agent proxy sidecar &> /log",
            "a && exec pilot-agent proxy sidecar",
            "pilot-agent proxy sidecar & PID=$!; trap 'kill $PID' TERM; while kill -0 $PID; do sleep 1; done",
            "pilot-agent proxy sidecar & wait",
            "pilot-agent proxy sidecar & sleep infinity",
        ] {
            assert!(!may_leave_behind(&["sh", "-c", script]), "{script}");
        }
    }

    #[test]
    fn some_programs_never_end() {
        for words in [
            &["sleep", "infinity"][..],
            &["tail", "-f", "/dev/null"],
            &["tail", "-fn0", "/dev/null"],
            &["tail", "-n", "+1", "-qF", "/var/log/x"],
            &["tail", "--follow=name", "/var/log/x"],
            &["sh", "-c", "exec tail -F /var/log/x"],
            &["sh", "-c", "echo a; sleep inf"],
        ] {
            assert!(never_ends(words), "{words:?}");
        }
        for words in [
            &["sleep", "9"][..],
            &["tail", "-n", "1", "x"],
            &["tail", "-n", "-f", "x"],
            &["tail", "-nf", "x"],
            &["tail", "-f"],
            &["tail", "-f", "--pid=7", "x"],
            &["tail", "--pid", "7", "-f", "x"],
            &["tail", "--help", "-f", "x"],
            &["sh", "-c", "tail -f x & exit 0"],
            &[],
        ] {
            assert!(!never_ends(words), "{words:?}");
        }
    }
}
