//! What can be told about a command from its words alone. A shell script is followed as a shell would run it.
//!
//! There are two standards of evidence, which are never mixed:
//!
//! - *Proof*, on which a Pod may be denied: what cannot be read is unknown. `outcome.rs` and `shell.rs` say how a command ends, `asks.rs`
//!   which ports of its own Pod it cannot do without, `quits.rs` whether it ends its container, `endless.rs` whether it never ends.
//! - *Suspicion*, on which a repair is refused or a rule stays silent: any trace counts. `possible.rs` has the ports that a command may
//!   ask for, `loop_checks.rs` what its loops may check, `programs.rs` whatever it may run, `files.rs` whether it handles files.
//!
//! The others read: `script.rs` and `wait_loop.rs` shell scripts, `any_answer.rs` loops that accept any response, `clients.rs` the options
//! of programs that connect, `tools.rs` programs that leave no server behind, `services.rs` the names of Services, `words.rs` single words.

mod any_answer;
mod asks;
mod awaits;
mod clients;
mod endless;
mod files;
mod loop_checks;
mod outcome;
mod paths;
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
pub use self::awaits::{Awaits, awaits};
pub(crate) use self::clients::WAITERS;
pub use self::endless::{is_to_run_on, may_leave_behind, never_ends};
pub(crate) use self::files::handles_files;
pub use self::loop_checks::loop_checks;
pub use self::outcome::{Ends, Outcome};
pub(crate) use self::paths::Paths;
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
