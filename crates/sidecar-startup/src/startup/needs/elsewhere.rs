//! Who else may answer where a member asks for a port: then it is not proven that it needs who declares the port.

use super::evidence::{Evidence, evidence, is_configured, is_default};
use crate::model::container_fields::EnvVar;
use crate::startup::graph::Member;
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

/// How many earlier members are looked at; with more, one of them may always answer. Pods have fewer, and judging stays linear.
const MAX_LOOKED_AT: usize = 100;

/// Whether a variable may send clients elsewhere: `http_proxy` and the like, if `no_proxy` does not name localhost, and `PGHOSTADDR`.
pub(super) fn has_detour(seat: &Seat<'_>) -> bool {
    let variables = seat.container().map(|container| container.fields.variables()).unwrap_or_default();
    let is_called = |variable: &EnvVar<'_>, end: &str| variable.name.to_ascii_lowercase().ends_with(end);
    let is_direct = variables.iter().any(|variable| {
        is_called(variable, "no_proxy")
            && variable.value.as_ref().is_some_and(|hosts| hosts.contains("localhost"))
    });
    let has_proxy =
        variables.iter().any(|variable| is_called(variable, "_proxy") && !is_called(variable, "no_proxy"));
    has_proxy && !is_direct || variables.iter().any(|variable| &*variable.name == "PGHOSTADDR")
}

/// Whether a port that only later members declare may be that of one which has started before: its words name the port, its image is known
/// for it, or a ConfigMap or a Secret may name it, unless it is a mesh's proxy, whose control plane says where it listens.
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
