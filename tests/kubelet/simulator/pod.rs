//! What the simulator is given, and what it gives back.

/// Seconds since the Pod reached its node.
pub(crate) type Time = u64;

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
