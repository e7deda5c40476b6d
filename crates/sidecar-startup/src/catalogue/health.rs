//! Where the health server of a sidecar listens, and whether the kubelet reaches it.

use super::candidate::Candidate;
use super::condition::Condition;
use super::injectable::PortSource;

/// The health server of a sidecar.
#[derive(Debug)]
pub struct Health {
    /// Where its port comes from.
    pub port: PortSource,
    /// What must all be proven for it to be switched off.
    pub off_when: &'static [Condition],
    /// What must all be proven for it to listen on localhost.
    pub local_when: &'static [Condition],
    /// One of these, and a configuration that is not to be seen may say otherwise.
    pub doubt_when: &'static [Condition],
}

/// Whether the kubelet reaches a health server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// For all that is known.
    Open,
    /// It may not.
    Doubtful,
    /// It is switched off.
    Off,
    /// It listens on localhost.
    Local,
}

impl Health {
    /// Whether it listens on a port, or would.
    #[must_use]
    pub fn listens_on(&self, port: i32, candidate: Candidate<'_>) -> bool {
        self.port.number(candidate).is_some_and(|own| i32::from(own) == port)
    }

    /// Whether a configuration that is not to be seen may say otherwise than the arguments.
    #[must_use]
    pub fn is_doubtful(&self, candidate: Candidate<'_>) -> bool {
        candidate.fulfils_one(self.doubt_when)
    }

    /// Whether the kubelet reaches it.
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
