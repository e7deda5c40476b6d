//! The state of a Pod and of its worker while it is simulated.

use std::collections::VecDeque;

use super::pod::{Pod, Time};

/// The kubelet with one Pod.
pub(super) struct Kubelet<'p> {
    pub(super) pod: &'p Pod,
    pub(super) now: Time,
    pub(super) states: Vec<State>,
    pub(super) worker: Worker,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) process: Process,
    pub(super) starts: Vec<Time>,
    /// When it will be up, known as soon as its needs are met.
    pub(super) ready_at: Option<Time>,
    /// Since when it is up.
    pub(super) up: Option<Time>,
    pub(super) first_up: Option<Time>,
    pub(super) gate: Option<Time>,
    /// How often it was killed.
    pub(super) kills: u32,
    pub(super) probing: Probing,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    #[default]
    Waiting,
    Running,
    /// Has exited with 0: ordinary init containers only.
    Completed,
    /// Was killed, and may start again from this time on.
    Killed {
        again: Time,
    },
}

/// What the probe worker of a container does.
#[derive(Debug, Default, Clone, Copy)]
pub(super) enum Probing {
    /// It does not know the running container: that is so until the sync which started it returns (prober/worker.go `doProbe`).
    #[default]
    Idle,
    Ticking {
        next: Time,
        failures: u64,
    },
    /// On hold after a result, until there is a new container.
    Succeeded,
    Failed,
}

/// What the worker is at, and what it is to start next in this sync.
#[derive(Debug, Default)]
pub(super) struct Worker {
    pub(super) task: Task,
    pub(super) to_start: VecDeque<usize>,
}

#[derive(Debug, Default, Clone, Copy)]
pub(super) enum Task {
    #[default]
    Idle,
    /// A hook runs inside the sync (`startContainer` in `kuberuntime_container.go`), so nothing else is started or killed.
    Hook {
        container: usize,
        since: Time,
    },
    Kill {
        container: usize,
        until: Time,
    },
}
