//! The nodes of a cluster, read from a file.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sidecar_startup::model::cluster::{Cluster, Node, NodesUnavailable};

use crate::objects;

/// Nodes as printed by `kubectl get nodes -o yaml`.
#[derive(Clone)]
pub(crate) struct NodesFile {
    /// `v1` Nodes.
    pub(crate) nodes: Vec<Value>,
}

impl NodesFile {
    /// Reads Nodes from a file, as lists or single objects.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let file = path.display();
        let documents = manifest::parse(&objects::read(path)?).with_context(|| format!("{file}"))?;
        let mut nodes = Vec::new();
        for document in &documents {
            for object in objects::of(document).with_context(|| format!("{file}"))? {
                ensure!(object.kind() == "Node", "{file}: expected a Node, but found a {}", object.kind());
                nodes.push(object.value.into_owned());
            }
        }
        Ok(Self { nodes })
    }
}

impl Cluster for NodesFile {
    fn nodes(&self, _: &str) -> Result<Vec<Node>, NodesUnavailable> {
        Ok(self.nodes.iter().map(Node::from_value).collect())
    }
}
