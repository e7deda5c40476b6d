//! The Pod's own Service, which leads to the Pod only once that is ready, and so after all of its gates.
//!
//! Of a StatefulSet's Pods it is known by `serviceName`, which its controller copies to `subdomain` of each Pod
//! (`pkg/controller/statefulset/stateful_set_utils.go`). Another replica may answer, so nothing is proven.

use crate::command::{asks_service, is_host_of};
use crate::model::handler::Target;
use crate::startup::graph::{Certainty, Event, Need, Topic};
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

pub(super) fn needs(lineup: &Lineup<'_>) -> Vec<Need> {
    let Some(service) = lineup.pod.service() else { return Vec::new() };
    let mut needs = Vec::new();
    for (member, seat) in lineup.members() {
        needs.extend(field_that_asks(seat, service).map(|field| Need {
            of: Event::Gate(member),
            providers: [].into(),
            certainty: Certainty::Possible,
            topic: Topic::Network,
            field,
            reason: format!("it asks Service {service:?}, which leads to this Pod only once that is ready"),
        }));
    }
    needs
}

/// The field of a member's gate that asks a Service, if one does.
fn field_that_asks(seat: &Seat<'_>, service: &str) -> Option<&'static [&'static str]> {
    let asks = |command: Option<&Vec<String>>, target: Option<Target<'_>>| {
        command.is_some_and(|words| asks_service(words, service))
            || target.is_some_and(|target| is_host_of(target.host, service))
    };
    let probe = seat.startup_probe().is_some_and(|probe| {
        asks(probe.exec.as_ref().and_then(|exec| exec.command.as_ref()), Target::of_probe(probe))
    });
    let hook = || {
        seat.hook().is_some_and(|hook| {
            asks(hook.exec.as_ref().and_then(|exec| exec.command.as_ref()), Target::of_hook(hook))
        })
    };
    if probe { Some(&["startupProbe"]) } else { hook().then_some(&["lifecycle", "postStart"][..]) }
}
