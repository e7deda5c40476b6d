//! Why a text is not edited.

/// Why a text is not edited, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Obstacle {
    /// The place, in bytes.
    pub(super) at: usize,
    /// The reason.
    pub(super) reason: &'static str,
}

impl Obstacle {
    pub(super) const fn new(at: usize, reason: &'static str) -> Self {
        Self { at, reason }
    }
}
