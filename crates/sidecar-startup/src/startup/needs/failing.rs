//! Gates that fail whatever the sidecar does, as needs that nobody can meet.

use k8s_openapi::api::core::v1::{LifecycleHandler, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::command::{Ends, outcome};
use crate::model::handler::Target;
use crate::model::timing::Timing;
use crate::startup::graph::{Certainty, Event, Need, Topic};
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

pub(super) fn needs(lineup: &Lineup<'_>) -> Vec<Need> {
    let mut needs = Vec::new();
    for (member, seat) in lineup.members() {
        let hook = seat.hook().and_then(failing_hook).map(|reason| (reason, &["lifecycle", "postStart"][..]));
        let probe = || seat.startup_probe().and_then(|probe| failing_probe(seat, probe));
        let failing = hook.or_else(|| probe().map(|reason| (reason, &["startupProbe"][..])));
        needs.extend(failing.map(|(reason, field)| Need {
            of: Event::Gate(member),
            providers: [].into(),
            certainty: Certainty::Proven,
            topic: Topic::Product,
            field,
            reason,
        }));
    }
    needs
}

/// Why a hook never succeeds: no kubelet implements `tcpSocket` there (`pkg/kubelet/lifecycle/handlers.go`).
fn failing_hook(hook: &LifecycleHandler) -> Option<String> {
    if hook.tcp_socket.is_some() {
        return Some("tcpSocket hooks always fail".to_owned());
    }
    let outcome = outcome(hook.exec.as_ref()?.command.as_deref()?);
    if outcome.sleeps == u32::MAX {
        return Some("it sleeps forever".to_owned());
    }
    (outcome.ends == Ends::Failure).then(|| "its command always fails".to_owned())
}

/// Why a `startupProbe` never succeeds.
fn failing_probe(seat: &Seat<'_>, probe: &Probe) -> Option<String> {
    if let Some(exec) = &probe.exec {
        return failing_command(exec.command.as_deref()?, Timing::of(probe).timeout);
    }
    let target = Target::of_probe(probe)?;
    let IntOrString::String(name) = &target.port else { return None };
    // The kubelet drops the error and waits forever (`pkg/kubelet/prober/worker.go`).
    let is_undeclared = target.number(seat.container()?.fields).is_none();
    is_undeclared.then(|| format!("it probes port {name:?}, which the container does not declare"))
}

fn failing_command(words: &[String], timeout: u64) -> Option<String> {
    let outcome = outcome(words);
    if outcome.ends == Ends::Failure {
        return Some("its command always fails".to_owned());
    }
    let duration = match outcome.sleeps {
        u32::MAX => "forever".to_owned(),
        seconds => format!("{seconds} s"),
    };
    let is_late = timeout <= u64::from(outcome.sleeps);
    is_late.then(|| format!("its command sleeps {duration}, but timeoutSeconds is {timeout}"))
}
