//! Predicts the result of a command from its words alone.
//!
//! A shell script is interpreted, not searched for patterns: simple commands joined by `;`, `&&`, `||` or newlines are followed
//! as a shell would. Anything else, such as variables, pipes, redirections and loops, gives an unknown result: a Pod may be
//! denied because a command always succeeds, so that must be certain.

mod any_answer;
mod asks;
mod clients;
mod endless;
mod files;
mod loop_checks;
mod outcome;
mod possible;
mod programs;
mod quits;
mod script;
mod services;
mod shell;
mod tools;
mod wait_loop;
mod words;

use self::any_answer::is_loop_for_any_answer;
use self::script::Script;
use self::shell::{Shell, outcome_of_words};
use self::words::{as_strs, unwrapped};

pub use self::asks::{Ask, local_asks, local_waits, may_wait, names_own_pod};
pub(crate) use self::clients::WAITERS;
pub use self::endless::{is_to_run_on, never_ends};
pub(crate) use self::files::handles_files;
pub use self::loop_checks::loop_checks;
pub use self::outcome::{Ends, Outcome};
pub use self::possible::possible_ports;
pub use self::programs::{Call, calls_in, commands, last_command, may_end_by_script, program_of};
pub use self::quits::{Quit, is_quit_path, quits};
pub use self::services::{asks_service, is_host_of};
pub(crate) use self::words::{base_name, is_shell};

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

#[cfg(test)]
mod tests;
