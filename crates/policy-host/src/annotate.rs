//! Writes metadata into a compiled module, as `kwctl annotate` does.

use std::borrow::Cow;

use anyhow::{Context as _, ensure};
use wasm_encoder::{CustomSection, Section as _};
use wasmparser::Validator;

use crate::metadata::{Metadata, SECTION, section};
use crate::module::PolicyModule;

/// The annotation that holds the usage text.
const USAGE: &str = "io.kubewarden.policy.usage";

/// Returns the module with `metadata` (YAML) and `usage` (Markdown) in its custom section.
///
/// # Errors
/// The module is invalid, is not a policy or is annotated already; or the metadata has a missing or unknown field.
pub fn annotate(module: &[u8], metadata: &str, usage: Option<String>) -> anyhow::Result<Vec<u8>> {
    Validator::new().validate_all(module).context("the module is not valid")?;
    ensure!(
        section(module)?.is_none(),
        "the module already has metadata: annotate the compiled module instead"
    );

    let mut metadata = Metadata::read(metadata)?;
    let version = PolicyModule::interpret(module)?.instantiate()?.call("protocol_version", b"")?;
    metadata.protocol_version =
        serde_json::from_slice(&version).context("protocol_version returned no valid answer")?;
    if let Some(usage) = usage {
        metadata.annotations.insert(USAGE.to_owned(), usage);
    }

    let mut annotated = module.to_vec();
    let data = Cow::Owned(serde_json::to_vec(&metadata)?);
    CustomSection { name: Cow::Borrowed(SECTION), data }.append_to(&mut annotated);
    Ok(annotated)
}
