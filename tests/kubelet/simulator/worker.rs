//! The Pod's worker: syncs, one at a time, in which containers are killed and started one after the other.

use std::collections::VecDeque;

use super::pod::{Hook, Role, Time};
use super::state::{Kubelet, Probing, Process, State, Task};

/// How long it takes to kill a container that does not heed SIGTERM, as in rows 5 and 7 (hook 3 s, next start at 6 s). The length
/// decides nothing but times: the worker is blocked meanwhile (`killContainer` in `kuberuntime_container.go`).
const KILL: Time = 3;

/// Back-off before restarts after the first, doubled each time (kubelet.go `initialNodeBackoff`: 10 s, `maxCrashLoopBackOff`: 300 s).
const BACK_OFF: (Time, Time) = (10, 300);

impl Kubelet<'_> {
    /// Does the next thing that is due, if there is one.
    pub(super) fn work(&mut self) -> bool {
        match self.worker.task {
            Task::Idle => self.start_next() || self.sync(),
            Task::Hook { container, since } => match self.hook_result(container, since) {
                None => false,
                Some(true) => {
                    self.hook_is_over(container);
                    true
                }
                // The container is killed at once, preStop and all (kuberuntime_container.go `startContainer`; rows 5 and 7).
                Some(false) => {
                    self.kill(container);
                    true
                }
            },
            Task::Kill { container, until } if until <= self.now => {
                self.worker.task = Task::Idle;
                self.back_off(container);
                true
            }
            Task::Kill { .. } => false,
        }
    }

    pub(super) fn next_of_worker(&self) -> Option<Time> {
        match self.worker.task {
            Task::Idle => None,
            Task::Kill { until, .. } => Some(until),
            Task::Hook { container, since } => match self.pod.containers[container].post_start.as_ref()? {
                Hook::Until { limit, .. } => limit.map(|limit| since + limit),
                Hook::Once { after, .. } => Some(since + after),
            },
        }
    }

    /// Starts the next container of this sync.
    fn start_next(&mut self) -> bool {
        let Some(container) = self.worker.to_start.pop_front() else { return false };
        let state = &mut self.states[container];
        state.process = Process::Running;
        state.starts.push(self.now);
        (state.up, state.ready_at, state.probing) = (None, None, Probing::Idle);
        if self.pod.containers[container].post_start.is_some() {
            self.worker.task = Task::Hook { container, since: self.now };
        } else {
            self.hook_is_over(container);
        }
        true
    }

    /// Whether a hook has returned, and with success.
    fn hook_result(&self, container: usize, since: Time) -> Option<bool> {
        match self.pod.containers[container].post_start.as_ref()? {
            // An exec hook has no timeout (lifecycle/handlers.go): without a limit of its own it blocks the Pod for ever.
            Hook::Until { needs, limit, is_soft } => {
                let is_over = limit.is_some_and(|limit| since + limit <= self.now);
                self.are_met(needs, self.now).then_some(true).or_else(|| is_over.then_some(*is_soft))
            }
            Hook::Once { needs, after } => (since + after <= self.now).then(|| self.are_met(needs, self.now)),
        }
    }

    /// The container runs, and its hook, if it has one, has succeeded. Its probe worker knows it from now on.
    fn hook_is_over(&mut self, container: usize) {
        self.worker.task = Task::Idle;
        let started = self.states[container].starts.last().copied().unwrap_or_default();
        let fields = &self.pod.containers[container];
        match &fields.startup_probe {
            Some(probe) => {
                // Ticks count from the start of the probe worker, which is that of the Pod, not of the container; the initial delay
                // counts from the container's start (prober/worker.go `run`, `doProbe`).
                let earliest = (started + probe.initial_delay).max(self.now);
                let next = earliest.next_multiple_of(probe.period);
                self.states[container].probing = Probing::Ticking { next, failures: 0 };
            }
            None if fields.role != Role::Init => {
                self.states[container].gate.get_or_insert(self.now);
            }
            None => {}
        }
    }

    fn kill(&mut self, container: usize) {
        let state = &mut self.states[container];
        (state.up, state.ready_at, state.probing) = (None, None, Probing::Idle);
        state.process = Process::Killed { again: Time::MAX };
        self.worker.task = Task::Kill { container, until: self.now + KILL };
    }

    /// The first restart is immediate, later ones wait (`doBackOff` in `kuberuntime_manager.go`; rows 5 and 7: 0, 6, 23, 54).
    fn back_off(&mut self, container: usize) {
        let (first, most) = BACK_OFF;
        let state = &mut self.states[container];
        let delay = match state.kills {
            0 => 0,
            kills => first.saturating_mul(1 << (kills - 1).min(16)).min(most),
        };
        state.kills += 1;
        state.process = Process::Killed { again: self.now + delay };
    }

    /// Decides what to kill and what to start (`computePodActions` in `kuberuntime_manager.go`).
    fn sync(&mut self) -> bool {
        // Kills come first. A startupProbe that failed too often has its container killed and restarted, in either list.
        let failed = |state: &State| matches!(state.probing, Probing::Failed);
        if let Some(container) = self.states.iter().position(failed) {
            self.kill(container);
            return true;
        }
        let (init, is_initialised) = self.init_containers_to_start();
        let apps = self.of_role(Role::App).filter(|_| is_initialised);
        // Those that run stay; those in back-off are skipped, and do not keep others from their turn (`SyncPod` ignores what
        // starting an app container came to: row 7).
        let apps = apps.filter(|index| match self.states[*index].process {
            Process::Waiting => true,
            Process::Killed { again } => again <= self.now && !self.pod.never_restarts,
            Process::Running | Process::Completed => false,
        });
        let to_start: VecDeque<_> = init.into_iter().chain(apps).collect();
        self.worker.to_start = to_start;
        !self.worker.to_start.is_empty()
    }

    /// The init containers to start now, and whether the Pod is initialised (`computeInitContainerActions` in
    /// `kuberuntime_container.go`).
    fn init_containers_to_start(&self) -> (Vec<usize>, bool) {
        let is_init = |index: &usize| self.pod.containers[*index].role != Role::App;
        let init: Vec<_> = (0..self.pod.containers.len()).filter(is_init).collect();
        // Sidecars are restarted whatever the Pod's restartPolicy, and whether or not it is initialised.
        let mut to_start: Vec<_> = init
            .iter()
            .copied()
            .filter(
                |index| matches!(self.states[*index].process, Process::Killed { again } if again <= self.now),
            )
            .collect();
        if self.of_role(Role::App).any(|index| self.states[index].process == Process::Running) {
            return (to_start, true);
        }
        // Otherwise the last one that has been started is what the next waits for; gates of earlier ones are not looked at again.
        let last = init.iter().copied().rfind(|index| self.states[*index].process != Process::Waiting);
        let is_open = last.is_none_or(|last| self.is_open(last));
        let next = init.get(last.map_or(0, |last| last + 1));
        to_start.extend(next.filter(|_| is_open));
        (to_start, is_open && next.is_none())
    }

    /// The gate of an init container that has been started. Hooks are over whenever a sync begins.
    fn is_open(&self, index: usize) -> bool {
        let state = &self.states[index];
        match state.process {
            Process::Completed => true,
            Process::Running if self.pod.containers[index].role == Role::Sidecar => {
                self.pod.containers[index].startup_probe.is_none()
                    || matches!(state.probing, Probing::Succeeded)
            }
            _ => false,
        }
    }

    fn of_role(&self, role: Role) -> impl Iterator<Item = usize> {
        (0..self.pod.containers.len()).filter(move |index| self.pod.containers[*index].role == role)
    }
}
