//! The custom section that holds a policy's metadata. policy-server rejects a module without it.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wasmparser::{Parser, Payload};

/// The name of the custom section.
pub const SECTION: &str = "io.kubewarden.metadata";

/// The contents of `metadata.yml`, with the fields in kwctl's order. An unknown field is an error; Kubewarden would silently drop it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Metadata {
    #[serde(default, skip_deserializing)]
    pub(crate) protocol_version: String,
    pub(crate) rules: Vec<Rule>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) mutating: bool,
    #[serde(default = "background_audit_by_default")]
    background_audit: bool,
    #[serde(default)]
    execution_mode: ExecutionMode,
    #[serde(default)]
    policy_type: PolicyType,
    #[serde(default)]
    pub(crate) context_aware_resources: Vec<ContextAwareResource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host_capabilities: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minimum_kubewarden_version: Option<String>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rule {
    api_groups: Vec<String>,
    api_versions: Vec<String>,
    resources: Vec<String>,
    operations: Vec<Operation>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Operation {
    Create,
    Update,
    Delete,
    Connect,
    #[serde(rename = "*")]
    All,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
enum ExecutionMode {
    #[default]
    #[serde(rename = "kubewarden-wapc")]
    KubewardenWapc,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum PolicyType {
    #[default]
    Kubernetes,
    Raw,
}

/// A kind of Kubernetes object that a policy reads from the cluster.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContextAwareResource {
    pub(crate) api_version: String,
    pub(crate) kind: String,
}

fn background_audit_by_default() -> bool {
    true
}

impl Metadata {
    /// Reads metadata from YAML.
    pub(crate) fn read(text: &str) -> anyhow::Result<Self> {
        let metadata: Self = serde_json::from_value(manifest::parse_one(text)?)?;
        for rule in &metadata.rules {
            if rule.api_groups.is_empty()
                || rule.api_versions.is_empty()
                || rule.resources.is_empty()
                || rule.operations.is_empty()
            {
                bail!("rules: a rule must not have an empty list");
            }
        }
        Ok(metadata)
    }
}

/// The `contextAwareResources` in a module's metadata; empty for a module without metadata.
///
/// # Errors
/// Those of [`section`], or the metadata cannot be parsed.
pub fn context_aware_resources(module: &[u8]) -> anyhow::Result<Vec<ContextAwareResource>> {
    let Some(section) = section(module)? else { return Ok(Vec::new()) };
    let mut metadata: Value = serde_json::from_slice(section).context("the metadata is not JSON")?;
    let Some(resources) = metadata.get_mut("contextAwareResources") else { return Ok(Vec::new()) };
    serde_json::from_value(resources.take()).context("contextAwareResources")
}

/// The raw metadata of a module.
///
/// # Errors
/// The bytes are not a WebAssembly module.
pub fn section(module: &[u8]) -> anyhow::Result<Option<&[u8]>> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CustomSection(section) = payload?
            && section.name() == SECTION
        {
            return Ok(Some(section.data()));
        }
    }
    Ok(None)
}
