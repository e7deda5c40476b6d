//! The command `policy-registry`: `push` and `pull` as `kwctl` has them, for a policy in an OCI registry.
//!
//! It is a crate of its own, since whoever only runs a policy should not have to build a client for registries.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::{Parser, Subcommand, ValueEnum};
use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::Reference;
use oci_client::client::{Client, ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::manifest::{OciImageManifest, WASM_CONFIG_MEDIA_TYPE, WASM_LAYER_MEDIA_TYPE};
use oci_client::secrets::RegistryAuth;
use serde_json::{Value, json};
use wasmparser::Payload;

/// The section in which a module keeps its metadata.
const METADATA: &str = "io.kubewarden.metadata";

/// Takes Kubewarden policies to an OCI registry, and from there.
///
/// Credentials are those of `docker login`; the variable `DOCKER_CONFIG` names another folder for them.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Pushes an annotated policy, and prints the reference that will always mean it.
    Push {
        /// A file with a list `insecure_sources`: the registries, as host:port, that are spoken to without TLS.
        #[arg(long, value_name = "FILE")]
        sources_path: Option<PathBuf>,
        /// How the reference is printed.
        #[arg(short, long, value_enum, default_value_t = Format::Text)]
        output: Format,
        /// The annotated module.
        policy: PathBuf,
        /// Where it goes: <registry://host/path:tag>.
        uri: String,
    },
    /// Pulls a policy.
    Pull {
        /// As for `push`.
        #[arg(long, value_name = "FILE")]
        sources_path: Option<PathBuf>,
        /// Where the module goes.
        #[arg(short, long, value_name = "FILE")]
        output_path: PathBuf,
        /// Where it is: <registry://host/path:tag> or, with a digest, <registry://host/path@sha256:...>.
        uri: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    match carry_out(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(command: Command) -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow!("there is a TLS implementation already"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match command {
        Command::Push { sources_path, output, policy, uri } => {
            let module = fs::read(&policy).with_context(|| format!("cannot read {}", policy.display()))?;
            let annotations =
                annotations(&module).with_context(|| format!("cannot push {}", policy.display()))?;
            let registry = Registry::of(&uri, sources_path.as_deref())?;
            let reference = runtime.block_on(registry.push(module, annotations))?;
            match output {
                Format::Text => println!("Policy successfully pushed: {reference}"),
                Format::Json => println!("{}", json!({"immutable_ref": reference})),
            }
        }
        Command::Pull { sources_path, output_path, uri } => {
            let module = runtime.block_on(Registry::of(&uri, sources_path.as_deref())?.pull())?;
            fs::write(&output_path, module)
                .with_context(|| format!("cannot write {}", output_path.display()))?;
        }
    }
    Ok(())
}

/// A place in a registry.
struct Registry {
    reference: Reference,
    client: Client,
    auth: RegistryAuth,
}

impl Registry {
    fn of(uri: &str, sources: Option<&Path>) -> anyhow::Result<Self> {
        let reference =
            uri.strip_prefix("registry://").with_context(|| format!("{uri}: expected registry://"))?;
        let reference: Reference = reference.parse().with_context(|| format!("{uri} is no reference"))?;
        let insecure = sources.map(insecure_sources).transpose()?.unwrap_or_default();
        let protocol = ClientProtocol::HttpsExcept(insecure);
        let client = Client::try_from(ClientConfig { protocol, ..ClientConfig::default() })?;
        let auth = credentials(reference.resolve_registry())?;
        Ok(Self { reference, client, auth })
    }

    /// Pushes a module, and returns the reference by digest.
    async fn push(&self, module: Vec<u8>, annotations: BTreeMap<String, String>) -> anyhow::Result<String> {
        let layers = [ImageLayer::new(module, WASM_LAYER_MEDIA_TYPE.to_owned(), None)];
        let config = Config::new(&b"{}"[..], WASM_CONFIG_MEDIA_TYPE.to_owned(), None);
        let manifest = OciImageManifest::build(&layers, &config, Some(annotations));
        let response = self
            .client
            .push(&self.reference, &layers, config, &self.auth, Some(manifest))
            .await
            .with_context(|| format!("cannot push to {}", self.reference))?;
        let (_, digest) = response
            .manifest_url
            .rsplit_once('/')
            .with_context(|| format!("the registry gave no digest: {}", response.manifest_url))?;
        Ok(format!("{}/{}@{digest}", self.reference.registry(), self.reference.repository()))
    }

    /// The module, as `policy-server` would take it: the first layer, of the one media type that it knows.
    async fn pull(&self) -> anyhow::Result<Vec<u8>> {
        let image = self
            .client
            .pull(&self.reference, &self.auth, vec![WASM_LAYER_MEDIA_TYPE])
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

/// What `docker login` has stored for a registry; nothing stored is no error, since many registries let everyone pull.
fn credentials(registry: &str) -> anyhow::Result<RegistryAuth> {
    match docker_credential::get_credential(registry) {
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(RegistryAuth::Basic(user, password)),
        Ok(DockerCredential::IdentityToken(_)) => {
            Err(anyhow!("the credentials for {registry} are an identity token, which is not supported"))
        }
        Err(
            CredentialRetrievalError::ConfigNotFound
            | CredentialRetrievalError::ConfigReadError
            | CredentialRetrievalError::NoCredentialConfigured,
        ) => Ok(RegistryAuth::Anonymous),
        Err(error) => Err(error).with_context(|| format!("cannot read the credentials for {registry}")),
    }
}

/// What the manifest says of a module: its annotations, without those of several lines, which annotations of a manifest
/// may not be, and the source once more under the name that other tools look for.
fn annotations(module: &[u8]) -> anyhow::Result<BTreeMap<String, String>> {
    let metadata = metadata(module)?.context("it is not annotated")?;
    let metadata: Value = serde_json::from_slice(metadata).context("its metadata are not JSON")?;
    let said = metadata.get("annotations").and_then(Value::as_object);
    let lines = said.into_iter().flatten().filter_map(|(name, value)| {
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

    /// A module with nothing in it.
    const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

    #[test]
    fn only_annotated_modules_are_pushed() {
        assert_eq!(annotations(EMPTY).unwrap_err().to_string(), "it is not annotated");
        assert!(annotations(b"# README").is_err());
    }

    #[test]
    fn annotations_of_several_lines_stay_in_the_module() {
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
    fn reads_the_insecure_registries_from_a_file() {
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
