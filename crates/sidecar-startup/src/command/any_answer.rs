//! Detects wait loops that accept any response of a server, even an error status.

use super::outcome::Ends;
use super::shell::outcome_of_words;
use super::words::base_name;

/// Whether a script is a loop until `curl` gets any response, with nothing after it that may fail or do work.
pub(super) fn is_loop_for_any_answer(text: &str) -> bool {
    let condition = after_word(text, "until")
        .or_else(|| after_word(text, "while").and_then(|negated| after_word(negated, "!")));
    condition.and_then(split_at_condition_end).is_some_and(|(condition, rest)| {
        is_curl_for_any_answer(condition) && after_word(rest, "do").is_some_and(is_rest_of_loop)
    })
}

/// The text after a leading word.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(word).filter(|rest| rest.starts_with(char::is_whitespace));
    rest.map(str::trim_start)
}

/// Splits a script at the first `;` or newline outside quotes.
fn split_at_condition_end(text: &str) -> Option<(&str, &str)> {
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

/// Whether a text is the body of a loop up to `done`, without another loop in it, and then nothing that may fail or do work.
fn is_rest_of_loop(text: &str) -> bool {
    !contains_loop(text) && after_done(text).is_some_and(always_succeeds_idly)
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

/// Whether a command is nothing but a `curl` that succeeds with any response.
fn is_curl_for_any_answer(text: &str) -> bool {
    const SILENCERS: [&str; 6] =
        [" > /dev/null", " >/dev/null", " 1>/dev/null", " 2> /dev/null", " 2>/dev/null", " 2>&1"];
    let text = SILENCERS.iter().fold(text.to_owned(), |text, silencer| text.replace(silencer, ""));
    if text.replace("${", "").contains(['`', '\\', '(', ')', '{', '|', '&', '<', '>', '*', '#']) {
        return false;
    }
    let words = shlex::split(&text).unwrap_or_default();
    words.split_first().is_some_and(|(first, arguments)| {
        base_name(first) == "curl" && asks_one_url_for_any_answer(arguments) == Some(true)
    })
}

/// Whether these arguments of `curl` are one HTTP URL and flags that let no response fail. `None` if a flag is not known.
fn asks_one_url_for_any_answer(arguments: &[String]) -> Option<bool> {
    let mut urls = 0;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if takes_value(argument)? {
            arguments.next().filter(|value| !value.starts_with(['-', '$']))?;
        }
        urls += u8::from(!argument.starts_with('-'));
        if urls > 1 {
            return Some(false);
        }
    }
    Some(urls == 1)
}

/// Whether this argument of `curl` takes the next word as its value. `None` if the argument is not known.
fn takes_value(argument: &str) -> Option<bool> {
    if let Some(name) = argument.strip_prefix("--") {
        return match name {
            "compressed" | "get" | "head" | "http1.1" | "include" | "insecure" | "ipv4" | "ipv6"
            | "location" | "no-buffer" | "no-progress-meter" | "show-error" | "silent" | "verbose" => {
                Some(false)
            }
            "connect-timeout" | "data" | "header" | "max-time" | "output" | "request" | "user"
            | "user-agent" => Some(true),
            _ => None,
        };
    }
    let Some(letters) = argument.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
        return is_http_url(argument).then_some(false);
    };
    let mut letters = letters.chars();
    match letters.find(|letter| !"46GILNSgiksv".contains(*letter)) {
        None => Some(false),
        // The value may follow the letter in the same word.
        Some('A' | 'H' | 'X' | 'd' | 'm' | 'o' | 'u') => Some(letters.as_str().is_empty()),
        Some(_) => None,
    }
}

/// Whether `curl` certainly treats a word as an HTTP URL. If the scheme is missing, it guesses another one for some host names.
fn is_http_url(word: &str) -> bool {
    const OTHERS: [&str; 8] = ["-", "$", "dict.", "ftp.", "imap.", "ldap.", "pop3.", "smtp."];
    let is_guessed = || !word.contains("://") && !OTHERS.iter().any(|start| word.starts_with(start));
    word.starts_with("http://") || word.starts_with("https://") || is_guessed()
}
