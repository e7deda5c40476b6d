//! What running a command comes to.

/// How a command ends, whatever it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// With 0.
    Success,
    /// With something else.
    Failure,
    /// That depends on what it finds, or it never does.
    Unknown,
}

/// What running a command comes to, as far as its words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// How it ends, whatever it finds.
    pub ends: Ends,
    /// How long it surely sleeps before it does anything else, or ends, in whole seconds, rounded down. It is [`u32::MAX`] for
    /// `sleep infinity`.
    pub sleeps: u32,
    /// Whether it runs anything but `sleep`, `true`, `false`, `:`, `echo`, `printf`, `date`, `set` or `exit`, that is, whether
    /// it does, or may do, real work.
    pub works: bool,
}

impl Outcome {
    /// What nothing is known of.
    pub(super) const UNKNOWN: Self = Self { ends: Ends::Unknown, sleeps: 0, works: true };

    /// What ends like that and has no other effect.
    pub(super) const fn harmless(ends: Ends) -> Self {
        Self { ends, sleeps: 0, works: false }
    }

    /// Whether it succeeds, and does nothing before but take its time.
    pub(crate) const fn only_sleeps(self) -> bool {
        matches!(self.ends, Ends::Success) && !self.works && 0 < self.sleeps
    }
}
