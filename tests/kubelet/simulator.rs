//! A model of the kubelet's `SyncPod` (Kubernetes 1.36), as a discrete-event simulation in whole seconds.
//!
//! It shares no code with the library. Each modelling decision names its source: a file of Kubernetes below
//! `pkg/kubelet/`, or a row of the Pods that were measured on a real kubelet (`measured.rs`).
//!
//! Left out, since none of it decides whether a container is ever started: image pulls, the one or two seconds that a sync takes,
//! readiness and liveness (rows 1 and 2: neither holds anybody), and containers that exit by themselves, other than ordinary init
//! containers. A process whose needs are not met waits for them; one that crashes until they are met would only be later.
//! Once a startupProbe has succeeded its container is not restarted here, so that kubernetes#141155 (since 1.35, the startupProbe of
//! a restarted sidecar is not run again) makes no difference.

mod pod;
mod state;
mod worker;

pub(crate) use pod::{Asks, Container, Hook, Need, Pod, Probe, Redirect, Role, Seen, Time};
use state::{Kubelet, Probing, Process, State, Worker};

/// What has not happened after two hours never does: by then even back-offs of five minutes have had two dozen turns.
const LIMIT: Time = 2 * 60 * 60;

/// Runs a Pod until nothing more can happen.
pub(crate) fn run(pod: &Pod) -> Vec<Seen> {
    let mut kubelet = Kubelet {
        pod,
        now: 0,
        states: pod.containers.iter().map(|_| State::default()).collect(),
        worker: Worker::default(),
    };
    loop {
        while kubelet.processes() | kubelet.probes() | kubelet.work() {}
        match kubelet.next_event() {
            Some(next) if next <= LIMIT => kubelet.now = next,
            _ => break,
        }
    }
    let seen = pod.containers.iter().zip(kubelet.states).map(|(container, state)| Seen {
        name: container.name.clone(),
        starts: state.starts,
        gate: state.gate,
        up: state.first_up,
    });
    seen.collect()
}

impl Kubelet<'_> {
    /// Lets processes come up, and init containers exit.
    fn processes(&mut self) -> bool {
        let mut has_changed = false;
        for (index, container) in self.pod.containers.iter().enumerate() {
            if self.states[index].process != Process::Running || self.states[index].up.is_some() {
                continue;
            }
            if self.states[index].ready_at.is_none() && self.are_met(&container.needs, self.now) {
                self.states[index].ready_at = Some(self.now + container.warm_up);
            }
            let state = &mut self.states[index];
            if state.ready_at.is_some_and(|ready| ready <= self.now) {
                state.up = Some(self.now);
                state.first_up.get_or_insert(self.now);
                if container.role == Role::Init {
                    // Exit code 0 is the gate of an ordinary init container (kuberuntime_container.go `computeInitContainerActions`).
                    state.process = Process::Completed;
                    state.gate = Some(self.now);
                }
                has_changed = true;
            }
        }
        has_changed
    }

    /// Runs the startupProbes that are due.
    fn probes(&mut self) -> bool {
        let mut has_changed = false;
        for (index, container) in self.pod.containers.iter().enumerate() {
            let Some(probe) = &container.startup_probe else { continue };
            let Asks::For(needs) = &probe.asks else { continue };
            while let Probing::Ticking { next, failures } = self.states[index].probing
                && next <= self.now
            {
                has_changed = true;
                // What comes up within a second is seen by the next tick only: the period is added (row 3).
                let succeeds =
                    needs.is_empty() || next.checked_sub(1).is_some_and(|before| self.are_met(needs, before));
                let state = &mut self.states[index];
                state.probing = if succeeds {
                    state.gate.get_or_insert(self.now);
                    Probing::Succeeded
                } else if failures + 1 == probe.failure_threshold {
                    Probing::Failed
                } else {
                    Probing::Ticking { next: next + probe.period, failures: failures + 1 }
                };
            }
        }
        has_changed
    }

    /// Whether all needs were met at a time up to now.
    fn are_met(&self, needs: &[Need], at: Time) -> bool {
        let is_up = |index: usize| self.states[index].up.is_some_and(|since| since <= at);
        needs.iter().all(|need| match need {
            Need::AnyOf(providers) => providers.iter().any(|index| is_up(*index)),
            // Between the iptables rules and the proxy, traffic goes nowhere (kubernetes.md 3.7, D8).
            Need::Network => {
                self.pod.redirect.is_none_or(|redirect| !is_up(redirect.by) || is_up(redirect.proxy))
            }
        })
    }

    /// When something may happen next, if at all.
    fn next_event(&self) -> Option<Time> {
        let of_containers = self.pod.containers.iter().zip(&self.states).flat_map(|(container, state)| {
            let again = match state.process {
                Process::Killed { again } => Some(again),
                _ => None,
            };
            [state.ready_at.filter(|_| state.up.is_none()), again, self.next_probe(container, state)]
        });
        of_containers.chain([self.next_of_worker()]).flatten().filter(|time| self.now < *time).min()
    }

    /// When a probe will have a result: at its next tick, or, while it cannot succeed, with the last of its failures.
    fn next_probe(&self, container: &Container, state: &State) -> Option<Time> {
        let probe = container.startup_probe.as_ref()?;
        let (Asks::For(needs), Probing::Ticking { next, failures }) = (&probe.asks, state.probing) else {
            return None;
        };
        let left = if self.are_met(needs, self.now) { 0 } else { probe.failure_threshold - failures - 1 };
        Some(next + left * probe.period)
    }
}
