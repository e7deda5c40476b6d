//! Identifies a container of a Pod, even after it has been moved.

/// Identifies a container by its position in the Pod as submitted, counting `initContainers` before `containers`. It stays the
/// same if a repair moves the container. Containers added by a repair are numbered after the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId(usize);

impl ContainerId {
    /// The container at this position among all containers.
    pub(crate) const fn at(position: usize) -> Self {
        Self(position)
    }

    /// The position among all containers of the Pod as submitted.
    pub(crate) const fn position(self) -> usize {
        self.0
    }
}
