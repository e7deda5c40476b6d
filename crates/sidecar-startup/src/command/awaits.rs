//! What a command waits for before its work: it begins with a loop that only asks and pauses, or with a program that waits.
//!
//! Unlike `asks.rs`, which proves that a command hangs, this takes a command at its word: it may give up after a while, or find somebody
//! else there. But whoever works in a loop, or asks once, does not wait.

use super::asks::{MOST_PORTS, local_asks, ports_in};
use super::clients::{WAITERS, targets};
use super::loop_checks::{checks_of, default_port};
use super::shell::Shell;
use super::tools::only_prepares;
use super::wait_loop::{after_word, split_at_condition_end};
use super::words::{HOSTS, as_strs, base_name, is_plain_assignment, unwrapped, without_time_limit};

/// What a command waits for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Awaits {
    /// Ports of its own Pod.
    pub ports: Vec<u16>,
    /// Paths of files.
    pub files: Vec<String>,
    /// The name of the program that the command begins with, which may be one that waits for a proxy.
    pub program: Option<String>,
}

/// What a command waits for before its work.
#[must_use]
pub fn awaits<S: AsRef<str>>(words: &[S]) -> Awaits {
    let words = as_strs(words);
    let words = unwrapped(without_time_limit(unwrapped(&words)).0);
    let Some((_, script)) = Shell::called_by(words) else { return of_command(words) };
    let Some(text) = beginning(script) else { return Awaits::default() };
    match Loop::read(text) {
        Some(it) => it.awaits(),
        None => first_command(text).map(|words| of_command(&as_strs(&words))).unwrap_or_default(),
    }
}

/// What a single command waits for.
fn of_command(words: &[&str]) -> Awaits {
    // `tini -- PROGRAM`
    let is_init = |word: &str| matches!(base_name(word), "catatonit" | "dumb-init" | "exec" | "tini");
    let skipped = words.iter().take_while(|word| is_init(word) || word.starts_with('-')).count();
    let words = words.get(skipped..).unwrap_or_default();
    let Some(program) = words.first().map(|first| base_name(first)) else { return Awaits::default() };
    let asks = if WAITERS.contains(&program) { local_asks(words) } else { Vec::new() };
    let ports = asks.iter().filter(|ask| ask.is_needed).map(|ask| ask.port).collect();
    Awaits { ports, program: Some(program.to_owned()), ..Awaits::default() }
}

/// A script from the first statement on that does more than prepare what follows; none if there is no other.
fn beginning(script: &str) -> Option<&str> {
    let mut text = script.trim_start();
    loop {
        if text.starts_with('#') {
            text = text.split_once('\n')?.1.trim_start();
            continue;
        }
        match split_at_condition_end(text) {
            Some((statement, rest)) if only_prepares(statement) => text = rest,
            _ => return Some(text).filter(|text| !text.is_empty()),
        }
    }
}

/// The words of the command that a text begins with; none if it runs in the background, or may fail without consequence.
fn first_command(text: &str) -> Option<Vec<String>> {
    let end = text.find(['&', ';', '\n', '|']).unwrap_or(text.len());
    let (command, rest) = text.split_at_checked(end)?;
    let is_waited_for = rest.starts_with("&&") || !rest.starts_with(['&', '|']);
    shlex::split(command).filter(|_| is_waited_for)
}

/// A loop at the beginning of a script.
struct Loop<'s> {
    keyword: &'static str,
    condition: &'s str,
    /// The statements in its body.
    body: Vec<&'s str>,
}

impl<'s> Loop<'s> {
    /// Reads the loop that a text begins with; none if there is none, if it has another one inside, or if it runs in the background.
    fn read(text: &'s str) -> Option<Self> {
        let mut keywords = ["until", "while", "for"].into_iter();
        let (keyword, rest) = keywords.find_map(|word| Some((word, after_word(text, word)?)))?;
        let (condition, rest) = split_at_condition_end(rest)?;
        let mut rest = after_word(rest, "do")?;
        let mut body = Vec::new();
        loop {
            if let Some(after) = rest.strip_prefix("done") {
                let after = after.trim_start_matches([' ', '\t']);
                let is_in_background = after.starts_with('&') && !after.starts_with("&&");
                return Some(Self { keyword, condition, body }).filter(|_| !is_in_background);
            }
            let (statement, next) = split_at_condition_end(rest)?;
            if ["until", "while", "for", "case"].iter().any(|word| after_word(statement, word).is_some()) {
                return None;
            }
            body.push(statement);
            rest = next;
        }
    }

    /// What the loop waits for: an answer ends it, and its body does nothing else than to pause.
    fn awaits(&self) -> Awaits {
        let mut awaits = Awaits::default();
        let is_endless = matches!(self.condition.trim(), "true" | ":" | "1" | "[ 1 ]");
        let by_condition = match self.keyword {
            "until" => Some(self.condition),
            "while" if !is_endless => negated(self.condition),
            _ => None,
        };
        let mut asked: Vec<&str> = by_condition.into_iter().collect();
        if by_condition.is_none() && self.keyword == "while" && !is_endless {
            return awaits;
        }
        for statement in &self.body {
            match ask_of_exit(statement) {
                Some(ask) => asked.push(ask),
                None if only_pauses(statement) => {}
                None => return awaits,
            }
        }
        for ask in asked {
            awaits.add(ask);
        }
        awaits.ports.truncate(MOST_PORTS);
        awaits
    }
}

/// The condition without its `!`, as in `! nc ...` and `[ ! -f ... ]`; none if it has none.
fn negated(condition: &str) -> Option<&str> {
    let condition = condition.trim();
    // The rest of `[ ! -f FILE ]` tells what it looks for by `-f FILE`.
    ["! ", "[ ! ", "[[ ! ", "test ! "].into_iter().find_map(|not| condition.strip_prefix(not))
}

/// What a statement asks before it leaves the loop: `ASK && break`, or `if ASK`, whose branches are statements of their own.
fn ask_of_exit(statement: &str) -> Option<&str> {
    if let Some(ask) = after_word(statement.trim(), "if") {
        return Some(ask);
    }
    let (ask, exit) = statement.rsplit_once("&&")?;
    ["break", "exit", "return"].contains(&exit.split_whitespace().next()?).then_some(ask)
}

/// Whether a statement of a loop's body does no work.
fn only_pauses(statement: &str) -> bool {
    const PAUSES: [&str; 8] = [":", "break", "date", "echo", "exit", "printf", "sleep", "true"];
    let statement = statement.trim();
    let statement = ["then", "else"].iter().find_map(|word| after_word(statement, word)).unwrap_or(statement);
    let first = statement.split_whitespace().next().unwrap_or_default();
    let pauses = PAUSES.contains(&first) || matches!(first, "" | "fi" | "then" | "else");
    (pauses || is_plain_assignment(first)) && !statement.contains("&&") && !statement.contains("||")
}

impl Awaits {
    /// Adds what a condition asks for.
    fn add(&mut self, condition: &str) {
        // A flag is what `negated` leaves of `[ ! -f FILE ]`.
        const LOOKING: [&str; 11] = ["[", "[[", "cat", "ls", "stat", "test", "-S", "-d", "-e", "-f", "-s"];
        let words = shlex::split(condition).unwrap_or_default();
        let words: Vec<&str> = words.iter().map(|word| word.trim_matches(['(', ')', '`'])).collect();
        for command in words.split(|word| matches!(*word, ";" | "|" | "||" | "&&")) {
            let is_before = |word: &&&str| **word == "!" || is_plain_assignment(word);
            let skipped = command.iter().take_while(is_before).count();
            let command = without_time_limit(command.get(skipped..).unwrap_or_default()).0;
            let Some(first) = command.first() else { continue };
            if LOOKING.contains(first) {
                let files = command.iter().filter(|word| word.starts_with('/') && !word.starts_with("/dev/"));
                self.files.extend(files.map(|word| (*word).to_owned()));
            } else {
                self.ports.extend(asked(command));
            }
        }
    }
}

/// The ports of its own Pod that a command asks for.
fn asked(command: &[&str]) -> Vec<u16> {
    /// The ports of dockerd, without and with TLS.
    const DOCKERD: [u16; 2] = [2375, 2376];
    let client = command.first().map(|first| base_name(first)).unwrap_or_default();
    if client == "docker" {
        let asks = command.get(1).is_some_and(|word| matches!(*word, "images" | "info" | "ps" | "version"));
        return if asks { DOCKERD.to_vec() } else { Vec::new() };
    }
    let targets = targets(command);
    if targets.is_empty() {
        return checks_of(command).into_iter().flatten().collect();
    }
    let ports = ports_in(&targets);
    let is_own = targets.iter().any(|target| HOSTS.contains(target));
    if ports.is_empty() && is_own { default_port(client).into_iter().collect() } else { ports }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(script: &str) -> Vec<u16> {
        awaits(&["sh", "-c", script]).ports
    }

    #[test]
    fn loops_that_wait() {
        for script in [
            "until nc -z localhost 5432; do sleep 1; done; run",
            "until pg_isready -h localhost; do sleep 1; done; run",
            "set -e\n# first\nexport A=b\nuntil PGPASSWORD=x psql -h localhost -p 5432 -c 'select 1' >/dev/null 2>&1; do\n  echo \"waiting $(date)\"\n  sleep 1\ndone\nexec run",
            "while ! nc -z 127.0.0.1 5432; do sleep 1; done && exec run",
            "until (echo > /dev/tcp/localhost/5432) 2>/dev/null; do sleep 1; done; run",
            "while true; do nc -z 127.0.0.1 5432 && break; sleep 1; done; run",
            "for i in $(seq 30); do if nc -z localhost 5432; then break; fi; echo $i; sleep 1; done; run",
            "for i in 1 2 3; do nc -z localhost 5432 && exit 0; sleep 1; done; exit 1",
            "dockerize -wait tcp://localhost:5432 -timeout 60s && exec run",
        ] {
            assert_eq!(ports(script), [5432], "{script}");
        }
        assert_eq!(
            awaits(&["timeout", "60", "sh", "-c", "until nc -z localhost 80; do sleep 1; done"]).ports,
            [80]
        );
        assert_eq!(ports("until docker info >/dev/null 2>&1; do sleep 1; done; make"), [2375, 2376]);
    }

    #[test]
    fn loops_that_work() {
        for script in [
            "while true; do wget -qO- http://localhost:5432; sleep 5; done",
            "while true; do psql -h localhost -p 5432 -f /job.sql; sleep 60; done",
            "for f in /sql/*.sql; do psql -h localhost -p 5432 -f $f; sleep 1; done",
            "while read -r f; do psql -h localhost -p 5432 -f $f; sleep 1; done < /list",
            "while nc -z localhost 5432; do sleep 5; done; exit 1",
            "echo waiting for work; curl -s http://localhost:5432/x; exec shop",
            "# until nc -z localhost 5432; do sleep 1; done\nexec shop",
            "(until nc -z localhost 5432; do sleep 1; done; echo up) & exec shop",
            "until nc -z localhost 5432; do sleep 1; done & exec shop",
            "psql -h localhost -p 5432 -f /a.sql; until nc -z localhost 5432; do sleep 1; done",
            "shop; until curl -X POST http://localhost:5432/quitquitquit; do sleep 1; done",
            "w() { until nc -z localhost 5432; do sleep 1; done; }; exec shop",
            "for i in 1 2 3; do echo http://localhost:5432 >> /cfg; sleep 1; done; exec shop",
            "while true; do docker system prune -f; sleep 3600; done",
            "until nc -z db 3306; do sleep 1; curl -s http://localhost:5432/metric; done; migrate",
            "while ! curl -H 'Origin: http://localhost:5432' http://db; do sleep 1; done",
            "wait-for-it.sh localhost:5432 -t 5 || true; exec shop",
            "dockerize -wait tcp://localhost:5432 & exec shop",
        ] {
            assert_eq!(ports(script), Vec::<u16>::new(), "{script}");
        }
    }

    #[test]
    fn files() {
        let files = |script: &str| awaits(&["sh", "-c", script]).files;
        for script in [
            "until [ -f /s/db ]; do sleep 1; done; run",
            "while [ ! -s /s/db ]; do sleep 1; done; run",
            "while ! test -e \"/s/db\"; do sleep 1; done; run",
            "while true; do [ -f /s/db ] && break; sleep 1; done; run",
        ] {
            assert_eq!(files(script), ["/s/db"], "{script}");
        }
        for script in [
            "while [ ! -f /s/stop ]; do work; sleep 5; done",
            "until [ -f /s/stop ]; do work; done",
            "shop; until [ -f /s/done ]; do sleep 1; done",
            "until [ -f /s/done ]; do sleep 1; done & exec shop",
            "while [ -f /s/lock ]; do sleep 1; done",
        ] {
            assert_eq!(files(script), Vec::<String>::new(), "{script}");
        }
    }
}
