//! The result of running a command.

/// How a command ends in any environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// With exit code 0.
    Success,
    /// With another exit code.
    Failure,
    /// It depends on the environment, or the command never ends.
    Unknown,
}

/// The result of running a command, as far as its words determine it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// How it ends in any environment.
    pub ends: Ends,
    /// How long it is certain to sleep before it does anything else or ends, in seconds, rounded down; [`u32::MAX`] for
    /// `sleep infinity`.
    pub sleeps: u32,
    /// Whether it may do real work: it runs anything other than `sleep`, `true`, `false`, `:`, `echo`, `printf`, `date`, `set`
    /// or `exit`.
    pub works: bool,
}

impl Outcome {
    /// The result of a command that cannot be predicted.
    pub(super) const UNKNOWN: Self = Self { ends: Ends::Unknown, sleeps: 0, works: true };

    /// The result of a command that ends this way and does nothing else.
    pub(super) const fn harmless(ends: Ends) -> Self {
        Self { ends, sleeps: 0, works: false }
    }

    /// Whether it always succeeds, and does nothing but sleep first.
    pub(crate) const fn only_sleeps(self) -> bool {
        matches!(self.ends, Ends::Success) && !self.works && 0 < self.sleeps
    }
}
