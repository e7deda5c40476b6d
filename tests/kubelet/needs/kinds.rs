//! What a need is, and what the operator's settings say.

/// A sidecar that the operator's settings declare.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declared {
    pub(crate) name: &'static str,
    /// The settings have a startupProbe for it.
    pub(crate) has_probe: bool,
}

/// A need that a world may have.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    /// Who needs it.
    pub(crate) asker: String,
    pub(crate) about: About,
    /// Any of them meets it; nobody can where there is none.
    pub(crate) providers: Vec<String>,
    /// It holds in every world.
    pub(crate) is_proven: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum About {
    /// The container reads, when it comes up, what others write to this volume.
    Volume(String),
    /// Its own main command waits for this port.
    Wait(u64),
    /// Whoever asks this port from the container reaches another's server.
    Port(u64),
    /// Commands of its gate look at files on this volume, which others write.
    GateFile(String),
    /// When it comes up, it needs the network.
    Network,
    /// A configuration file says that its health server listens elsewhere.
    ConfigFile,
    /// Probes that are added behind an injected proxy meet mutual TLS.
    MutualTls,
}
