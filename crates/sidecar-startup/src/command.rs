//! What running a command comes to, as far as its words tell.

/// How a command ends, whatever it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With 0, at once.
    Succeeds,
    /// With something else, at once.
    Fails,
    /// That depends on what it finds.
    Unknown,
}

/// What an `exec` with these words comes to.
#[must_use]
pub fn outcome(command: Option<&[String]>) -> Outcome {
    let words: Vec<_> = command.unwrap_or_default().iter().map(String::as_str).collect();
    match words.as_slice() {
        ["true" | "/bin/true" | "/usr/bin/true"] => Outcome::Succeeds,
        ["false" | "/bin/false" | "/usr/bin/false"] => Outcome::Fails,
        ["sh" | "/bin/sh" | "bash" | "/bin/bash" | "ash" | "/bin/ash", "-c", script] => {
            outcome_of_script(script)
        }
        _ => Outcome::Unknown,
    }
}

/// What a shell script comes to that is a single word, or an `exit` with a number.
fn outcome_of_script(script: &str) -> Outcome {
    match script.split_ascii_whitespace().collect::<Vec<_>>().as_slice() {
        [] | ["true" | ":" | "exit"] => Outcome::Succeeds,
        ["false"] => Outcome::Fails,
        ["exit", code] => match code.parse::<u8>() {
            Ok(0) => Outcome::Succeeds,
            Ok(_) => Outcome::Fails,
            Err(_) => Outcome::Unknown,
        },
        _ => Outcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_sure_is_told() {
        for (words, expected) in [
            (&["true"][..], Outcome::Succeeds),
            (&["/bin/true"], Outcome::Succeeds),
            (&["sh", "-c", " exit 0\n"], Outcome::Succeeds),
            (&["sh", "-c", ""], Outcome::Succeeds),
            (&["sh", "-c", "exit 1"], Outcome::Fails),
            (&["sh", "-c", "exit 256"], Outcome::Unknown),
            (&["sh", "-c", "exit $?"], Outcome::Unknown),
            (&["sh", "-c", "true || false"], Outcome::Unknown),
            (&["truely"], Outcome::Unknown),
            (&["true", "or", "not"], Outcome::Unknown),
            (&[], Outcome::Unknown),
        ] {
            let words: Vec<_> = words.iter().map(ToString::to_string).collect();
            assert_eq!(outcome(Some(&words)), expected, "{words:?}");
        }
        assert_eq!(outcome(None), Outcome::Unknown);
    }
}
