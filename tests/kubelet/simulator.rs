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

mod worker;

use worker::Worker;

/// Seconds since the Pod reached its node.
pub(crate) type Time = u64;

/// What has not happened after two hours never does: by then even back-offs of five minutes have had two dozen turns.
const LIMIT: Time = 2 * 60 * 60;

/// A Pod: its init containers in order, then the entries of `containers`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pod {
    pub(crate) containers: Vec<Container>,
    pub(crate) redirect: Option<Redirect>,
    /// Pod `restartPolicy: Never`.
    pub(crate) never_restarts: bool,
}

/// Traffic that is sent to a proxy from the moment on that an init container has exited.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Redirect {
    /// The init container that sets it up.
    pub(crate) by: usize,
    pub(crate) proxy: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// How long it takes to be up, or to exit, once its needs are met.
    pub(crate) warm_up: Time,
    /// What must be up before it can be up.
    pub(crate) needs: Vec<Need>,
    pub(crate) startup_probe: Option<Probe>,
    pub(crate) post_start: Option<Hook>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// An ordinary init container.
    Init,
    /// An init container with `restartPolicy: Always`.
    Sidecar,
    /// An entry of `containers`.
    App,
}

/// Something that a process, a probe or a hook waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// One of these containers is up; nobody can meet it where there is none.
    AnyOf(Vec<usize>),
    /// The network is not redirected to a proxy that is not up.
    Network,
}

#[derive(Debug, Clone)]
pub(crate) struct Probe {
    pub(crate) initial_delay: Time,
    pub(crate) period: Time,
    pub(crate) failure_threshold: u64,
    pub(crate) asks: Asks,
}

#[derive(Debug, Clone)]
pub(crate) enum Asks {
    /// Succeeds where all of this is met.
    For(Vec<Need>),
    /// The kubelet cannot even ask: errors are discarded and count as nothing (prober/worker.go `doProbe`; row 8).
    Error,
}

#[derive(Debug, Clone)]
pub(crate) enum Hook {
    /// Returns as soon as all of this is met. With a limit it gives up then, and `is_soft` is whether it succeeds all the same.
    Until { needs: Vec<Need>, limit: Option<Time>, is_soft: bool },
    /// Looks once, after some seconds, and fails where something is not met.
    Once { needs: Vec<Need>, after: Time },
}

/// What happened to a container, by the time the simulation ended.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) name: String,
    /// All of its starts.
    pub(crate) starts: Vec<Time>,
    /// When its gate opened for the first time: it exited with 0, or its hook returned and its startupProbe succeeded.
    pub(crate) gate: Option<Time>,
    /// When it was up, or exited with 0, for the first time.
    pub(crate) up: Option<Time>,
}

impl Seen {
    pub(crate) fn started(&self) -> Option<Time> {
        self.starts.first().copied()
    }
}

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

struct Kubelet<'p> {
    pod: &'p Pod,
    now: Time,
    states: Vec<State>,
    worker: Worker,
}

#[derive(Debug, Default)]
struct State {
    process: Process,
    starts: Vec<Time>,
    /// When it will be up, known as soon as its needs are met.
    ready_at: Option<Time>,
    /// Since when it is up.
    up: Option<Time>,
    first_up: Option<Time>,
    gate: Option<Time>,
    /// How often it was killed.
    kills: u32,
    probing: Probing,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Process {
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
enum Probing {
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
