//! Loops that take any answer of a server for success.

use super::outcome::Ends;
use super::shell::outcome_of_words;
use super::words::base_name;

/// Whether a text is a loop until a `curl` gets any answer, with nothing of weight after it.
pub(super) fn is_loop_for_any_answer(text: &str) -> bool {
    let condition = after_word(text, "until")
        .or_else(|| after_word(text, "while").and_then(|negated| after_word(negated, "!")));
    condition.and_then(split_at_condition_end).is_some_and(|(condition, rest)| {
        is_curl_for_any_answer(condition) && after_word(rest, "do").is_some_and(is_rest_of_loop)
    })
}

/// What comes after a word that a text begins with.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(word).filter(|rest| rest.starts_with(char::is_whitespace));
    rest.map(str::trim_start)
}

/// Splits a text after the first command in it, however complex that is.
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

/// Whether a text is the body of a loop and its end, with no other loop in it, and then at most what idles and succeeds.
fn is_rest_of_loop(text: &str) -> bool {
    const LOOPS: [&str; 4] = ["for", "select", "until", "while"];
    const BEFORE_COMMANDS: [&str; 6] = ["!", "do", "elif", "else", "if", "then"];
    let is_gap = |c: char| matches!(c, '\n' | ';' | '&' | '|' | '(' | ')' | '{' | '}' | '`');
    let begins_loop = |command: &str| {
        let first = command.split_whitespace().find(|word| !BEFORE_COMMANDS.contains(word));
        first.is_some_and(|first| LOOPS.contains(&first))
    };
    if text.contains("<<") || text.split(is_gap).any(begins_loop) {
        return false;
    }
    let mut ends = text.match_indices("done").filter_map(|(at, word)| {
        let (body, rest) = text.split_at_checked(at)?;
        let rest = rest.strip_prefix(word)?;
        let is_command = body.trim_end_matches([' ', '\t']).ends_with([';', '\n']);
        let is_whole = rest.is_empty() || rest.starts_with([' ', '\t']) || rest.starts_with(is_gap);
        (is_command && is_whole).then_some(rest)
    });
    let Some(rest) = ends.next().filter(|_| ends.next().is_none()) else { return false };
    let rest = rest.trim_matches([' ', '\t']);
    let after = rest.strip_prefix([';', '\n']).or_else(|| rest.strip_prefix("&&"));
    rest.is_empty()
        || after.is_some_and(|script| {
            let outcome = outcome_of_words(&["sh", "-c", script]);
            outcome.ends == Ends::Success && !outcome.works
        })
}

/// Whether a command is a `curl` that succeeds with any answer, and nothing else.
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

/// Whether these arguments of `curl` name one HTTP URL and nothing that makes an answer count as a failure. There is none where
/// that is not sure, because of a flag that is not known here.
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

/// Whether the next word belongs to this argument of `curl`. There is none if the argument is not known.
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
        // The value is the rest of the word, if there is any.
        Some('A' | 'H' | 'X' | 'd' | 'm' | 'o' | 'u') => Some(letters.as_str().is_empty()),
        Some(_) => None,
    }
}

/// Whether `curl` surely takes a word for the URL of an HTTP server. Without a scheme, it guesses another one from some names.
fn is_http_url(word: &str) -> bool {
    const OTHERS: [&str; 8] = ["-", "$", "dict.", "ftp.", "imap.", "ldap.", "pop3.", "smtp."];
    let is_guessed = || !word.contains("://") && !OTHERS.iter().any(|start| word.starts_with(start));
    word.starts_with("http://") || word.starts_with("https://") || is_guessed()
}
