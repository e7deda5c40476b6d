//! Follows a shell through a script.

use super::outcome::{Ends, Outcome};
use super::script::{Join, Script};
use super::words::{as_strs, base_name, is_shell, program, seconds, unwrapped};

/// The state of a shell in a script. If it may have taken several paths, the state covers all of them.
pub(super) struct Shell {
    /// Whether it is `bash`, the only shell that certainly supports `pipefail`.
    is_bash: bool,
    /// Whether it exits when a command fails (`set -e`).
    exits_on_error: bool,
    /// How the last command ended, on the paths where the shell still runs.
    running: Option<Ends>,
    /// How the shell exited, on the paths where it has.
    exited: Option<Ends>,
    /// As [`Outcome::sleeps`].
    sleeps: u32,
    /// As [`Outcome::works`].
    works: bool,
}

/// The effect of a simple command on the shell.
enum Effect {
    /// The command ends this way.
    Ends(Outcome),
    /// The shell exits this way.
    Exits(Outcome),
    /// The shell exits as the previous command ended.
    ExitsWithLast,
    /// `set`: if `exits_on_error`, the shell exits from now on when a command fails.
    Sets { exits_on_error: bool },
    /// The command may do anything, even affect later commands.
    Unknown,
}

/// The flags of a shell or of `set`.
#[derive(Default)]
struct Flags {
    has_script: bool,
    exits_on_error: bool,
}

/// The result of executing `words`, a program and its arguments.
pub(super) fn outcome_of_words(words: &[&str]) -> Outcome {
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
            // `sleep infinity` never ends.
            ends: if sleeps == u32::MAX { Ends::Unknown } else { Ends::Success },
            sleeps,
            works: false,
        }),
        _ => Outcome::UNKNOWN,
    }
}

impl Shell {
    /// The shell that `words` start, and the script passed to it with `-c`. `None` if they start no shell that is understood.
    pub(super) fn called_by<'w>(words: &[&'w str]) -> Option<(Self, &'w str)> {
        let (first, arguments) = words.split_first()?;
        if !is_shell(first) {
            return None;
        }
        let is_bash = base_name(first) == "bash";
        let (flags, rest) = Flags::read(arguments, "cefluvx", is_bash)?;
        let shell = Self {
            is_bash,
            exits_on_error: flags.exits_on_error,
            running: Some(Ends::Success),
            exited: None,
            sleeps: 0,
            works: false,
        };
        rest.first().filter(|_| flags.has_script).map(|script| (shell, *script))
    }

    /// The result of running a script.
    pub(super) fn outcome(mut self, script: &Script<'_>) -> Outcome {
        let is_followed = self.follow(script);
        if is_followed.is_none() || script.unread.is_some() {
            return Outcome { sleeps: self.sleeps, ..Outcome::UNKNOWN };
        }
        let ends = match (self.exited, self.running) {
            (Some(ends), None) | (None, Some(ends)) => ends,
            // On some paths the shell exits early and on others it does not, so the result depends on the environment.
            _ => Ends::Unknown,
        };
        Outcome { ends, sleeps: self.sleeps, works: self.works }
    }

    /// Whether a script always reaches the part that could not be parsed, and does no work before.
    pub(super) fn always_reaches_unread(mut self, script: &Script<'_>) -> bool {
        self.reaches_unread(script)
    }

    /// As [`Self::always_reaches_unread`], without a sleep before.
    pub(super) fn reaches_unread_at_once(mut self, script: &Script<'_>) -> bool {
        self.reaches_unread(script) && self.sleeps == 0
    }

    fn reaches_unread(&mut self, script: &Script<'_>) -> bool {
        let is_followed = self.follow(script).is_some();
        // Nothing ends in more than one way without having worked, so there is no second path that skips it.
        is_followed
            && !self.works
            && self.exited.is_none()
            && split_paths(script.join, self.running).0.is_some()
    }

    /// Runs the parsed commands of a script. `None` if the effect of one of them is unknown.
    fn follow(&mut self, script: &Script<'_>) -> Option<()> {
        let next_joins = script.commands.iter().skip(1).map(|command| command.join).chain([script.join]);
        for (command, next_join) in script.commands.iter().zip(next_joins) {
            let (before, skipped) = split_paths(command.join, self.running);
            let Some(before) = before else { continue };
            let words = as_strs(&command.words);
            let after = match self.effect(&words) {
                Effect::Ends(outcome) => {
                    self.record(outcome);
                    let can_exit = self.exits_on_error && next_join == Join::Then && !command.is_negated;
                    self.after(outcome.ends, command.is_negated, can_exit)
                }
                // `! exit` and `! set` are too rare to be worth following.
                _ if command.is_negated => return None,
                Effect::Exits(outcome) => {
                    self.record(outcome);
                    self.exit(outcome.ends)
                }
                Effect::ExitsWithLast => self.exit(before),
                Effect::Sets { exits_on_error } if skipped.is_none() => {
                    self.exits_on_error |= exits_on_error;
                    Some(Ends::Success)
                }
                Effect::Sets { .. } | Effect::Unknown => return None,
            };
            self.running = either(skipped, after);
        }
        Some(())
    }

    /// The effect of a simple command with these words.
    fn effect(&self, words: &[&str]) -> Effect {
        match words {
            [] | [":", ..] => Effect::Ends(Outcome::harmless(Ends::Success)),
            ["exit"] => Effect::ExitsWithLast,
            ["exit", code] => {
                exit_code(code).map_or(Effect::Unknown, |ends| Effect::Exits(Outcome::harmless(ends)))
            }
            ["exec", command @ ..] if !command.is_empty() => Effect::Exits(outcome_of_words(command)),
            ["set", flags @ ..] if !flags.is_empty() => match Flags::read(flags, "eux", self.is_bash) {
                Some((Flags { exits_on_error, .. }, [])) => Effect::Sets { exits_on_error },
                _ => Effect::Unknown,
            },
            [first, ..] => match outcome_of_words(words) {
                Outcome::UNKNOWN if may_affect_shell(program(first)) => Effect::Unknown,
                outcome => Effect::Ends(outcome),
            },
        }
    }

    /// Records what a command does. Only a sleep before any work is certain to count.
    fn record(&mut self, outcome: Outcome) {
        if !self.works {
            self.sleeps = self.sleeps.saturating_add(outcome.sleeps);
        }
        self.works |= outcome.works;
        if outcome.sleeps == u32::MAX {
            // The shell may never continue, so no end is certain.
            self.exited = Some(Ends::Unknown);
        }
    }

    /// The status with which the shell continues after a command that ends this way; `None` if it exits.
    fn after(&mut self, ends: Ends, is_negated: bool, can_exit: bool) -> Option<Ends> {
        match ends {
            Ends::Failure if can_exit => self.exit(Ends::Failure),
            Ends::Unknown if can_exit => {
                self.exit(Ends::Failure);
                Some(Ends::Success)
            }
            Ends::Success if is_negated => Some(Ends::Failure),
            Ends::Failure if is_negated => Some(Ends::Success),
            ends => Some(ends),
        }
    }

    /// Records that the shell exits this way. Always `None`: it does not continue.
    fn exit(&mut self, ends: Ends) -> Option<Ends> {
        self.exited = either(self.exited, Some(ends));
        None
    }
}

/// Whether a command may change the shell or the meaning of later words, or may end the shell if it fails.
fn may_affect_shell(name: &str) -> bool {
    const NAMES: &str = ". alias bg bind break builtin cd chdir command continue declare dirs disown enable \
        eval exec exit export fc fg getopts hash kill killall let local logout mapfile pkill \
        popd printf pushd read readarray readonly return set shift shopt source suspend \
        times trap typeset ulimit unalias unset wait";
    NAMES.split(' ').any(|known| known == name)
}

/// Splits the paths of the shell into those that run the next command, and those that skip it.
fn split_paths(join: Join, running: Option<Ends>) -> (Option<Ends>, Option<Ends>) {
    let (runs, skips) = match join {
        Join::Then => return (running, None),
        Join::And => (Ends::Success, Ends::Failure),
        Join::Or => (Ends::Failure, Ends::Success),
    };
    let may_end = |ends| Some(ends).filter(|_| running == Some(ends) || running == Some(Ends::Unknown));
    (may_end(runs), may_end(skips))
}

/// The status if the shell may have taken either of two paths.
fn either(one: Option<Ends>, other: Option<Ends>) -> Option<Ends> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Some(Ends::Unknown),
        _ => one.or(other),
    }
}

/// How `exit` with this argument ends. `None` for numbers that do not fit into a byte: shells disagree about them.
fn exit_code(code: &str) -> Option<Ends> {
    let is_number = code.chars().all(|c| c.is_ascii_digit());
    let code: u8 = code.parse().ok().filter(|_| is_number)?;
    Some(if code == 0 { Ends::Success } else { Ends::Failure })
}

impl Flags {
    /// Parses flags, and returns them with the words after them. `None` if a letter is not in `known` or a long name is not known.
    fn read<'a, 'w>(mut words: &'a [&'w str], known: &str, is_bash: bool) -> Option<(Self, &'a [&'w str])> {
        let mut flags = Self::default();
        while let Some((bundle, mut rest)) = words.split_first()
            && let Some(letters) = bundle.strip_prefix('-')
        {
            if letters.is_empty() {
                return None;
            }
            for letter in letters.chars() {
                match letter {
                    'o' => {
                        let (name, after) = rest.split_first()?;
                        flags.apply_option(name, is_bash)?;
                        rest = after;
                    }
                    _ if !known.contains(letter) => return None,
                    'c' => flags.has_script = true,
                    'e' => flags.exits_on_error = true,
                    _ => {}
                }
            }
            words = rest;
        }
        Some((flags, words))
    }

    /// Applies the option name after `-o`. `None` if this shell may not support it.
    fn apply_option(&mut self, name: &str, is_bash: bool) -> Option<()> {
        match name {
            "errexit" => self.exits_on_error = true,
            "nounset" | "xtrace" => {}
            "pipefail" if is_bash => {}
            _ => return None,
        }
        Some(())
    }
}
