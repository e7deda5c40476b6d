//! Finds commands that end the container in which they run, at once.

use super::asks::ports_in;
use super::script::{Command, Script};
use super::shell::{Shell, outcome_of_words};
use super::words::{as_strs, base_name, unwrapped, without_silencers, without_time_limit};

/// How a command ends the container in which it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quit {
    /// It sends a signal to the first process.
    FirstProcess,
    /// It sends a signal to all processes of this name.
    Process(String),
    /// It tells the program that the container runs to quit.
    Program,
    /// It asks a server of its own Pod to quit.
    Request {
        /// Its port.
        port: u16,
        /// Whether the request is a POST or PUT, and not a GET.
        posts: bool,
    },
}

/// How many commands of a script that end the container are looked at. If the first ones are not reached at once, hardly another one is.
const MOST: usize = 5;

/// How a command ends the container in which it runs. None if it is not seen to do so, or if it may wait for something first.
#[must_use]
pub fn quits<S: AsRef<str>>(words: &[S]) -> Option<Quit> {
    let words = as_strs(words);
    let words = without_wrappers(&words);
    let Some((_, script)) = Shell::called_by(words) else { return quit_of(words) };
    // `[::1]` is a pattern, which the shell leaves as it is where no file is called so.
    let script = without_silencers(script).replace("[::1]", "localhost");
    let quits = |(number, command): (usize, &Command<'_>)| Some((number, quit_of(&as_strs(&command.words))?));
    let found: Vec<_> =
        Script::read(&script).commands.iter().enumerate().filter_map(quits).take(MOST).collect();
    found.into_iter().find_map(|(number, quit)| {
        let mut before = Script::read(&script);
        before.join = before.commands.get(number)?.join;
        before.unread = Some("");
        before.commands.truncate(number);
        Shell::called_by(words)?.0.reaches_unread_at_once(&before).then_some(quit)
    })
}

/// Whether a server that is asked for this path quits.
#[must_use]
pub fn is_quit_path(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    matches!(path.rsplit('/').next(), Some("quitquitquit" | "quit")) || path == "/v1.0/shutdown"
}

fn without_wrappers<'a, 'w>(words: &'a [&'w str]) -> &'a [&'w str] {
    let words = words.strip_prefix(&["exec"]).unwrap_or(words);
    unwrapped(without_time_limit(unwrapped(words)).0)
}

/// How a single command ends the container.
fn quit_of(words: &[&str]) -> Option<Quit> {
    let (first, arguments) = without_wrappers(words).split_first()?;
    let first = base_name(first);
    match first {
        "kill" => signalled(arguments, &[]).filter(|pids| pids.contains(&"1")).map(|_| Quit::FirstProcess),
        "pkill" => name_of(&signalled(arguments, &["-e", "-f", "-x", "-9", "-KILL", "-SIGKILL"])?),
        "killall" => name_of(&signalled(arguments, &["-e", "-q", "-v", "-w", "-9", "-KILL", "-SIGKILL"])?),
        "linkerd-await" => shuts_down(arguments).then_some(Quit::Program),
        "curl" | "wget" => request(arguments),
        _ => {
            let is_told =
                QUITTING.iter().any(|(program, word)| *program == first && arguments.contains(word));
            // Another server's, otherwise: by its host, its socket or its URL.
            let elsewhere: &[&str] = if first == "redis-cli" { &["-h", "-s", "-u"] } else { &["-h"] };
            let is_elsewhere = arguments.iter().any(|argument| elsewhere.contains(argument));
            (is_told && !is_elsewhere).then_some(Quit::Program)
        }
    }
}

/// Programs that tell the one that runs in their container to quit, and the argument with which they do.
const QUITTING: [(&str, &str); 12] = [
    ("apachectl", "graceful-stop"),
    ("apachectl", "stop"),
    ("cloud-sql-proxy", "shutdown"),
    ("httpd", "graceful-stop"),
    ("httpd", "stop"),
    ("nginx", "quit"),
    ("nginx", "stop"),
    ("openresty", "quit"),
    ("openresty", "stop"),
    ("pg_ctl", "stop"),
    ("pilot-agent", "quitquitquit"),
    ("redis-cli", "shutdown"),
];

/// Signals that end most programs; not SIGQUIT, at which a JVM prints its threads, and not SIGKILL, which does not reach the first process
/// of a container from inside.
const ENDING: [&str; 4] = ["TERM", "15", "INT", "2"];

/// The process IDs or names to which a signal is sent that ends them. `options` are those that change nothing about that.
fn signalled<'a>(arguments: &[&'a str], options: &[&str]) -> Option<Vec<&'a str>> {
    let is_ending = |signal: &str| ENDING.contains(&signal.strip_prefix("SIG").unwrap_or(signal));
    let mut targets = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix('-') {
            None => targets.push(*argument),
            Some("s" | "-signal") => _ = arguments.next().filter(|signal| is_ending(signal))?,
            Some("-") => {}
            Some(signal) if is_ending(signal.strip_prefix("-signal=").unwrap_or(signal)) => {}
            Some(_) if options.contains(argument) => {}
            Some(_) => return None,
        }
    }
    Some(targets)
}

fn name_of(names: &[&str]) -> Option<Quit> {
    let [name] = names else { return None };
    let name = base_name(name.trim_start_matches('^'));
    Some(Quit::Process(name.to_owned()))
}

/// Whether `linkerd-await` shuts the proxy down, after a command that does not wait.
fn shuts_down(arguments: &[&str]) -> bool {
    let flags = arguments.iter().take_while(|argument| argument.starts_with('-'));
    let (flags, command) = arguments.split_at_checked(flags.count()).unwrap_or_default();
    let outcome = outcome_of_words(command);
    flags.iter().any(|flag| matches!(*flag, "--shutdown" | "-S"))
        && (command.is_empty() || (!outcome.works && outcome.sleeps == 0))
}

/// The request that `curl` or `wget` makes to quit a server of the Pod.
fn request(arguments: &[&str]) -> Option<Quit> {
    let is_quit = |word: &&&str| {
        let word = word.split_once("://").map_or(**word, |(_, rest)| rest);
        word.split_once('/').is_some_and(|(_, path)| is_quit_path(&format!("/{path}")))
    };
    let url = arguments.iter().find(is_quit)?;
    let [port] = *ports_in(&[url]) else { return None };
    let sends = |word: &str| {
        let is_named = |method: &str| matches!(method, "POST" | "PUT");
        let methods = ["-X", "--request=", "--method="];
        methods.iter().any(|option| word.strip_prefix(option).is_some_and(is_named))
            || is_named(word)
            || ["-d", "--data", "--post-data", "--post-file"].iter().any(|option| word.starts_with(option))
    };
    Some(Quit::Request { port, posts: arguments.iter().any(|word| sends(word)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(name: &str) -> Quit {
        Quit::Process(name.to_owned())
    }

    #[test]
    fn some_commands_quit() {
        for (words, quit) in [
            (&["kill", "1"][..], Quit::FirstProcess),
            (&["/bin/kill", "-s", "TERM", "1"], Quit::FirstProcess),
            (&["sh", "-c", "echo bye; exec kill -INT 1"], Quit::FirstProcess),
            (&["sh", "-c", "kill -15 1; sleep 30"], Quit::FirstProcess),
            (&["sh", "-c", "kill 1 2>/dev/null || true"], Quit::FirstProcess),
            (&["pkill", "envoy"], process("envoy")),
            (&["pkill", "-9", "-x", "envoy"], process("envoy")),
            (&["killall", "-TERM", "fluent-bit"], process("fluent-bit")),
            (&["/usr/sbin/nginx", "-s", "quit"], Quit::Program),
            (&["timeout", "5", "pilot-agent", "request", "POST", "quitquitquit"], Quit::Program),
            (&["linkerd-await", "--timeout=1s", "--shutdown", "/bin/sleep", "0"], Quit::Program),
            (&["redis-cli", "shutdown", "nosave"], Quit::Program),
            (
                &["curl", "-sf", "-XPOST", "http://127.0.0.1:15020/quitquitquit"],
                Quit::Request { port: 15020, posts: true },
            ),
            (
                &["sh", "-c", "wget -qO- --post-data='' localhost:9901/quitquitquit >/dev/null"],
                Quit::Request { port: 9901, posts: true },
            ),
            (&["wget", "-q", "http://[::1]:8200/agent/v1/quit"], Quit::Request { port: 8200, posts: false }),
        ] {
            assert_eq!(quits(words), Some(quit), "{words:?}");
        }
    }

    #[test]
    fn others_do_not_or_wait_first() {
        for words in [
            &["kill", "-0", "1"][..],
            &["kill", "-HUP", "1"],
            &["kill", "-9", "1"],
            &["kill", "17"],
            &["killall", "-USR1", "kuma-dp"],
            &["pkill", "-u", "app", "envoy"],
            &["sh", "-c", "sleep 30; kill 1"],
            &["sh", "-c", "/wait-for-app.sh && kill 1"],
            &["sh", "-c", "false && kill 1"],
            &["sh", "-c", "while nc -z localhost 8080; do sleep 1; done; kill 1"],
            &["sh", "-c", "echo 'kill 1'"],
            &["nginx", "-s", "reload"],
            &["pilot-agent", "request", "--debug-port=15020", "POST", "drain"],
            &["linkerd-await", "--shutdown", "--", "sleep", "60"],
            &["linkerd-await", "--", "true"],
            &["redis-cli", "-h", "other", "shutdown"],
            &["redis-cli", "-s", "/sockets/other.sock", "shutdown"],
            &["redis-cli", "-u", "redis://cache.prod", "shutdown"],
            &["curl", "-X", "POST", "http://localhost:15000/drain_listeners?graceful"],
            &["curl", "-X", "POST", "http://localhost:15000/healthcheck/fail"],
            &["curl", "-X", "POST", "http://shop.default.svc:8080/quitquitquit"],
            &["/bin/sleep", "30"],
            &[],
        ] {
            assert_eq!(quits(words), None, "{words:?}");
        }
    }
}
