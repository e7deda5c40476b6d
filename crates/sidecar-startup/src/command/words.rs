//! The words of a command: programs, assignments, durations.

/// The hosts by which a container reaches its own Pod.
pub(super) const HOSTS: [&str; 6] = ["localhost", "127.0.0.1", "[::1]", "$(POD_IP)", "${POD_IP}", "$POD_IP"];

/// The words without leading `env` and `busybox`, which only run the words after them.
pub(super) fn unwrapped<'a, 'w>(mut words: &'a [&'w str]) -> &'a [&'w str] {
    const APPLETS: [&str; 11] =
        ["ash", "date", "echo", "env", "false", "nc", "sh", "sleep", "telnet", "true", "wget"];
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

/// The words after a leading `timeout` and its arguments, and whether there was one.
pub(super) fn without_time_limit<'a, 'w>(words: &'a [&'w str]) -> (&'a [&'w str], bool) {
    match words {
        [first, rest @ ..] if base_name(first) == "timeout" => {
            let options = rest.iter().take_while(|word| word.starts_with('-')).count();
            (rest.get(options + 1..).unwrap_or_default(), true)
        }
        _ => (words, false),
    }
}

/// The name of a program in `/bin` or `/usr/bin`; any other word is returned unchanged.
pub(super) fn program(word: &str) -> &str {
    word.strip_prefix("/usr").unwrap_or(word).strip_prefix("/bin/").unwrap_or(word)
}

/// The last component of a path.
pub(crate) fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Whether a word assigns a variable that is not read-only in any shell and does not change how commands run.
pub(super) fn is_plain_assignment(word: &str) -> bool {
    const SPECIAL: [&str; 8] =
        ["EUID", "LINENO", "OPTIND", "PATH", "POSIXLY_CORRECT", "PPID", "SHELLOPTS", "UID"];
    let Some((name, _)) = word.split_once('=') else { return false };
    let is_name = !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_special = SPECIAL.contains(&name) || name.starts_with("BASH") || name.starts_with("LD_");
    !name.is_empty() && is_name && !is_special
}

/// The duration of `sleep` with this argument, in seconds, rounded down; [`u32::MAX`] for `infinity`. `None` if it is no duration.
pub(super) fn seconds(length: &str) -> Option<u32> {
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

/// The words as string slices.
pub(super) fn as_strs<S: AsRef<str>>(words: &[S]) -> Vec<&str> {
    words.iter().map(AsRef::as_ref).collect()
}

/// Whether a word is the program of a shell that [`super::outcome`] understands.
pub(crate) fn is_shell(word: &str) -> bool {
    matches!(base_name(word), "sh" | "ash" | "bash" | "dash")
}

/// A script without the redirections that only hide output.
pub(super) fn without_silencers(script: &str) -> String {
    const SILENCERS: [&str; 6] =
        [" > /dev/null", " >/dev/null", " 1>/dev/null", " 2> /dev/null", " 2>/dev/null", " 2>&1"];
    SILENCERS.iter().fold(script.to_owned(), |script, silencer| script.replace(silencer, ""))
}
