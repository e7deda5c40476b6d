//! The command `policy-registry`: `push` and `pull` as in `kwctl`, for a registry without a login.
//!
//! Releases use kwctl. This stand-in exists so that the tests can take the module to a registry and back offline. It is a crate of
//! its own so that `policy-host` builds without a registry client.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::{Parser, Subcommand, ValueEnum};
use oci_client::Reference;
use oci_client::client::{Client, ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::manifest::{OciImageManifest, WASM_CONFIG_MEDIA_TYPE, WASM_LAYER_MEDIA_TYPE};
use oci_client::secrets::RegistryAuth;
use serde_json::{Value, json};
use wasmparser::Payload;

/// The custom section that holds a policy's metadata.
const METADATA: &str = "io.kubewarden.metadata";

/// Pushes Kubewarden policies to an OCI registry without a login, and pulls them back. For tests; use kwctl for anything else.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Pushes an annotated policy and prints its reference by digest.
    Push {
        /// A file with a list `insecure_sources`: registries without TLS, as host:port.
        #[arg(long, value_name = "FILE")]
        sources_path: Option<PathBuf>,
        /// The output format.
        #[arg(short, long, value_enum, default_value_t = Format::Text)]
        output: Format,
        /// The annotated module.
        policy: PathBuf,
        /// The destination: <registry://host/path:tag>.
        uri: String,
    },
    /// Pulls a policy.
    Pull {
        /// The same as for `push`.
        #[arg(long, value_name = "FILE")]
        sources_path: Option<PathBuf>,
        /// Where to write the module.
        #[arg(short, long, value_name = "FILE")]
        output_path: PathBuf,
        /// The policy: <registry://host/path:tag> or <registry://host/path@sha256:...>.
        uri: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    match Arguments::parse().command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Command {
    fn run(self) -> anyhow::Result<()> {
        rustls::crypto::ring::default_provider()
            .install_default()
            .map_err(|_| anyhow!("a TLS provider is already installed"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        match self {
            Self::Push { sources_path, output, policy, uri } => {
                let module =
                    fs::read(&policy).with_context(|| format!("cannot read {}", policy.display()))?;
                let annotations =
                    annotations(&module).with_context(|| format!("cannot push {}", policy.display()))?;
                let registry = Registry::new(&uri, sources_path.as_deref())?;
                let reference = runtime.block_on(registry.push(module, annotations))?;
                match output {
                    Format::Text => println!("Policy successfully pushed: {reference}"),
                    Format::Json => println!("{}", json!({"immutable_ref": reference})),
                }
            }
            Self::Pull { sources_path, output_path, uri } => {
                let module = runtime.block_on(Registry::new(&uri, sources_path.as_deref())?.pull())?;
                fs::write(&output_path, module)
                    .with_context(|| format!("cannot write {}", output_path.display()))?;
            }
        }
        Ok(())
    }
}

/// A policy's place in a registry.
struct Registry {
    reference: Reference,
    client: Client,
}

impl Registry {
    fn new(uri: &str, sources: Option<&Path>) -> anyhow::Result<Self> {
        let reference =
            uri.strip_prefix("registry://").with_context(|| format!("{uri}: expected registry://"))?;
        let reference: Reference = reference.parse().with_context(|| format!("{uri} is not a reference"))?;
        let insecure = sources.map(insecure_sources).transpose()?.unwrap_or_default();
        let protocol = ClientProtocol::HttpsExcept(insecure);
        let client = Client::try_from(ClientConfig { protocol, ..ClientConfig::default() })?;
        Ok(Self { reference, client })
    }

    /// Pushes a module and returns its reference by digest.
    async fn push(&self, module: Vec<u8>, annotations: BTreeMap<String, String>) -> anyhow::Result<String> {
        let layers = [ImageLayer::new(module, WASM_LAYER_MEDIA_TYPE.to_owned(), None)];
        let config = Config::new(&b"{}"[..], WASM_CONFIG_MEDIA_TYPE.to_owned(), None);
        let manifest = OciImageManifest::build(&layers, &config, Some(annotations));
        let response = self
            .client
            .push(&self.reference, &layers, config, &RegistryAuth::Anonymous, Some(manifest))
            .await
            .with_context(|| format!("cannot push to {}", self.reference))?;
        let (_, digest) = response
            .manifest_url
            .rsplit_once('/')
            .with_context(|| format!("the registry returned no digest: {}", response.manifest_url))?;
        Ok(format!("{}/{}@{digest}", self.reference.registry(), self.reference.repository()))
    }

    /// Pulls the module as `policy-server` does: the first layer of its media type.
    async fn pull(&self) -> anyhow::Result<Vec<u8>> {
        let image = self
            .client
            .pull(&self.reference, &RegistryAuth::Anonymous, vec![WASM_LAYER_MEDIA_TYPE])
            .await
            .with_context(|| format!("cannot pull {}", self.reference))?;
        let layer = image.layers.into_iter().next();
        Ok(layer.with_context(|| format!("{} has no layer", self.reference))?.data.to_vec())
    }
}

fn insecure_sources(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let sources = manifest::parse_one(&text).with_context(|| format!("cannot read {}", path.display()))?;
    let hosts = sources.get("insecure_sources").and_then(Value::as_array);
    let hosts: Option<_> =
        hosts.map(|hosts| hosts.iter().map(|host| host.as_str().map(str::to_owned)).collect());
    hosts
        .unwrap_or(Some(Vec::new()))
        .with_context(|| format!("{}: expected a list of host:port as insecure_sources", path.display()))
}

/// The manifest annotations for a module: its own, except for multi-line ones, and its source under the OCI name as well.
fn annotations(module: &[u8]) -> anyhow::Result<BTreeMap<String, String>> {
    let metadata = metadata(module)?.context("the module is not annotated")?;
    let metadata: Value = serde_json::from_slice(metadata).context("its metadata is not JSON")?;
    let all = metadata.get("annotations").and_then(Value::as_object);
    let lines = all.into_iter().flatten().filter_map(|(name, value)| {
        let value = value.as_str()?.trim();
        (!value.contains('\n')).then(|| (name.clone(), value.to_owned()))
    });
    let mut annotations: BTreeMap<_, _> = lines.collect();
    if let Some(source) = annotations.get("io.kubewarden.policy.source").cloned() {
        annotations.entry("org.opencontainers.image.source".to_owned()).or_insert(source);
    }
    Ok(annotations)
}

fn metadata(module: &[u8]) -> anyhow::Result<Option<&[u8]>> {
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        if let Payload::CustomSection(section) = payload?
            && section.name() == METADATA
        {
            return Ok(Some(section.data()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{CustomSection, Section as _};

    use super::*;

    /// The smallest valid module.
    const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

    #[test]
    fn rejects_modules_without_annotations() {
        assert_eq!(annotations(EMPTY).unwrap_err().to_string(), "the module is not annotated");
        assert!(annotations(b"# README").is_err());
    }

    #[test]
    fn drops_multi_line_annotations() {
        let json = json!({"annotations": {
            "usage": "a\nb", "title": "gate\n", "io.kubewarden.policy.source": "https://example.com",
        }});
        let section = CustomSection { name: METADATA.into(), data: json.to_string().into_bytes().into() };
        let mut module = EMPTY.to_vec();
        section.append_to(&mut module);
        let expected = [
            ("io.kubewarden.policy.source", "https://example.com"),
            ("org.opencontainers.image.source", "https://example.com"),
            ("title", "gate"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(annotations(&module).unwrap(), BTreeMap::from(expected));
    }

    #[test]
    fn reads_insecure_sources() {
        let path = std::env::temp_dir().join(format!("policy-registry-{}.yml", std::process::id()));
        let read = |text: &str| {
            fs::write(&path, text).unwrap();
            insecure_sources(&path)
        };
        assert_eq!(read("insecure_sources: ['127.0.0.1:5000']").unwrap(), ["127.0.0.1:5000"]);
        assert!(read("insecure_sources: [5000]").is_err());
        assert_eq!(read("source_authorities: {}").unwrap(), Vec::<String>::new());
        fs::remove_file(&path).unwrap();
    }
}
