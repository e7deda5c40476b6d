//! Loops that wait until a command succeeds: `until CONDITION; do ...; done` and `while ! CONDITION; do ...; done`.

use super::outcome::Ends;
use super::shell::outcome_of_words;

/// A loop that waits.
pub(super) struct WaitLoop<'t> {
    /// The command that ends it by succeeding.
    pub(super) condition: &'t str,
    /// Whether nothing else ends it, and the shell waits for it: its body only pauses, and it does not run in the background.
    pub(super) is_unbounded: bool,
    /// Whether nothing that may fail or do work comes after it.
    pub(super) ends_idly: bool,
}

impl<'t> WaitLoop<'t> {
    /// Reads the loop that a text begins with. `None` if it begins with none, or with one that cannot be read.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let condition = after_word(text, "until")
            .or_else(|| after_word(text, "while").and_then(|negated| after_word(negated, "!")))?;
        let (condition, rest) = split_at_condition_end(condition)?;
        let rest = after_word(rest, "do")?;
        if contains_loop(rest) {
            return None;
        }
        let after = after_done(rest)?;
        let body = rest.strip_suffix(after)?.strip_suffix("done")?;
        let is_unbounded = body.split([';', '\n']).all(only_pauses) && !has_background(after);
        Some(Self { condition, is_unbounded, ends_idly: always_succeeds_idly(after) })
    }
}

/// The text after a leading word.
pub(super) fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(word).filter(|rest| rest.starts_with(char::is_whitespace));
    rest.map(str::trim_start)
}

/// Whether a command only takes time or prints, so that it neither leaves a loop nor fails.
fn only_pauses(command: &str) -> bool {
    const PAUSES: [&str; 6] = ["", ":", "date", "echo", "sleep", "true"];
    let command = command.trim().trim_end_matches(">&2");
    let first = command.split_whitespace().next().unwrap_or_default();
    // `${NAME:?}` ends the shell.
    PAUSES.contains(&first) && !command.contains(['&', '|', '`', '(', '<', '>', '?'])
}

/// Whether something in a text runs in the background.
fn has_background(text: &str) -> bool {
    text.replace("&&", "").replace(">&", "").contains('&')
}

/// Splits a script at the first `;` or newline outside quotes.
pub(super) fn split_at_condition_end(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ';' | '\n') => {
                let (condition, rest) = text.split_at_checked(at)?;
                return Some((condition, rest.strip_prefix([';', '\n'])?.trim_start()));
            }
            _ => {}
        }
    }
    None
}

/// Whether a character ends a command.
fn ends_command(c: char) -> bool {
    matches!(c, '\n' | ';' | '&' | '|' | '(' | ')' | '{' | '}' | '`')
}

/// Whether a text contains a loop, or a here-document, which may hide anything.
fn contains_loop(text: &str) -> bool {
    const LOOPS: [&str; 4] = ["for", "select", "until", "while"];
    const BEFORE_COMMANDS: [&str; 6] = ["!", "do", "elif", "else", "if", "then"];
    let begins_loop = |command: &str| {
        let first = command.split_whitespace().find(|word| !BEFORE_COMMANDS.contains(word));
        first.is_some_and(|first| LOOPS.contains(&first))
    };
    text.contains("<<") || text.split(ends_command).any(begins_loop)
}

/// The text after the only `done` command. `None` if there is none, or more than one.
fn after_done(text: &str) -> Option<&str> {
    let mut ends = text.match_indices("done").filter_map(|(at, word)| {
        let (body, rest) = text.split_at_checked(at)?;
        let rest = rest.strip_prefix(word)?;
        let is_command = body.trim_end_matches([' ', '\t']).ends_with([';', '\n']);
        let is_whole = rest.is_empty() || rest.starts_with([' ', '\t']) || rest.starts_with(ends_command);
        (is_command && is_whole).then_some(rest)
    });
    ends.next().filter(|_| ends.next().is_none())
}

/// Whether the text after a loop is empty, or a script that always succeeds and does no work.
fn always_succeeds_idly(rest: &str) -> bool {
    let rest = rest.trim_matches([' ', '\t']);
    let script = rest.strip_prefix([';', '\n']).or_else(|| rest.strip_prefix("&&"));
    rest.is_empty()
        || script.is_some_and(|script| {
            let outcome = outcome_of_words(&["sh", "-c", script]);
            outcome.ends == Ends::Success && !outcome.works
        })
}
