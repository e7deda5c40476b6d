//! The start-up budget of a `startupProbe` that a repair derives from another probe of the same sidecar.

use k8s_openapi::api::core::v1::Probe;

use super::safety;
use crate::finding::Refusal;
use crate::model::gate::probe_is_gate;
use crate::model::timing::Timing;
use crate::pod::container::Container;
use crate::settings::startup_seconds::StartupSeconds;
use crate::startup::context::{Context, Shares};

/// The `failureThreshold` of a derived probe, which makes one attempt per second: as many as `startupSeconds.maximum` allows. If the Pod
/// has a deadline, the sidecars with a derived probe share what the other gates leave of it; `is_derived` says which sidecars will get
/// one. A second apply finds the same sidecars, and so the same number.
///
/// # Errors
/// The deadline leaves less than `startupSeconds.minimum`, or a probe of the sidecar shows that it may need longer: it begins so late, or
/// tries for so long.
pub(super) fn attempts(
    context: &Context<'_>,
    container: &Container<'_>,
    is_derived: &dyn Fn(&Container<'_>) -> bool,
) -> Result<u32, Refusal> {
    let StartupSeconds { minimum, maximum } = context.settings.startup_seconds;
    let mut seconds = u64::from(maximum);
    if let Some(deadline) = context.pod.deadline {
        let gates = context.shares(|| shares(context, is_derived));
        // The container's own probe, if any, will be replaced.
        let replaced = gates.by_name.get(&*container.fields.name).copied().unwrap_or_default();
        let others = u64::try_from(gates.all.fixed - replaced.fixed).unwrap_or(u64::MAX);
        let sharers = gates.all.sharers - replaced.sharers + replaced.containers;
        seconds = seconds.min(deadline.seconds.saturating_sub(others) / sharers.max(1));
        if seconds < u64::from(minimum) {
            return Err(format!(
                "{} {} leaves it only {seconds} s to start, less than {minimum} s",
                deadline.field, deadline.seconds
            )
            .into());
        }
    }
    let fields = container.fields;
    let both = [("readinessProbe", &fields.readiness_probe), ("livenessProbe", &fields.liveness_probe)];
    for (field, probe) in both {
        let Some(Timing { initial_delay: delay, .. }) = probe.as_ref().map(Timing::of) else { continue };
        if delay != 0 && seconds < delay.saturating_add(u64::from(minimum)) {
            return Err(format!(
                "its {field} has initialDelaySeconds: {delay}, but a startupProbe has only {seconds} s"
            )
            .into());
        }
    }
    // A readinessProbe that tries for so long gives the sidecar time that a startupProbe would cut: failing it restarts nothing.
    let patience = fields.readiness_probe.as_ref().map_or(0, |probe| Timing::of(probe).budget());
    if u64::from(maximum) < patience {
        return Err(format!(
            "its readinessProbe gives it {patience} s, but a startupProbe has only {maximum} s"
        )
        .into());
    }
    Ok(u32::try_from(seconds).unwrap_or(u32::MAX).saturating_add(1).min(i32::MAX.unsigned_abs()))
}

/// How the gates of a Pod share its deadline.
fn shares<'p>(context: &Context<'p>, is_derived: &dyn Fn(&Container<'_>) -> bool) -> Shares<'p> {
    let mut gates = Shares::default();
    // An entry that a second apply has added again will replace its twin.
    for container in context.pod.containers.iter().filter(|other| context.pod.twin_of(other).is_none()) {
        let (fixed, sharers) = match budget(container, is_derived) {
            Budget::Shared => (0, 1),
            Budget::Fixed(seconds) => (seconds, 0),
            Budget::None => (0, 0),
        };
        for part in [&mut gates.all, gates.by_name.entry(&container.fields.name).or_default()] {
            part.fixed += u128::from(fixed);
            part.sharers += sharers;
            part.containers += 1;
        }
    }
    gates
}

/// How much of the deadline the gate of a container uses.
enum Budget {
    /// An equal share of what the others leave.
    Shared,
    /// This many seconds.
    Fixed(u64),
    /// Nothing: it has no gate, or that of the catalogue.
    None,
}

fn budget(container: &Container<'_>, is_derived: &dyn Fn(&Container<'_>) -> bool) -> Budget {
    if container.sidecar().is_none() {
        return Budget::None;
    }
    match &container.fields.startup_probe {
        None if is_derived(container) => Budget::Shared,
        Some(probe) if container.is_native_sidecar() && probe_is_gate(probe) => {
            let own = [&container.fields.readiness_probe, &container.fields.liveness_probe];
            let is_copy = |own: &Probe| safety::asks_alike(own, probe) && Timing::of(probe).period == 1;
            if own.into_iter().flatten().next().is_some_and(is_copy) {
                Budget::Shared
            } else if container.has_known_probe() {
                Budget::None
            } else {
                Budget::Fixed(Timing::of(probe).budget())
            }
        }
        _ => Budget::None,
    }
}
