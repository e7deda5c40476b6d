//! What the status of a Pod records.

use k8s_openapi::api::core::v1::{
    ContainerState, ContainerStateTerminated, ContainerStatus, PodCondition, PodStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use super::words::token;
use crate::pod::container::Container;

/// The status of a Pod, read at some time.
pub(super) struct Record<'r> {
    status: &'r PodStatus,
    now: Timestamp,
}

/// The status of a container; an empty one if nothing is recorded.
#[derive(Clone, Copy)]
pub(super) struct Of<'r>(Option<&'r ContainerStatus>);

impl<'r> Record<'r> {
    pub(super) const fn new(status: &'r PodStatus, now: Timestamp) -> Self {
        Self { status, now }
    }

    pub(super) fn phase(&self) -> &str {
        self.status.phase.as_deref().unwrap_or_default()
    }

    pub(super) fn reason(&self) -> Option<&str> {
        self.status.reason.as_deref().map(token)
    }

    pub(super) fn condition(&self, name: &str) -> Option<&'r PodCondition> {
        self.status.conditions.iter().flatten().find(|condition| condition.type_ == name)
    }

    /// The time of a condition, if it is true.
    pub(super) fn true_since(&self, name: &str) -> Option<Timestamp> {
        let condition = self.condition(name).filter(|condition| condition.status == "True")?;
        condition.last_transition_time.as_ref().map(|time| time.0)
    }

    /// How long ago a condition became what it is, in seconds.
    pub(super) fn age_of(&self, condition: &PodCondition) -> Option<u64> {
        condition.last_transition_time.as_ref().map(|time| self.age(time.0))
    }

    /// How long ago the kubelet accepted the Pod, in seconds.
    pub(super) fn age_of_pod(&self) -> Option<u64> {
        self.status.start_time.as_ref().map(|time| self.age(time.0))
    }

    /// How long ago something happened, in seconds; 0 if the clocks differ and it is still to come.
    pub(super) fn age(&self, time: Timestamp) -> u64 {
        u64::try_from(self.now.as_second() - time.as_second()).unwrap_or(0)
    }

    /// Whether nothing is recorded about any container or condition.
    pub(super) fn is_empty(&self) -> bool {
        self.statuses().next().is_none() && self.status.conditions.iter().flatten().next().is_none()
    }

    /// Whether any container was started.
    pub(super) fn has_started(&self) -> bool {
        self.statuses().any(|status| Of(Some(status)).was_created())
    }

    fn statuses(&self) -> impl Iterator<Item = &'r ContainerStatus> {
        let init = self.status.init_container_statuses.iter().flatten();
        init.chain(self.status.container_statuses.iter().flatten())
    }

    /// The status of a container.
    pub(super) fn of(&self, container: &Container<'_>) -> Of<'r> {
        let list = if container.is_init() {
            &self.status.init_container_statuses
        } else {
            &self.status.container_statuses
        };
        Of(list.iter().flatten().find(|status| *status.name == *container.fields.name))
    }
}

impl<'r> Of<'r> {
    fn state(self) -> Option<&'r ContainerState> {
        self.0?.state.as_ref()
    }

    /// When it was started, if it runs.
    pub(super) fn runs_since(self) -> Option<Timestamp> {
        self.state()?.running.as_ref()?.started_at.as_ref().map(|time| time.0)
    }

    pub(super) fn runs(self) -> bool {
        self.state().is_some_and(|state| state.running.is_some())
    }

    /// How it ended, if it does not run.
    pub(super) fn ended(self) -> Option<&'r ContainerStateTerminated> {
        self.state()?.terminated.as_ref()
    }

    /// How it ended before it was last started, or before it waited for that.
    pub(super) fn ended_before(self) -> Option<&'r ContainerStateTerminated> {
        self.0?.last_state.as_ref()?.terminated.as_ref()
    }

    /// Why it waits; none if it does not, or if it only waits for its turn.
    pub(super) fn waits_because(self) -> Option<&'r str> {
        let reason = self.state()?.waiting.as_ref()?.reason.as_deref()?;
        (!matches!(reason, "PodInitializing" | "ContainerCreating")).then_some(reason)
    }

    /// Whether the kubelet has created it at some time, or has tried.
    pub(super) fn was_created(self) -> bool {
        self.runs()
            || self.ended().is_some()
            || self.ended_before().is_some()
            || self.waits_because().is_some()
    }

    pub(super) fn is_started(self) -> bool {
        self.0.and_then(|status| status.started).unwrap_or(false)
    }

    pub(super) fn is_ready(self) -> bool {
        self.0.is_some_and(|status| status.ready)
    }

    pub(super) fn restarts(self) -> u64 {
        self.0.and_then(|status| u64::try_from(status.restart_count).ok()).unwrap_or(0)
    }

    /// When it was first started: of several restarts, only the last is recorded.
    pub(super) fn first_started(self) -> Option<Timestamp> {
        let time = |time: &Option<Time>| time.as_ref().map(|time| time.0);
        match self.restarts() {
            0 => self.runs_since().or_else(|| time(&self.ended()?.started_at)),
            1 => time(&self.ended_before()?.started_at),
            _ => None,
        }
    }
}

/// How long it ran, in seconds.
pub(super) fn length(ended: &ContainerStateTerminated) -> Option<u64> {
    let (from, to) = (ended.started_at.as_ref()?, ended.finished_at.as_ref()?);
    u64::try_from(to.0.as_second() - from.0.as_second()).ok()
}
