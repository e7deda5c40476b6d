//! Predicts the result of a command from its words alone.
//!
//! A shell script is interpreted, not searched for patterns: simple commands joined by `;`, `&&`, `||` or newlines are followed
//! as a shell would. Anything else, such as variables, pipes, redirections and loops, gives an unknown result: a Pod may be
//! denied because a command always succeeds, so that must be certain.

mod any_answer;
mod asks;
mod clients;
mod loop_checks;
mod outcome;
mod programs;
mod quits;
mod script;
mod shell;
mod wait_loop;
mod words;

use self::any_answer::is_loop_for_any_answer;
use self::script::Script;
use self::shell::{Shell, outcome_of_words};
use self::words::{as_strs, program, unwrapped};

pub use self::asks::{Ask, Purpose, local_asks, local_waits};
pub use self::loop_checks::loop_checks;
pub use self::outcome::{Ends, Outcome};
pub use self::programs::{Call, calls_in, commands, may_end_by_script, program_of};
pub use self::quits::{Quit, is_quit_path, quits};
pub(crate) use self::words::is_shell;

/// The result of executing `words`, a program and its arguments.
#[must_use]
pub fn outcome<S: AsRef<str>>(words: &[S]) -> Outcome {
    outcome_of_words(&as_strs(words))
}

/// Whether `words` run a shell loop that waits for an HTTP server with `curl` and accepts any response, even an error status.
/// `curl` does so without `--fail`; `wget` fails on HTTP errors by default.
#[must_use]
pub fn takes_any_answer<S: AsRef<str>>(words: &[S]) -> bool {
    let words = as_strs(words);
    Shell::called_by(unwrapped(&words)).is_some_and(|(shell, script)| {
        let script = Script::read(script);
        shell.always_reaches_unread(&script) && script.unread.is_some_and(is_loop_for_any_answer)
    })
}

/// Whether `words` run a program that is seen never to end: it sleeps for ever, or follows a file.
#[must_use]
pub fn never_ends<S: AsRef<str>>(words: &[S]) -> bool {
    let words = as_strs(words);
    let follows = |words: &[&str]| match words {
        [first, flags @ ..] => {
            program(first) == "tail" && flags.iter().any(|flag| matches!(*flag, "-f" | "-F" | "--follow"))
        }
        [] => false,
    };
    if outcome_of_words(&words).sleeps == u32::MAX {
        return true;
    }
    let words = unwrapped(&words);
    let script = Shell::called_by(words).map(|(_, script)| Script::read(script));
    let is_last = |script: Script<'_>| match (script.commands.as_slice(), script.unread) {
        ([only], None) => {
            let words: Vec<&str> = only.words.iter().map(String::as_str).collect();
            follows(words.strip_prefix(&["exec"]).unwrap_or(&words))
        }
        _ => false,
    };
    follows(words) || script.is_some_and(is_last)
}

#[cfg(test)]
mod tests;
