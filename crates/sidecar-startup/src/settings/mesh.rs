//! How each mesh must hold the application.

use serde::Deserialize;

/// How each mesh must hold the application. A mesh that is not set is not checked.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mesh {
    /// Istio.
    pub istio: Option<MeshHold>,
    /// Linkerd.
    pub linkerd: Option<MeshHold>,
}

/// How a mesh holds the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum MeshHold {
    /// With the hook of a classic proxy, or with a native proxy. Only the latter ends with the work of a Pod that should complete.
    Hold,
    /// With a native proxy, for which the Pod asks by annotation.
    Native,
}
