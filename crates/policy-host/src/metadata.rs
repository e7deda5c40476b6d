//! The custom section that makes a module a Kubewarden policy. policy-server refuses a module without it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wasm_encoder::{CustomSection, Section as _};
use wasmparser::{Parser, Payload, Validator};

use crate::module::PolicyModule;

/// The name of the section.
pub const SECTION: &str = "io.kubewarden.metadata";

/// Where the text that the policy is published with goes.
const USAGE: &str = "io.kubewarden.policy.usage";

/// What `metadata.yml` says, in the order in which the section has it. What is unknown is an error: Kubewarden would drop it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Metadata {
    #[serde(default, skip_deserializing)]
    protocol_version: String,
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

/// A kind of Kubernetes objects that a policy asks its host for.
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
    /// Reads the metadata from YAML.
    pub(crate) fn read(text: &str) -> anyhow::Result<Self> {
        let metadata: Self = serde_json::from_value(manifest::parse_one(text)?)?;
        for rule in &metadata.rules {
            if rule.api_groups.is_empty()
                || rule.api_versions.is_empty()
                || rule.resources.is_empty()
                || rule.operations.is_empty()
            {
                bail!("rules: no list of a rule may be empty");
            }
        }
        Ok(metadata)
    }
}

/// The module with what `metadata` (YAML) says as its custom section, and with `usage` (Markdown) in it.
///
/// # Errors
/// The module is invalid, no policy, or has such a section already; the metadata have an unknown or a missing field.
pub fn annotate(module: &[u8], metadata: &str, usage: Option<String>) -> anyhow::Result<Vec<u8>> {
    Validator::new().validate_all(module).context("the module is not valid")?;
    ensure!(
        section(module)?.is_none(),
        "the module has metadata already: annotate the one that was compiled"
    );

    let mut metadata = Metadata::read(metadata)?;
    let version = PolicyModule::compile(module)?.instantiate()?.call("protocol_version", b"")?;
    metadata.protocol_version =
        serde_json::from_slice(&version).context("protocol_version gave no answer")?;
    if let Some(usage) = usage {
        metadata.annotations.insert(USAGE.to_owned(), usage);
    }

    let mut annotated = module.to_vec();
    let data = Cow::Owned(serde_json::to_vec(&metadata)?);
    CustomSection { name: Cow::Borrowed(SECTION), data }.append_to(&mut annotated);
    Ok(annotated)
}

/// The Kubernetes objects that an annotated module asks for, by its metadata; none without metadata.
///
/// # Errors
/// As [`section`], or the metadata cannot be read.
pub fn context_aware_resources(module: &[u8]) -> anyhow::Result<Vec<ContextAwareResource>> {
    let Some(section) = section(module)? else { return Ok(Vec::new()) };
    let mut metadata: Value = serde_json::from_slice(section).context("the metadata are not JSON")?;
    let Some(resources) = metadata.get_mut("contextAwareResources") else { return Ok(Vec::new()) };
    serde_json::from_value(resources.take()).context("contextAwareResources")
}

/// The metadata of a module, as they stand in it.
///
/// # Errors
/// The bytes are no WebAssembly module.
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
