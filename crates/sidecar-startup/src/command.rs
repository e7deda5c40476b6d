//! What running a command comes to, as far as its words tell.
//!
//! A shell script is read, not searched: simple commands, joined by `;`, `&&`, `||` or a line's end, are followed the way a
//! shell follows them. What needs more than that, be it a variable, a pipe, a redirection or a loop, is left alone, since whoever
//! is told that a command always succeeds may well be denied for it.

mod any_answer;
mod script;
mod shell;

use any_answer::is_loop_for_any_answer;
use script::{Join, Script};
use shell::Shell;

/// How a command ends, whatever it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// With 0.
    Success,
    /// With something else.
    Failure,
    /// That depends on what it finds, or it never does.
    Unknown,
}

/// What running a command comes to, as far as its words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// How it ends, whatever it finds.
    pub ends: Ends,
    /// How long it surely sleeps before it does anything else, or ends, in whole seconds, rounded down. It is [`u32::MAX`] for
    /// `sleep infinity`.
    pub sleeps: u32,
    /// Whether it runs anything but `sleep`, `true`, `false`, `:`, `echo`, `printf`, `date`, `set` or `exit`, that is, whether
    /// it does, or may do, real work.
    pub works: bool,
}

impl Outcome {
    /// What nothing is known of.
    const UNKNOWN: Self = Self { ends: Ends::Unknown, sleeps: 0, works: true };

    /// What ends like that and has no other effect.
    const fn harmless(ends: Ends) -> Self {
        Self { ends, sleeps: 0, works: false }
    }

    /// Whether it succeeds, and does nothing before but take its time.
    pub(crate) fn only_sleeps(self) -> bool {
        self.ends == Ends::Success && !self.works && 0 < self.sleeps
    }
}

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

fn as_strs<S: AsRef<str>>(words: &[S]) -> Vec<&str> {
    words.iter().map(AsRef::as_ref).collect()
}

fn outcome_of_words(words: &[&str]) -> Outcome {
    let words = unwrapped(words);
    if let Some((shell, script)) = Shell::called_by(words) {
        return shell.outcome(&Script::read(script));
    }
    let Some((first, arguments)) = words.split_first() else { return Outcome::UNKNOWN };
    match (program(first), arguments) {
        ("true", []) | ("echo", _) | ("date", [] | ["-u"]) => Outcome::harmless(Ends::Success),
        ("date", [format] | ["-u", format]) if format.starts_with('+') => Outcome::harmless(Ends::Success),
        ("printf", [text]) if !text.starts_with('-') && !text.contains(['%', '\\']) => {
            Outcome::harmless(Ends::Success)
        }
        ("false", []) => Outcome::harmless(Ends::Failure),
        ("sleep", [length]) => seconds(length).map_or(Outcome::UNKNOWN, |sleeps| Outcome {
            // What sleeps forever never ends.
            ends: if sleeps == u32::MAX { Ends::Unknown } else { Ends::Success },
            sleeps,
            works: false,
        }),
        _ => Outcome::UNKNOWN,
    }
}

/// The words without the `env` and `busybox` before them, which only pass them on.
fn unwrapped<'a, 'w>(mut words: &'a [&'w str]) -> &'a [&'w str] {
    const APPLETS: [&str; 8] = ["ash", "date", "echo", "env", "false", "sh", "sleep", "true"];
    loop {
        match words {
            [first, rest @ ..] if program(first) == "env" => {
                let assignments = rest.iter().take_while(|word| is_plain_assignment(word)).count();
                words = rest.get(assignments..).unwrap_or_default();
            }
            [first, rest @ ..]
                if base_name(first) == "busybox"
                    && rest.first().is_some_and(|name| APPLETS.contains(name)) =>
            {
                words = rest;
            }
            _ => return words,
        }
    }
}

/// The name of a program where that says which one it is: on the path, or where the system keeps its own.
fn program(word: &str) -> &str {
    word.strip_prefix("/usr").unwrap_or(word).strip_prefix("/bin/").unwrap_or(word)
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Whether a word gives a value to a variable that no shell guards and that nothing here depends on.
fn is_plain_assignment(word: &str) -> bool {
    const DELICATE: [&str; 8] =
        ["EUID", "LINENO", "OPTIND", "PATH", "POSIXLY_CORRECT", "PPID", "SHELLOPTS", "UID"];
    let Some((name, _)) = word.split_once('=') else { return false };
    let is_name = !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_delicate = DELICATE.contains(&name) || name.starts_with("BASH") || name.starts_with("LD_");
    !name.is_empty() && is_name && !is_delicate
}

/// How long a `sleep` with this argument sleeps, in whole seconds.
fn seconds(length: &str) -> Option<u32> {
    if matches!(length, "inf" | "infinity") {
        return Some(u32::MAX);
    }
    let units = [('s', 1.0), ('m', 60.0), ('h', 3_600.0), ('d', 86_400.0)];
    let with_unit = units.iter().find_map(|(unit, seconds)| Some((length.strip_suffix(*unit)?, *seconds)));
    let (number, unit) = with_unit.unwrap_or((length, 1.0));
    if !number.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let length = std::time::Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit);
    Some(length.map_or(u32::MAX, |length| u32::try_from(length.as_secs()).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests;
