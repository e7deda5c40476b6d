//! What the commands come to that the generator writes, and those that repairs add. It reads these, not every shell.

use crate::simulator::Time;

/// What a command looks at, and how it returns.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) asks: Asks,
    pub(crate) returns: Returns,
    /// How long it takes before it looks.
    pub(crate) sleeps: Time,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// Nothing: it succeeds.
    Nothing,
    /// It always fails.
    Nobody,
    /// A server in this Pod, by way of localhost.
    Port(u64),
    /// A server elsewhere: for that it takes the network.
    Elsewhere,
    /// Its own container, by a binary or a file of it.
    Itself,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returns {
    /// At once, with what it has found.
    Once,
    /// When it has found it.
    Eventually,
    /// Then, or in failure when the time is over.
    Within(Time),
    /// Then, or with success when the time is over.
    WithinSoftly(Time),
}

/// Waiting commands of products: how long they wait (pilot-agent wait: 60 s; linkerd-await --timeout=2m; cloud-sql-proxy wait:
/// 30 s; kuma-dp wait: 180 s), all of them for their own container.
const WAITS: [(&str, Returns); 5] = [
    ("pilot-agent wait", Returns::Within(60)),
    ("linkerd-await", Returns::Within(120)),
    ("cloud-sql-proxy wait", Returns::Within(30)),
    ("kuma-dp wait", Returns::Within(180)),
    // daprd --wait gives up with success (dapr/pkg/runtime/wait.go).
    ("daprd --wait", Returns::WithinSoftly(60)),
];

/// Reads a command.
pub(crate) fn read<'a>(words: impl IntoIterator<Item = &'a str>) -> Command {
    let words: Vec<_> = words.into_iter().collect();
    let text = match words.as_slice() {
        [shell, "-c", script, ..] if shell.ends_with("sh") => (*script).to_owned(),
        words => words.join(" "),
    };
    if let Some((_, returns)) = WAITS.iter().find(|(wait, _)| text.contains(wait)) {
        return Command { asks: Asks::Itself, returns: *returns, sleeps: 0 };
    }
    let is_loop = text.contains("until ") || text.contains("while ");
    let returns = match (is_loop, text.contains("exit 1")) {
        (false, _) => Returns::Once,
        (true, false) => Returns::Eventually,
        // The loops that repairs write count to the setting holdApplication.timeoutSeconds, 60 by default.
        (true, true) => Returns::Within(60),
    };
    // Only what stands before the work counts as a delay, not the pause of a loop.
    let sleeps = text.strip_prefix("sleep ").map_or(0, |rest| number(rest).unwrap_or(Time::MAX / 4));
    Command { asks: asked(&text, is_loop), returns, sleeps }
}

fn asked(text: &str, is_loop: bool) -> Asks {
    if text.ends_with("|| true") || text.ends_with("; exit 0") || matches!(text, "true" | "exit 0") {
        return Asks::Nothing;
    }
    if text == "false" || (!is_loop && text.ends_with("exit 1")) {
        return Asks::Nobody;
    }
    if let Some(port) = local_port(text) {
        return Asks::Port(port);
    }
    match text.split_whitespace().next() {
        Some("sleep") => Asks::Nothing,
        _ if text.contains("://") || text.contains("-h postgres") => Asks::Elsewhere,
        _ => Asks::Itself,
    }
}

/// The port that a command asks on localhost, as `localhost:8080` or `nc -z localhost 8080`.
pub(crate) fn local_port(text: &str) -> Option<u64> {
    let hosts = ["localhost", "127.0.0.1", "[::1]"];
    hosts
        .into_iter()
        .find_map(|host| text.split_once(host))
        .and_then(|(_, rest)| number(rest.strip_prefix([':', ' '])?))
}

fn number(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).map_or(text, |end| &text[..end]);
    digits.parse().ok()
}
