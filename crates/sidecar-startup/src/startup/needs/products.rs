//! Facts about products: health servers that the kubelet cannot reach, health paths that depend on the application, and probes that Istio
//! has rewritten.

use super::asks::{Ask, asks};
use super::files::has_operators_probe;
use super::ports::is_declared_by_another;
use crate::catalogue::health::Reach;
use crate::pod::container::Container;
use crate::pod::listeners::listens_at_localhost;
use crate::startup::before::Before;
use crate::startup::graph::{Certainty, Event, Member, Need, Topic};
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

pub(super) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    let mut needs = Vec::new();
    for (member, seat) in lineup.members() {
        let Some(container) = seat.container() else { continue };
        if seat.startup_probe().is_none() && seat.hook().is_none() {
            continue;
        }
        needs.extend(follows_application(lineup, member, container, seat));
        needs.extend(rewritten_by_istio(lineup, member, seat));
        needs.extend(out_of_reach(lineup, member, container, seat));
        // An author who has such a gate knows that it opens.
        if before.is_some_and(|before| before.has_gate_of_repair(seat)) && !has_operators_probe(container) {
            needs.extend(at_localhost(lineup, member, container, seat));
        }
    }
    needs
}

fn need(
    member: Member,
    providers: Vec<Member>,
    certainty: Certainty,
    field: &'static [&'static str],
    reason: String,
) -> Need {
    Need {
        of: Event::Gate(member),
        providers: providers.into(),
        certainty,
        topic: Topic::Product,
        field,
        reason,
    }
}

/// A port that the kubelet asks for and on which the container listens at localhost only, by its own words or for all that is known of its
/// product. As a `readinessProbe` that always fails, such a probe may have gone unnoticed.
fn at_localhost(
    lineup: &Lineup<'_>,
    member: Member,
    container: &Container<'_>,
    seat: &Seat<'_>,
) -> Option<Need> {
    let candidate = lineup.pod.candidate(container);
    let is_local = |ask: &Ask| {
        let of_product = container.row().is_some_and(|row| row.serves_at_localhost(ask.port, candidate));
        ask.is_of_kubelet && !ask.is_at_localhost && (of_product || listens_at_localhost(container, ask.port))
    };
    let ask = asks(seat).into_iter().find(is_local)?;
    let reason =
        format!("it listens on port {} at localhost only, where the kubelet does not reach it", ask.port);
    Some(need(member, Vec::new(), Certainty::Possible, ask.field, reason))
}

/// The path that the `startupProbe` of a member asks for.
fn path<'s>(seat: &'s Seat<'_>) -> Option<&'s str> {
    let request = seat
        .startup_probe()?
        .http_get
        .as_ref()
        .filter(|request| request.host.as_deref().is_none_or(str::is_empty))?;
    Some(request.path.as_deref().unwrap_or("/"))
}

/// A health path that succeeds only once the application does, or may.
fn follows_application(
    lineup: &Lineup<'_>,
    member: Member,
    container: &Container<'_>,
    seat: &Seat<'_>,
) -> Option<Need> {
    let path = path(seat)?;
    let row = container.row()?;
    let name = lineup.apps().next().map(|(_, app)| app.quoted())?;
    let (certainty, may) = match &row.follows_application {
        Some(known) if known.what == path => {
            row.proven(known, lineup.pod.candidate(container))?;
            (Certainty::Proven, "responds")
        }
        _ if row.may_follow_application == Some(path) => (Certainty::Possible, "may respond"),
        _ => return None,
    };
    let apps = lineup.apps().map(|(member, _)| member).collect();
    let reason = format!("{may} on {path} only after {name}");
    Some(need(member, apps, certainty, &["startupProbe"], reason))
}

/// A probe that Istio has rewritten, so that it goes through the agent in its proxy: to `/app-health/CONTAINER/startupz` at the agent's port
/// (`pkg/kube/inject/app_probe.go`).
fn rewritten_by_istio(lineup: &Lineup<'_>, member: Member, seat: &Seat<'_>) -> Option<Need> {
    let path = path(seat).filter(|path| path.starts_with("/app-health/"))?;
    let (proxy, of) = lineup.members().find(|(_, seat)| seat.is_proxy())?;
    let is_its = ["/livez", "/readyz", "/startupz"].iter().any(|end| path.ends_with(end));
    let is_certain = is_its && of.container().is_some();
    let certainty = if is_certain { Certainty::Proven } else { Certainty::Possible };
    let reason = format!("has a probe that Istio rewrote to go through {}", of.quoted());
    Some(need(member, vec![proxy], certainty, &["startupProbe"], reason))
}

/// A health server that is switched off, or that listens on localhost: the kubelet probes the Pod's address; a command in the container
/// reaches it there.
fn out_of_reach(
    lineup: &Lineup<'_>,
    member: Member,
    container: &Container<'_>,
    seat: &Seat<'_>,
) -> Option<Need> {
    let row = container.row()?;
    let health = row.health.as_ref()?;
    let candidate = lineup.pod.candidate(container);
    let ask = asks(seat).into_iter().find(|ask| health.listens_on(ask.port, candidate))?;
    let (certainty, state) = match health.reach(candidate) {
        Reach::Open => return None,
        Reach::Doubtful => (
            Certainty::Possible,
            "may be switched off or listen on localhost, as a configuration file may say",
        ),
        // Then another one may listen there.
        Reach::Off if !container.declares(ask.port) && is_declared_by_another(lineup, member, ask.port) => {
            return None;
        }
        Reach::Off if !ask.is_needed => (Certainty::Possible, "is switched off"),
        Reach::Off => (Certainty::Proven, "is switched off"),
        Reach::Local if !ask.is_of_kubelet || ask.is_at_localhost => return None,
        Reach::Local => (Certainty::Proven, "listens on localhost, where the kubelet does not reach it"),
    };
    let reason = format!("its health server on port {} {state}", ask.port);
    Some(need(member, Vec::new(), certainty, ask.field, reason))
}
