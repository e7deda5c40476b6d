//! Who else may answer where a member asks for a port: then it is not proven that it needs who declares the port.

use super::evidence::{Evidence, evidence, is_configured, is_default};
use crate::model::container_fields::EnvVar;
use crate::startup::graph::Member;
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

/// How many earlier members are looked at; with more, one of them may always answer. Pods have fewer, and judging stays linear.
const MAX_LOOKED_AT: usize = 100;

/// The hosts by which a container reaches its own Pod, each with what `no_proxy` may call it. Clients compare the host that they are given.
const OWN_HOSTS: [(&str, &[&str]); 4] = [
    ("localhost", &["localhost"]),
    ("127.0.0.1", &["127.0.0.1"]),
    ("::1", &["::1", "[::1]"]),
    ("POD_IP", &[]),
];

/// Whether a variable may send clients elsewhere: `http_proxy` and the like, unless `no_proxy` lists the hosts by which the member asks its
/// own Pod, and `PGHOSTADDR`.
pub(super) fn has_detour(seat: &Seat<'_>) -> bool {
    let Some(container) = seat.container() else { return false };
    let variables = container.fields.variables();
    let is_called = |variable: &EnvVar<'_>, end: &str| variable.name.to_ascii_lowercase().ends_with(end);
    let has_proxy =
        variables.iter().any(|variable| is_called(variable, "_proxy") && !is_called(variable, "no_proxy"));
    let commands = [
        seat.startup_probe().and_then(|probe| probe.exec.as_ref()),
        seat.hook().and_then(|hook| hook.exec.as_ref()),
    ];
    let words =
        commands.into_iter().flatten().flat_map(|exec| exec.command.iter().flatten()).map(String::as_str);
    let words: Vec<&str> = container.fields.words().chain(words).collect();
    let lists = |hosts: &str| {
        let has =
            |names: &[&str]| hosts.split(',').any(|host| names.contains(&host.trim()) || host.trim() == "*");
        let is_named = |host: &str| words.iter().any(|word| word.contains(host));
        OWN_HOSTS.iter().all(|(host, names)| !is_named(host) || has(names))
    };
    let is_direct = || {
        // Of NO_PROXY and no_proxy, programs read either.
        let mut exceptions = variables.iter().filter(|variable| is_called(variable, "no_proxy")).peekable();
        exceptions.peek().is_some() && exceptions.all(|variable| variable.value.as_deref().is_some_and(lists))
    };
    has_proxy && !is_direct() || variables.iter().any(|variable| &*variable.name == "PGHOSTADDR")
}

/// Whether a port that only later members declare may be that of one which has started before: its words name the port, its image is known
/// for it, or a configuration may name it, unless it is a mesh's proxy, whose control plane says where it listens.
pub(super) fn may_be_of_earlier(
    lineup: &Lineup<'_>,
    member: Member,
    providers: &[Member],
    port: i32,
) -> bool {
    let is_declared_later = providers.first().is_some_and(|first| member < *first);
    let may = |earlier: &Seat<'_>| {
        earlier.container().is_some_and(|earlier| {
            let is_of_mesh = earlier.row().is_some_and(|row| row.redirects_traffic);
            is_default(earlier, port) || !is_of_mesh && is_configured(lineup.pod, earlier)
        })
    };
    let may_answer = |earlier: &Seat<'_>| {
        evidence(lineup, earlier, port) == Evidence::Listens || !earlier.is_task() && may(earlier)
    };
    is_declared_later
        && (MAX_LOOKED_AT < member || lineup.members().take(member).any(|(_, earlier)| may_answer(earlier)))
}

/// Whether a port of which nothing shows whose it is may be that of a container which has started by then.
pub(super) fn may_be_answered_earlier(
    lineup: &Lineup<'_>,
    member: Member,
    seat: &Seat<'_>,
    port: i32,
) -> bool {
    let is_seen = evidence(lineup, seat, port) == Evidence::Listens;
    !is_seen && lineup.members().take(member).any(|(_, earlier)| !earlier.is_task())
}
