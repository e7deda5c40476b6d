//! Detects wait loops that accept any response of a server, even an error status.

use super::clients::url_for_any_answer;
use super::wait_loop::WaitLoop;
use super::words::{as_strs, base_name, without_silencers};

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
    match as_strs(&words).as_slice() {
        [first, arguments @ ..] if base_name(first) == "curl" => {
            url_for_any_answer(arguments).is_some_and(is_http_url)
        }
        _ => false,
    }
}

/// Whether `curl` certainly treats a word as an HTTP URL. If the scheme is missing, it guesses another one for some host names.
fn is_http_url(word: &str) -> bool {
    const OTHERS: [&str; 8] = ["-", "$", "dict.", "ftp.", "imap.", "ldap.", "pop3.", "smtp."];
    let is_guessed = || !word.contains("://") && !OTHERS.iter().any(|start| word.starts_with(start));
    word.starts_with("http://") || word.starts_with("https://") || is_guessed()
}
