//! The commands that a container runs, as far as its words show them, and the requests that these make to their own Pod.
//!
//! For questions to which any trace is an answer, since nothing is reported where there is doubt: what follows in a script that
//! cannot be read counts, too.

use super::outcome::Ends;
use super::script::{Join, Script};
use super::shell::outcome_of_words;
use super::words::{as_strs, base_name, is_plain_assignment, is_shell, without_silencers};

/// A request to a server in its own Pod, as a command names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The port, where it is written as a number.
    pub port: Option<u16>,
    /// The path, without slashes at its ends and without a query.
    pub path: String,
    /// Whether no host is named, as in `POST /quitquitquit HTTP/1.1`. It may as well be the path of a file.
    pub is_bare: bool,
}

/// The commands that `words` run: the words themselves, up to a script that they contain, and what that script runs. Commands that
/// only print are left out, as are those behind an `exec` or `exit`.
#[must_use]
pub fn commands<S: AsRef<str>>(words: &[S]) -> Vec<Vec<String>> {
    let words = as_strs(words);
    let Some((before, code)) = split_at_code(&words) else {
        return vec![words.iter().map(ToString::to_string).collect()];
    };
    let mut commands = vec![before.iter().map(ToString::to_string).collect()];
    let script = Script::read(code);
    for command in script.commands {
        let is_certain = command.join == Join::Then && !command.is_negated;
        match command.words.split_first() {
            Some((first, rest)) if first == "exec" && is_certain && !rest.is_empty() => {
                commands.push(rest.to_vec());
                return commands;
            }
            Some((first, _)) if first == "exit" && is_certain => return commands,
            Some(_) if !only_prints(&command.words) => commands.push(command.words),
            _ => {}
        }
    }
    let unread = without_silencers(script.unread.unwrap_or_default());
    let lines = unread.lines().map(without_comment);
    commands.extend(lines.flat_map(|line| line.split([';', '&', '|', '(', ')', '`'])).filter_map(command_in));
    commands
}

/// The command that `words` end with: the words themselves, or the last command of the script that they contain, apart from what only waits
/// and then ends it. None if there is no other.
#[must_use]
pub fn last_command<S: AsRef<str>>(words: &[S]) -> Option<Vec<String>> {
    const CLOSING: [&str; 7] = ["done", "esac", "exit", "fi", "kill", "trap", "wait"];
    // Outside a loop, whoever sleeps ends.
    const LOOPING: [&str; 5] = ["[", "[[", "inotifywait", "sleep", "test"];
    let words = as_strs(words);
    let mut commands = commands(&words);
    if split_at_code(&words).is_some() {
        commands.remove(0);
    }
    let mut is_in_loop = false;
    commands.into_iter().rfind(|command| {
        let name = program_of(command);
        is_in_loop |= name == "done";
        let only_waits = CLOSING.contains(&name) || is_in_loop && LOOPING.contains(&name);
        !only_waits
    })
}

/// The name of the program that a command runs.
#[must_use]
pub fn program_of(command: &[String]) -> &str {
    command.first().map(|first| base_name(first)).unwrap_or_default()
}

/// The requests to its own Pod that a text names: one word of a command, or the value of a variable.
#[must_use]
pub fn calls_in(text: &str) -> Vec<Call> {
    const SEPARATORS: &str = "'\"`(),;<>|";
    text.split(|c: char| c.is_whitespace() || SEPARATORS.contains(c)).filter_map(Call::read).collect()
}

/// Whether a container may end by its own script: something in it ends a process or a loop, or waits for something. A loop
/// without an end, such as `while true`, does not.
#[must_use]
pub fn may_end_by_script<S: AsRef<str>>(words: &[S]) -> bool {
    const ENDING: [&str; 9] =
        ["break", "for", "inotifywait", "kill", "killall", "pkill", "timeout", "trap", "until"];
    let words = as_strs(words);
    let is_limited = words.first().is_some_and(|first| base_name(first) == "timeout");
    let Some((_, code)) = split_at_code(&words) else { return is_limited };
    let tokens: Vec<&str> = code.lines().map(without_comment).flat_map(tokens_in).collect();
    let loops = tokens.array_windows().filter(|[first, _]| *first == "while");
    let (mut endless, mut bounded) = (false, false);
    for [_, condition] in loops {
        match *condition {
            "true" | ":" | "1" => endless = true,
            _ => bounded = true,
        }
    }
    let leaves = endless && tokens.iter().any(|token| matches!(*token, "exit" | "return"));
    is_limited || bounded || leaves || tokens.iter().any(|token| ENDING.contains(token))
}

/// Splits words at the script that a shell or an interpreter among them runs: the words before it, and its text.
fn split_at_code<'a, 'w>(words: &'a [&'w str]) -> Option<(&'a [&'w str], &'w str)> {
    let is_interpreter = |word: &str| {
        let name = base_name(word).trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        is_shell(word) || matches!(name, "zsh" | "ksh" | "python" | "node" | "perl" | "ruby" | "php")
    };
    let start = words.iter().position(|word| is_interpreter(word))?;
    let runs_shell = words.get(start).is_some_and(|first| is_shell(first));
    let is_code = |flag: &str| match flag.strip_prefix('-') {
        Some("e" | "r" | "-eval" | "-command") => !runs_shell,
        Some(letters) if runs_shell => !letters.starts_with('-') && letters.contains('c'),
        Some(letters) => !letters.starts_with('-') && letters.ends_with('c'),
        None => false,
    };
    let is_flag = |word: &&&str| {
        word.starts_with('-') || (runs_shell && (word.starts_with('+') || **word == "pipefail"))
    };
    let flags = words.get(start + 1..)?;
    let at = flags.iter().take_while(is_flag).position(|flag| is_code(flag))?;
    let rest = flags.get(at + 1..)?;
    // A shell takes the first word that is no flag.
    let further = if runs_shell { rest.iter().take_while(is_flag).count() } else { 0 };
    Some((words.get(..=start + 1 + at + further)?, rest.get(further)?))
}

fn only_prints(words: &[String]) -> bool {
    let outcome = outcome_of_words(&as_strs(words));
    outcome.ends == Ends::Success && !outcome.works
}

fn without_comment(line: &str) -> &str {
    let is_whole = line.trim_start().starts_with('#');
    if is_whole { "" } else { line.split_once(" #").map_or(line, |(code, _)| code) }
}

fn tokens_in(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c.is_whitespace() || ";&|()`'\"{}".contains(c)).filter(|token| !token.is_empty())
}

/// The command in a part of a script that cannot be read: without what leads to it.
fn command_in(part: &str) -> Option<Vec<String>> {
    const BEFORE: [&str; 9] = ["!", "do", "else", "exec", "if", "then", "time", "until", "while"];
    let words = tokens_in(part).skip_while(|word| BEFORE.contains(word) || is_plain_assignment(word));
    let words: Vec<String> = words.map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

impl Call {
    fn read(token: &str) -> Option<Self> {
        let token = token.split(['?', '#']).next()?;
        let url = match token.rsplit_once("://") {
            Some((_, url)) => url,
            None => token.rsplit_once('=').map_or(token, |(_, value)| value),
        };
        let (authority, path) = url.split_once('/')?;
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
        let is_own = matches!(host, "" | "localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]" | "[:")
            || host.starts_with('$');
        let path = path.trim_matches('/');
        (is_own && !path.is_empty()).then(|| Self {
            port: port.parse().ok(),
            path: path.to_owned(),
            is_bare: authority.is_empty(),
        })
    }

    /// The components of its path.
    #[must_use]
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.path.split('/')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(words: &[&str]) -> Vec<String> {
        commands(words).iter().map(|command| program_of(command).to_owned()).collect()
    }

    #[test]
    fn a_script_runs_its_commands() {
        for (words, expected) in [
            (&["/bin/report", "--now"][..], &["report"][..]),
            (&["sh", "-c", "report; curl -X POST localhost:15020/quitquitquit"], &["sh", "report", "curl"]),
            (&["tini", "--", "bash", "-ec", "report"], &["tini", "report"]),
            (&["sh", "+x", "-c", "-e", "report"], &["sh", "report"]),
            (&["sh", "-c", "exec report; curl localhost/quit"], &["sh", "report"]),
            (&["sh", "-c", "echo curl; report || exit 1; curl x"], &["sh", "report", "exit", "curl"]),
            (&["sh", "-c", "first; ! report || curl x & last"], &["sh", "first", "report", "curl", "last"]),
            (
                &["sh", "-c", "until curl -s x; do sleep 1; done && report > /out # not: curl y\nquit"],
                &["sh", "curl", "sleep", "done", "report", "quit"],
            ),
        ] {
            assert_eq!(programs(words), expected, "{words:?}");
        }
        let behind_flags = commands(&["tini", "sh", "-c", "-e", "report"]);
        assert_eq!(behind_flags, [vec!["tini", "sh", "-c", "-e"], vec!["report"]]);
    }

    #[test]
    fn a_call_names_its_own_pod() {
        for (text, port, path, is_bare) in [
            ("http://localhost:15020/quitquitquit", Some(15020), "quitquitquit", false),
            ("--url=http://127.0.0.1:4191/shutdown?now", Some(4191), "shutdown", false),
            ("requests.post('http://localhost:3500/v1.0/shutdown')", Some(3500), "v1.0/shutdown", false),
            ("$PROXY/quitquitquit", None, "quitquitquit", false),
            ("http://[::1]:15000/quitquitquit", Some(15000), "quitquitquit", false),
            ("POST /quitquitquit HTTP/1.1", None, "quitquitquit", true),
            ("/etc/app.conf", None, "etc/app.conf", true),
        ] {
            let call = Call { port, path: path.to_owned(), is_bare };
            assert_eq!(calls_in(text), [call], "{text}");
        }
        for text in ["https://ci.example.com/quit", "quitquitquit", "localhost:8080", "shop:8080/quit", ""] {
            assert_eq!(calls_in(text), [], "{text}");
        }
    }

    #[test]
    fn some_scripts_end() {
        let ends = |words: &[&str]| may_end_by_script(words);
        assert!(ends(&["sh", "-c", "proxy & while ! test -f /done; do sleep 1; done; kill $!"]));
        assert!(ends(&["sh", "-c", "while true; do [ -f /done ] && exit 0; sleep 1; done"]));
        assert!(ends(&["timeout", "60", "proxy"]));
        assert!(ends(&["/bin/bash", "-c", "trap 'exit 0' TERM; proxy"]));
        assert!(!ends(&["sh", "-c", "while true; do ship; sleep 5; done"]));
        assert!(!ends(&["sh", "-c", "tail -F /opt/trap.log # kill it by hand"]));
        assert!(!ends(&["proxy", "--message", "wait until done, while there is time"]));
        assert!(!ends(&["proxy", "-c", "/etc/kill"]));
    }
}
