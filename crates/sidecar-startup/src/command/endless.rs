//! Commands that never end: they sleep forever, or follow a file.

use super::script::Script;
use super::shell::{Shell, outcome_of_words};
use super::wait_loop::has_background;
use super::words::{as_strs, program, unwrapped};

/// Whether `words` run a program that is seen never to end.
#[must_use]
pub fn never_ends<S: AsRef<str>>(words: &[S]) -> bool {
    let words = as_strs(words);
    if outcome_of_words(&words).sleeps == u32::MAX {
        return true;
    }
    let words = unwrapped(&words);
    let Some((_, script)) = Shell::called_by(words) else { return follows_files(words) };
    let script = Script::read(script);
    match (script.commands.as_slice(), script.unread) {
        ([only], None) => {
            let words = as_strs(&only.words);
            follows_files(words.strip_prefix(&["exec"]).unwrap_or(&words))
        }
        _ => false,
    }
}

/// Whether `words` never end unless they fail before: so does a script whose last command never ends.
#[must_use]
pub fn is_to_run_on<S: AsRef<str>>(words: &[S]) -> bool {
    let words = as_strs(words);
    if never_ends(&words) {
        return true;
    }
    let Some((_, script)) = Shell::called_by(unwrapped(&words)) else { return false };
    let script = Script::read(script);
    script.commands.last().filter(|_| script.unread.is_none()).is_some_and(|last| {
        let words = as_strs(&last.words);
        never_ends(words.strip_prefix(&["exec"]).unwrap_or(&words))
    })
}

/// Whether a script starts something in the background without waiting for it: the script may end before that does.
#[must_use]
pub fn may_leave_behind<S: AsRef<str>>(words: &[S]) -> bool {
    let words = as_strs(words);
    let Some((_, script)) = Shell::called_by(unwrapped(&words)) else { return false };
    let mut tokens = script.split(|c: char| !c.is_ascii_alphanumeric());
    has_background(script) && !tokens.any(|token| token == "wait")
}

/// Whether a command is a `tail` that follows files until it is killed. With `--pid`, it ends when that process does.
fn follows_files(words: &[&str]) -> bool {
    let mut words = words.iter();
    if words.next().is_none_or(|first| program(first) != "tail") {
        return false;
    }
    let (mut follows, mut has_file) = (false, false);
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            None => has_file = true,
            Some("-follow" | "-follow=name" | "-follow=descriptor") => follows = true,
            Some(letters) => {
                let mut letters = letters.chars();
                while let Some(letter) = letters.next() {
                    match letter {
                        'f' | 'F' => follows = true,
                        'q' | 'v' | '0'..='9' => {}
                        'c' | 'n' | 's' => {
                            // The value is the rest of the word, or else the next one.
                            if letters.next().is_none() {
                                words.next();
                            }
                            break;
                        }
                        _ => return false,
                    }
                }
            }
        }
    }
    follows && has_file
}

#[cfg(test)]
mod tests {
    use super::never_ends;

    #[test]
    fn some_programs_never_end() {
        for words in [
            &["sleep", "infinity"][..],
            &["tail", "-f", "/dev/null"],
            &["tail", "-fn0", "/dev/null"],
            &["tail", "-n", "+1", "-qF", "/var/log/x"],
            &["tail", "--follow=name", "/var/log/x"],
            &["sh", "-c", "exec tail -F /var/log/x"],
            &["sh", "-c", "echo a; sleep inf"],
        ] {
            assert!(never_ends(words), "{words:?}");
        }
        for words in [
            &["sleep", "9"][..],
            &["tail", "-n", "1", "x"],
            &["tail", "-n", "-f", "x"],
            &["tail", "-nf", "x"],
            &["tail", "-f"],
            &["tail", "-f", "--pid=7", "x"],
            &["tail", "--pid", "7", "-f", "x"],
            &["tail", "--help", "-f", "x"],
            &["sh", "-c", "tail -f x & exit 0"],
            &[],
        ] {
            assert!(!never_ends(words), "{words:?}");
        }
    }
}
