//! Finds the ports of its own Pod that a command asks for, and whether the command fails without an answer.

use std::mem;

use super::clients::{WAITERS, targets};
use super::outcome::Ends;
use super::script::Script;
use super::shell::{Shell, outcome_of_words};
use super::tools::leaves_no_server;
use super::wait_loop::WaitLoop;
use super::words::{HOSTS, as_strs, base_name, unwrapped, without_silencers, without_time_limit};

/// How many asking commands of a script are followed to its end. Of the others nothing is proven; no gate has so many.
const MOST_FOLLOWED: usize = 20;

/// How many ports a command is said to ask for. No gate has so many, and each is looked up among all containers.
pub(super) const MOST_PORTS: usize = 64;

/// A port of its own Pod that a command asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    /// The port.
    pub port: u16,
    /// Whether the command is certain to fail, or to wait, until something answers there.
    pub is_needed: bool,
    /// Whether the command is certain to wait until then, however long that takes.
    pub waits: bool,
}

/// The ports of its own Pod that a command asks for, at `localhost`, `127.0.0.1`, `[::1]` or `$POD_IP`. A command that succeeds without an
/// answer asks for nothing, and a program that is no known client may only pass the address on.
#[must_use]
pub fn local_asks<S: AsRef<str>>(words: &[S]) -> Vec<Ask> {
    let words = as_strs(words);
    // Most commands do not.
    if !names_own_pod(&words) {
        return Vec::new();
    }
    let (words, is_limited) = without_time_limit(unwrapped(&words));
    let words = unwrapped(words);
    let mut asks = match Shell::called_by(words) {
        Some((_, script)) => asks_of_script(words, script),
        None if outcome_of_words(words).ends == Ends::Success => Vec::new(),
        None => {
            let needed = needed_by(words);
            let ask = |port| Ask { port, is_needed: needed.contains(&port), waits: false };
            ports_in(words).into_iter().map(ask).collect()
        }
    };
    asks.sort_unstable_by(|a, b| (a.port, b.is_needed).cmp(&(b.port, a.is_needed)));
    asks.dedup_by_key(|ask| ask.port);
    asks.truncate(MOST_PORTS);
    let has_detour = words.iter().any(|word| sets_detour(word));
    for ask in &mut asks {
        ask.is_needed &= !has_detour;
        ask.waits &= !has_detour && !is_limited;
    }
    asks
}

/// Whether a script sets a variable that may send clients elsewhere, as `export http_proxy=http://proxy:3128` does.
fn sets_detour(script: &str) -> bool {
    script.to_ascii_lowercase().contains("_proxy=") || script.contains("PGHOSTADDR=")
}

/// The ports of its own Pod for which a command may wait before its work: it waits in a loop, runs a program that is known to wait, or
/// fails without an answer, until it is restarted. What else it names it may do without.
#[must_use]
pub fn local_waits<S: AsRef<str>>(words: &[S]) -> Vec<Ask> {
    let mut asks = local_asks(words);
    if !asks.is_empty() && !may_wait(words) {
        asks.retain(|ask| ask.is_needed);
    }
    asks
}

/// Whether a command names its own Pod, at whatever port.
#[must_use]
pub fn names_own_pod<S: AsRef<str>>(words: &[S]) -> bool {
    let names_host = |word: &str| {
        // Most words have no variable, and each word of each container is asked.
        let has_variable = word.contains('$');
        let may_have = |host: &&&str| has_variable || !host.starts_with('$');
        word.contains("::1") || HOSTS.iter().filter(may_have).any(|host| word.contains(host))
    };
    words.iter().map(AsRef::as_ref).any(names_host)
}

/// Whether a command may wait for something before its work: it has a loop, or runs a program that is known to wait.
#[must_use]
pub fn may_wait<S: AsRef<str>>(words: &[S]) -> bool {
    let is_loop = |word: &str| matches!(word, "until" | "while" | "for");
    words.iter().map(AsRef::as_ref).any(|word| {
        WAITERS.contains(&base_name(word)) || word.split(|c: char| !c.is_ascii_alphanumeric()).any(is_loop)
    })
}

/// The ports of its own Pod without which a command is certain to fail.
fn needed_by(words: &[&str]) -> Vec<u16> {
    let words = words.strip_prefix(&["exec"]).unwrap_or(words);
    let words = unwrapped(without_time_limit(unwrapped(words)).0);
    ports_in(&targets(words))
}

/// What the script of a shell asks for. `words` is the command that starts the shell.
fn asks_of_script(words: &[&str], script: &str) -> Vec<Ask> {
    // `[::1]` is a pattern, which the shell leaves as it is where no file is called so.
    let script = without_silencers(script).replace("[::1]", "localhost");
    let mut read = Script::read(&script);
    let mut asking = Vec::new();
    // Whatever runs before a command may be the server that it asks.
    let mut is_alone = true;
    for (number, command) in read.commands.iter().enumerate() {
        let command_words = as_strs(&command.words);
        let ports = ports_in(&command_words);
        if !ports.is_empty() {
            asking.push((number, is_alone, ports, needed_by(&command_words)));
        }
        is_alone &= leaves_no_server(&command.words);
    }
    let mut asks = Vec::new();
    for (position, (number, is_alone, ports, needed)) in asking.into_iter().enumerate() {
        let is_followed = position < MOST_FOLLOWED;
        let ends = if is_followed { outcome_if_it_fails(words, &mut read, number) } else { Ends::Unknown };
        let is_needed = is_alone && ends == Ends::Failure;
        let ask = |port| Ask { port, is_needed: is_needed && needed.contains(&port), waits: false };
        asks.extend(ports.into_iter().filter(|_| ends != Ends::Success).map(ask));
    }
    let Some(unread) = read.unread else { return asks };
    let is_reached = Shell::called_by(words).is_some_and(|(shell, _)| shell.always_reaches_unread(&read));
    if let Some(wait) = WaitLoop::read(unread).filter(|_| is_reached) {
        let condition = shlex::split(wait.condition).unwrap_or_default();
        let condition = as_strs(&condition);
        let is_certain = wait.is_unbounded && is_simple(wait.condition);
        let needed = if is_certain { needed_by(&condition) } else { Vec::new() };
        asks.extend(ports_in(&condition).into_iter().map(|port| {
            let waits = needed.contains(&port);
            Ask { port, is_needed: waits, waits }
        }));
    } else {
        // A script that cannot be read may ask for each port that it names.
        let words: Vec<&str> = unread.split(|c: char| c.is_whitespace() || ";&|()'\"".contains(c)).collect();
        let ask = |port| Ask { port, is_needed: false, waits: false };
        asks.extend(ports_in(&words).into_iter().map(ask));
    }
    asks
}

/// Whether a condition is a single command, so that it fails if that command does.
fn is_simple(condition: &str) -> bool {
    !condition.contains(['|', '&', ';', '`', '(', '{', '<', '>'])
}

/// How a script ends when one of its commands fails. The script is left as it was.
fn outcome_if_it_fails(words: &[&str], script: &mut Script<'_>, number: usize) -> Ends {
    let Some((shell, _)) = Shell::called_by(words) else { return Ends::Unknown };
    let mut failing = vec!["false".to_owned()];
    let mut exchange = |script: &mut Script<'_>| {
        if let Some(command) = script.commands.get_mut(number) {
            mem::swap(&mut command.words, &mut failing);
        }
    };
    exchange(script);
    let ends = shell.outcome(script).ends;
    exchange(script);
    ends
}

/// The ports of the Pod itself that these words name.
pub(super) fn ports_in(words: &[&str]) -> Vec<u16> {
    let mut ports: Vec<u16> = words.iter().flat_map(|word| ports_in_word(word)).collect();
    // `nc -z localhost 8080`, `pg_isready -h localhost -p 5432`
    let is_host = |word: &str| HOSTS.contains(&word) || word == "::1" || is_host_option(word);
    if ports.is_empty()
        && let Some(host) = words.iter().position(|word| is_host(word))
    {
        let next = words.get(host + 1).and_then(|word| word.parse::<u16>().ok());
        let option = || {
            words.array_windows().find_map(|[name, value]| {
                matches!(*name, "-p" | "--port" | "-P").then(|| value.parse().ok()).flatten()
            })
        };
        let joined = || words.iter().find_map(|word| word.strip_prefix("--port=")?.parse().ok());
        ports.extend(next.or_else(option).or_else(joined));
    }
    ports
}

/// Whether an option names the Pod itself, as `--host=localhost` does.
fn is_host_option(word: &str) -> bool {
    word.split_once('=').is_some_and(|(option, host)| option.starts_with('-') && HOSTS.contains(&host))
}

/// The ports of the Pod itself that a word names, as in `http://localhost:8080/ready` or `/dev/tcp/127.0.0.1/8080`.
fn ports_in_word(word: &str) -> Vec<u16> {
    let mut ports = Vec::new();
    for host in HOSTS {
        for (at, _) in word.match_indices(host) {
            let (before, rest) = word.split_at_checked(at).unwrap_or_default();
            let rest = rest.strip_prefix(host).unwrap_or_default();
            let is_whole = !before.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
                && !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
            if !is_whole {
                continue;
            }
            let number = |text: &str| {
                let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
                text.get(..end).and_then(|number| number.parse().ok())
            };
            let is_device = before.ends_with("/dev/tcp/");
            ports.extend(match rest.strip_prefix(if is_device { '/' } else { ':' }) {
                Some(port) => number(port),
                None if before.ends_with("https://") => Some(443),
                None if before.ends_with("http://") => Some(80),
                None => None,
            });
        }
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(words: &[&str]) -> Vec<(u16, bool, bool)> {
        local_asks(words).iter().map(|ask| (ask.port, ask.is_needed, ask.waits)).collect()
    }

    #[test]
    fn a_command_asks_where_it_says() {
        for (words, port) in [
            (&["curl", "-f", "http://localhost:8080/"][..], 8080),
            (&["wget", "-qO-", "http://127.0.0.1/"], 80),
            (&["nc", "-z", "localhost", "5432"], 5432),
            (&["pg_isready", "-h", "localhost", "-p", "5432"], 5432),
            (&["grpc_health_probe", "-addr=[::1]:50051"], 50051),
            (&["timeout", "5", "curl", "https://localhost/x"], 443),
            (&["sh", "-c", "curl -sf localhost:8080 >/dev/null 2>&1"], 8080),
            (&["bash", "-c", "exec nc -z 127.0.0.1 6379"], 6379),
            (&["sh", "-c", "wget -qO- http://[::1]:8080/ready"], 8080),
        ] {
            assert_eq!(asks(words), [(port, true, false)], "{words:?}");
        }
    }

    #[test]
    fn a_loop_without_an_end_waits() {
        for script in [
            "until curl -sf http://localhost:8080/ready; do sleep 1; done",
            "while ! nc -z localhost 8080; do sleep 1; done; echo up",
            "echo waiting; until wget -q -O /dev/null http://127.0.0.1:8080; do echo no; sleep 2; done",
        ] {
            assert_eq!(asks(&["sh", "-c", script]), [(8080, true, true)], "{script}");
        }
        assert_eq!(
            asks(&["timeout", "30", "sh", "-c", "until nc -z localhost 8080; do sleep 1; done"]),
            [(8080, true, false)]
        );
        let bounded = "until nc -z localhost 8080; do i=$((i+1)); [ $i = 9 ] && exit 0; done";
        assert_eq!(asks(&["sh", "-c", bounded]), [(8080, false, false)]);
        let in_background = "curl -f localhost:8080 || agent & wait";
        assert_eq!(asks(&["sh", "-c", in_background]), [(8080, false, false)]);
        assert_eq!(
            asks(&["sh", "-c", "for i in 1 2 3; do curl localhost:8080 && exit; done"]),
            [(8080, false, false)]
        );
    }

    #[test]
    fn what_succeeds_anyway_asks_for_nothing() {
        for words in [
            &["sh", "-c", "curl -f localhost:8080 || true"][..],
            &["sh", "-c", "curl localhost:8080; exit 0"],
            &["echo", "http://localhost:8080"],
            &["curl", "http://localhost.example.com:8080"],
            &["curl", "http://shop:8080"],
            &["nc", "-z", "db", "8080"],
            &["check", "--mode=fast", "--port=8080"],
            &["check", "host=localhost", "--port=8080"],
            &[],
        ] {
            assert_eq!(asks(words), [], "{words:?}");
        }
    }

    #[test]
    fn an_address_may_be_named_to_write_it_down() {
        let needed = |words: &[&str]| local_asks(words).iter().any(|ask| ask.is_needed);
        assert!(needed(&["curl", "-f", "http://localhost:8080/"]));
        assert!(needed(&["sh", "-c", "until busybox nc -z localhost 8080; do sleep 1; done"]));
        assert!(!needed(&["sh", "-c", "until register --as localhost:8080; do sleep 1; done"]));
        assert!(!needed(&["sh", "-c", "export https_proxy=http://proxy:1; curl -f https://localhost:8080/"]));
        assert!(!needed(&["sh", "-c", "export PGHOSTADDR=10.0.0.1; pg_isready -h localhost -p 5432"]));
        assert!(needed(&["sh", "-ec", "apk add postgresql-client; psql -h localhost -p 5432 -f /seed.sql"]));
        assert!(!needed(&[
            "sh",
            "-ec",
            "pg_ctl -w start; psql -h localhost -p 5432 -f /seed.sql; pg_ctl stop"
        ]));
        assert!(!needed(&["render", "--upstream=http://localhost:8080"]));
        assert!(!needed(&["sh", "-c", "sed -i s#URL#http://localhost:8080# /etc/app.conf"]));
    }
}
