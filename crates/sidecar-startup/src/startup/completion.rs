//! Whether a classic sidecar keeps its Pod from completing.

use super::context::Context;
use crate::pod::container::{Container, Facts};
use crate::pod::coordination::Classic;
use crate::pod::ending::is_ended;
use crate::pod::owner::Owner;
use crate::settings::action::{Action, Need};
use crate::settings::rule_id::RuleId;

/// The most that is done about a classic sidecar that keeps its Pod from completing; none if it does not, as far as is known.
pub(crate) fn ceiling(context: &Context<'_>, sidecar: &Container<'_>, facts: Facts) -> Option<Action> {
    let pod = context.pod;
    // Where an init container has done the first work, nothing has to wait; but the sidecar keeps running.
    let is_served = facts.row.is_some_and(|row| row.served_by_init && row.need != Need::None);
    let runs_on = pod.should_complete
        && (facts.need != Need::None || is_served)
        && !is_ended(pod, Classic::Present(sidecar));
    runs_on.then_some(match pod.owner {
        Owner::Job => Action::Deny,
        // Nothing may be waiting for the Pod, and a controller may delete it.
        Owner::Nobody | Owner::Operator => Action::Warn,
    })
}

/// Whether `never-completing-job` reports a classic sidecar, so that no other rule need say that it belongs elsewhere: where a Job
/// waits for the Pod, and at least as much is done about that as about the order of the start.
pub(crate) fn is_reported(context: &Context<'_>, sidecar: &Container<'_>, facts: Facts) -> bool {
    let action = context.action_on(RuleId::NeverCompletingJob, sidecar);
    action != Action::Ignore
        && context.action_on(RuleId::ClassicSidecar, sidecar) <= action
        && ceiling(context, sidecar, facts) == Some(Action::Deny)
}
