//! What running a command comes to, as far as its words tell.
//!
//! A shell script is read, not searched: simple commands, joined by `;`, `&&`, `||` or a line's end, are followed the way a
//! shell follows them. What needs more than that, be it a variable, a pipe, a redirection or a loop, is left alone, since whoever
//! is told that a command always succeeds may well be denied for it.

mod any_answer;
mod outcome;
mod script;
mod shell;
mod words;

use self::any_answer::is_loop_for_any_answer;
use self::script::Script;
use self::shell::{Shell, outcome_of_words};
use self::words::{as_strs, unwrapped};

pub use self::outcome::{Ends, Outcome};
pub(crate) use self::words::is_shell;

/// What an exec with these words comes to.
#[must_use]
pub fn outcome<S: AsRef<str>>(words: &[S]) -> Outcome {
    outcome_of_words(&as_strs(words))
}

/// Whether these words are a loop that waits for an HTTP server with `curl` and takes any answer of it, even an error, for
/// success. That is what `curl` does without `--fail`; `wget` fails on HTTP errors by itself.
#[must_use]
pub fn takes_any_answer<S: AsRef<str>>(words: &[S]) -> bool {
    let words = as_strs(words);
    Shell::called_by(unwrapped(&words)).is_some_and(|(shell, script)| {
        let script = Script::read(script);
        shell.surely_reaches_unread(&script) && script.unread.is_some_and(is_loop_for_any_answer)
    })
}

#[cfg(test)]
mod tests;
