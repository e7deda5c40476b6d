//! Times and names in words.

use crate::pod::container::Container;

/// A container's name as it is shown.
pub(super) fn name(container: &Container<'_>) -> String {
    container.fields.name.escape_debug().to_string()
}

/// A reason from a status: one word, as the API defines it. Anything else might repeat what the Pod holds.
pub(super) fn token(reason: &str) -> &str {
    let is_token = reason.len() <= 64 && reason.chars().all(|char| char.is_ascii_alphanumeric());
    if is_token { reason } else { "for an unknown reason" }
}

/// A time in seconds: `83 s`, `12 min`, `3 h`.
pub(super) fn time(seconds: u64) -> String {
    match seconds {
        0..=600 => format!("{seconds} s"),
        601..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// How long something lasts, as text to follow it: ` for 83 s`.
pub(super) fn for_(seconds: u64) -> String {
    format!(" for {}", time(seconds))
}

/// A number of restarts, as text to follow: `, restarted 3 times`.
pub(super) fn restarts(count: u64) -> String {
    match count {
        0 => String::new(),
        1 => ", restarted once".to_owned(),
        2 => ", restarted twice".to_owned(),
        count => format!(", restarted {count} times"),
    }
}

/// Who waits, with its verb: `migrate and app wait`, `app waits`.
pub(super) fn waiting(names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [name] => Some(format!("{name} waits")),
        [names @ .., last] => Some(format!("{} and {last} wait", names.join(", "))),
    }
}
