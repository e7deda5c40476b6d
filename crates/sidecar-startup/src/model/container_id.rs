//! Which container of a Pod is meant, wherever it is moved.

/// A container of a Pod: its position among all containers of the Pod as it came in, `initContainers` before `containers`. It
/// stays the same wherever a repair moves the container. Containers that a repair adds are numbered after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId(usize);

impl ContainerId {
    /// The container at that position among all containers.
    pub(crate) const fn at(position: usize) -> Self {
        Self(position)
    }

    /// The position among all containers of the Pod as it came in.
    pub(crate) const fn position(self) -> usize {
        self.0
    }
}
