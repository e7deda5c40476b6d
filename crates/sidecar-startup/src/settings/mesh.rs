//! How each mesh is to hold the application.

use serde::Deserialize;

/// How each mesh is to hold the application; a mesh that is left out is not judged.
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
    /// With a hook of a classic proxy, or with a native one.
    Hold,
    /// With a native proxy.
    Native,
}
