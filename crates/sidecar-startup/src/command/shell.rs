//! What a shell does on its way through a script.

use super::outcome::{Ends, Outcome};
use super::script::{Join, Script};
use super::words::{as_strs, base_name, is_shell, program, seconds, unwrapped};

/// A shell on its way through a script. Where it cannot be told which way that is, it stands for all of them.
pub(super) struct Shell {
    /// Whether it is `bash`, the only one that surely knows `pipefail`.
    is_bash: bool,
    /// Whether it exits when a command fails.
    exits_on_error: bool,
    /// How the last command ended, where it still runs.
    running: Option<Ends>,
    /// How it exited, where it has.
    exited: Option<Ends>,
    pub(super) sleeps: u32,
    pub(super) works: bool,
}

/// What a simple command does to the shell.
enum Effect {
    /// It ends like that.
    Ends(Outcome),
    /// The shell ends like that.
    Exits(Outcome),
    /// The shell ends like the command before.
    ExitsAlike,
    /// The shell exits from now on when a command fails, or does not change in that.
    Sets { exits_on_error: bool },
    /// It may do anything, to the commands after it too.
    Unknown,
}

/// The flags of a shell, or of its command `set`.
#[derive(Default)]
struct Flags {
    has_script: bool,
    exits_on_error: bool,
}

/// What running these words comes to.
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
            // What sleeps forever never ends.
            ends: if sleeps == u32::MAX { Ends::Unknown } else { Ends::Success },
            sleeps,
            works: false,
        }),
        _ => Outcome::UNKNOWN,
    }
}

impl Shell {
    /// The shell that these words start, and the script that they give to it.
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

    pub(super) fn outcome(mut self, script: &Script<'_>) -> Outcome {
        let is_followed = self.follow(script);
        if is_followed.is_none() || script.unread.is_some() {
            return Outcome { sleeps: self.sleeps, ..Outcome::UNKNOWN };
        }
        let ends = match (self.exited, self.running) {
            (Some(ends), None) | (None, Some(ends)) => ends,
            // Whoever lets a shell exit half-way, or not, meant that to make a difference.
            _ => Ends::Unknown,
        };
        Outcome { ends, sleeps: self.sleeps, works: self.works }
    }

    /// Whether a script only idles until it comes to what could not be read of it, and surely comes there.
    pub(super) fn surely_reaches_unread(mut self, script: &Script<'_>) -> bool {
        let is_followed = self.follow(script).is_some();
        is_followed && !self.works && self.exited.is_none() && {
            let (goes_on, skips) = ways(script.join, self.running);
            goes_on.is_some() && skips.is_none()
        }
    }

    /// Runs what can be read of a script. There is none if that stops half-way, because what comes next cannot be told.
    fn follow(&mut self, script: &Script<'_>) -> Option<()> {
        let next_joins = script.commands.iter().skip(1).map(|command| command.join).chain([script.join]);
        for (command, next_join) in script.commands.iter().zip(next_joins) {
            let (before, skipped) = ways(command.join, self.running);
            let Some(before) = before else { continue };
            let words = as_strs(&command.words);
            let after = match self.effect(&words) {
                Effect::Ends(outcome) => {
                    self.account_for(outcome);
                    let can_exit = self.exits_on_error && next_join == Join::Then && !command.is_negated;
                    self.after(outcome.ends, command.is_negated, can_exit)
                }
                // Too odd to be sure of.
                _ if command.is_negated => return None,
                Effect::Exits(outcome) => {
                    self.account_for(outcome);
                    self.exit(outcome.ends)
                }
                Effect::ExitsAlike => self.exit(before),
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

    fn effect(&self, words: &[&str]) -> Effect {
        match words {
            [] | [":", ..] => Effect::Ends(Outcome::harmless(Ends::Success)),
            ["exit"] => Effect::ExitsAlike,
            ["exit", code] => {
                exit_code(code).map_or(Effect::Unknown, |ends| Effect::Exits(Outcome::harmless(ends)))
            }
            ["exec", command @ ..] if !command.is_empty() => Effect::Exits(outcome_of_words(command)),
            ["set", flags @ ..] if !flags.is_empty() => match Flags::read(flags, "eux", self.is_bash) {
                Some((Flags { exits_on_error, .. }, [])) => Effect::Sets { exits_on_error },
                _ => Effect::Unknown,
            },
            [first, ..] => match outcome_of_words(words) {
                Outcome::UNKNOWN if is_delicate(program(first)) => Effect::Unknown,
                outcome => Effect::Ends(outcome),
            },
        }
    }

    /// Counts what a command does. Only the sleep before any work is sure.
    fn account_for(&mut self, outcome: Outcome) {
        if !self.works {
            self.sleeps = self.sleeps.saturating_add(outcome.sleeps);
        }
        self.works |= outcome.works;
        if outcome.sleeps == u32::MAX {
            // It may never come further, so no end is sure.
            self.exited = Some(Ends::Unknown);
        }
    }

    /// How the shell goes on after a command that ends like that, if it does.
    pub(super) fn after(&mut self, ends: Ends, is_negated: bool, can_exit: bool) -> Option<Ends> {
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

    /// Ends the shell, after which it does not go on.
    pub(super) fn exit(&mut self, ends: Ends) -> Option<Ends> {
        self.exited = either(self.exited, Some(ends));
        None
    }
}

/// Whether a command may change the shell itself, or what later words mean, or ends the shell when it goes wrong.
pub(super) fn is_delicate(name: &str) -> bool {
    const DELICATE: &str = ". alias bg bind break builtin cd chdir command continue declare dirs disown enable \
        eval exec exit export fc fg getopts hash kill killall let local logout mapfile pkill \
        popd printf pushd read readarray readonly return set shift shopt source suspend \
        times trap typeset ulimit unalias unset wait";
    DELICATE.split(' ').any(|delicate| delicate == name)
}

/// Splits the ways that a shell may have come into those that run the next command, and those that skip it.
fn ways(join: Join, running: Option<Ends>) -> (Option<Ends>, Option<Ends>) {
    let (runs, skips) = match join {
        Join::Then => return (running, None),
        Join::And => (Ends::Success, Ends::Failure),
        Join::Or => (Ends::Failure, Ends::Success),
    };
    let may_end = |ends| Some(ends).filter(|_| running == Some(ends) || running == Some(Ends::Unknown));
    (may_end(runs), may_end(skips))
}

/// What is sure if either of two ways may have been taken.
fn either(one: Option<Ends>, other: Option<Ends>) -> Option<Ends> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Some(Ends::Unknown),
        _ => one.or(other),
    }
}

/// How `exit` with this number ends. Shells differ about numbers that do not fit into a byte.
fn exit_code(code: &str) -> Option<Ends> {
    let is_number = code.chars().all(|c| c.is_ascii_digit());
    let code: u8 = code.parse().ok().filter(|_| is_number)?;
    Some(if code == 0 { Ends::Success } else { Ends::Failure })
}

impl Flags {
    /// Reads flags, of which only the known letters and a few long names make sense, and gives the words after them.
    pub(super) fn read<'a, 'w>(
        mut words: &'a [&'w str],
        known: &str,
        is_bash: bool,
    ) -> Option<(Self, &'a [&'w str])> {
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
                        flags.name(name, is_bash)?;
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

    /// Takes the name after `-o`. There is none if not every shell knows it.
    pub(super) fn name(&mut self, name: &str, is_bash: bool) -> Option<()> {
        match name {
            "errexit" => self.exits_on_error = true,
            "nounset" | "xtrace" => {}
            "pipefail" if is_bash => {}
            _ => return None,
        }
        Some(())
    }
}
