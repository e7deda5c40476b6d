//! Where a sidecar's health server listens, and whether the kubelet can reach it.

use super::candidate::Candidate;
use super::condition::Condition;
use super::injectable::PortSource;

/// The health server of a sidecar.
#[derive(Debug)]
pub struct Health {
    /// Where its port comes from.
    pub port: PortSource,
    /// It is switched off if all of these are proven.
    pub off_when: &'static [Condition],
    /// It listens on localhost if all of these are proven.
    pub local_when: &'static [Condition],
    /// If one of these is proven, a configuration that the object does not show may decide.
    pub doubt_when: &'static [Condition],
}

/// Whether the kubelet can reach a health server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nothing suggests that it cannot.
    Open,
    /// Perhaps not: a configuration that the object does not show decides.
    Doubtful,
    /// It is switched off.
    Off,
    /// It listens on localhost.
    Local,
}

impl Health {
    /// Whether this is its port, even if it is switched off.
    #[must_use]
    pub fn listens_on(&self, port: i32, candidate: Candidate<'_>) -> bool {
        self.port.number(candidate).is_some_and(|own| i32::from(own) == port)
    }

    /// Whether a configuration that the object does not show may override the arguments.
    #[must_use]
    pub fn is_doubtful(&self, candidate: Candidate<'_>) -> bool {
        candidate.fulfils_one(self.doubt_when)
    }

    /// Whether the kubelet can reach it.
    #[must_use]
    pub fn reach(&self, candidate: Candidate<'_>) -> Reach {
        if self.is_doubtful(candidate) {
            Reach::Doubtful
        } else if candidate.fulfils(self.off_when) {
            Reach::Off
        } else if candidate.fulfils(self.local_when) {
            Reach::Local
        } else {
            Reach::Open
        }
    }
}
