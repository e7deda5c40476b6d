//! Which nodes know sidecar containers.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Which nodes know sidecar containers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "RawNodes")]
pub struct Nodes {
    /// The labels that Pods with sidecar containers have to require of their node; none where every node knows them.
    pub label: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct RawNodes {
    sidecar_support: SidecarSupport,
    label: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
enum SidecarSupport {
    /// Every node does.
    #[default]
    Assumed,
    /// Those with a label do.
    Labelled,
}

impl TryFrom<RawNodes> for Nodes {
    type Error = &'static str;

    fn try_from(nodes: RawNodes) -> Result<Self, Self::Error> {
        match nodes.sidecar_support {
            SidecarSupport::Assumed if !nodes.label.is_empty() => {
                Err("a label needs sidecarSupport: Labelled")
            }
            SidecarSupport::Assumed => Ok(Self::default()),
            SidecarSupport::Labelled if nodes.label.is_empty() => {
                Err("sidecarSupport: Labelled needs a label")
            }
            SidecarSupport::Labelled => Ok(Self { label: nodes.label }),
        }
    }
}
