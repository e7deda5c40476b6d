//! Detects wait loops that accept any response of a server, even an error status.

use super::wait_loop::WaitLoop;
use super::words::{base_name, without_silencers};

/// Whether a script is a loop until `curl` gets any response, with nothing after it that may fail or do work.
pub(super) fn is_loop_for_any_answer(text: &str) -> bool {
    WaitLoop::read(text).is_some_and(|wait| wait.ends_idly && is_curl_for_any_answer(wait.condition))
}

/// Whether a command is nothing but a `curl` that succeeds with any response.
fn is_curl_for_any_answer(text: &str) -> bool {
    let text = without_silencers(text);
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
