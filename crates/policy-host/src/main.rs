//! The command `policy-host`: `run` and `annotate` as in `kwctl`, without a cluster or a network.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use anyhow::{Context as _, ensure};
use clap::{Args, Parser, Subcommand};
use policy_host::annotate::annotate;
use policy_host::{AdmissionRequest, AdmissionResponse, HostCalls, PolicyModule, host_calls, metadata};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Runs a compiled Kubewarden policy as Kubewarden does.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Evaluates an admission request and prints the response, as `kwctl run` does; the options have the same names.
    ///
    /// Exits 0 whatever the verdict, and 1 on errors such as invalid settings.
    Run(Run),
    /// Writes metadata into a module, as `kwctl annotate` does.
    Annotate {
        /// The metadata, in YAML.
        #[arg(short, long, value_name = "FILE")]
        metadata_path: PathBuf,
        /// The usage text, in Markdown.
        #[arg(short, long, value_name = "FILE")]
        usage_path: Option<PathBuf>,
        /// Where to write the annotated module.
        #[arg(short, long, value_name = "FILE")]
        output_path: PathBuf,
        /// The compiled module.
        module: PathBuf,
    },
    /// Prints a request with the patch of a response applied to its object.
    Patched {
        /// The AdmissionRequest or AdmissionReview, as JSON.
        #[arg(short, long, value_name = "FILE")]
        request_path: PathBuf,
        /// The output of `run` for that request; - reads standard input.
        #[arg(long, value_name = "FILE", default_value = "-")]
        response_path: PathBuf,
    },
}

#[derive(Args)]
struct Run {
    /// An AdmissionRequest or AdmissionReview as JSON; - reads standard input.
    #[arg(short, long, value_name = "FILE")]
    request_path: PathBuf,
    /// The settings, as a YAML or JSON file.
    #[arg(short, long, value_name = "FILE", conflicts_with = "settings_json")]
    settings_path: Option<PathBuf>,
    /// The settings, as JSON.
    #[arg(long, value_name = "JSON")]
    settings_json: Option<String>,
    /// Allows the policy to read the Kubernetes objects listed as contextAwareResources in its metadata.
    #[arg(long)]
    allow_context_aware: bool,
    /// A recorded session, in YAML, to answer the policy's host calls from.
    #[arg(long, value_name = "FILE")]
    replay_host_capabilities_interactions: Option<PathBuf>,
    /// The policy: a path or a file: URL; or a YAML file with a policy's manifest, whose module, settings and mode are used.
    policy: String,
}

/// A policy's manifest.
#[derive(Deserialize)]
struct Manifest {
    spec: ManifestSpec,
}

/// What a manifest says of how its policy is run.
#[derive(Deserialize)]
struct ManifestSpec {
    module: String,
    #[serde(default)]
    settings: Map<String, Value>,
    #[serde(default)]
    mode: Mode,
}

#[derive(Deserialize, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Protect,
    Monitor,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Run(command) => command.run(),
        Command::Annotate { metadata_path, usage_path, output_path, module } => {
            write_annotated(&metadata_path, usage_path.as_deref(), &output_path, &module)
        }
        Command::Patched { request_path, response_path } => print_patched(&request_path, &response_path),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Run {
    fn run(&self) -> anyhow::Result<()> {
        let request = serde_json::from_str(&read(&self.request_path)?).context("the request is not JSON")?;
        let request = AdmissionRequest::from_value(request)?;
        let manifest = self.manifest()?;
        let settings = match &manifest {
            Some(manifest) => Value::Object(manifest.settings.clone()),
            None => self.settings()?,
        };
        let policy = manifest.as_ref().map_or(&self.policy, |manifest| &manifest.module);
        let path = policy.strip_prefix("file://").unwrap_or(policy);
        let module = read_module(Path::new(path))?;
        let policy = PolicyModule::interpret(&module)?;
        let verdict = policy.validate_settings(&settings)?;
        let reason = verdict.message.as_deref().unwrap_or("no reason given");
        ensure!(verdict.valid, "Provided settings are not valid: {reason}");
        let mut response = policy.instantiate_with(self.host_calls(&module)?)?.validate(request, &settings);
        if manifest.is_some_and(|manifest| manifest.mode == Mode::Monitor) {
            response =
                AdmissionResponse { allowed: true, status: None, patch: None, patch_type: None, ..response };
        }
        println!("{}", serde_json::to_string(&response)?);
        Ok(())
    }

    fn manifest(&self) -> anyhow::Result<Option<ManifestSpec>> {
        let path = Path::new(&self.policy);
        if !path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            return Ok(None);
        }
        let manifest = manifest::parse_one(&read(path)?)?;
        let manifest: Manifest =
            serde_json::from_value(manifest).context("the manifest is none of a policy")?;
        Ok(Some(manifest.spec))
    }

    fn settings(&self) -> anyhow::Result<Value> {
        let settings = match (&self.settings_path, &self.settings_json) {
            (Some(path), _) => {
                let mut documents = manifest::parse(&read(path)?).context("the settings are not YAML")?;
                documents.pop().map_or(Value::Null, |document| document.value)
            }
            (None, Some(json)) => serde_json::from_str(json).context("the settings are not JSON")?,
            (None, None) => Value::Null,
        };
        Ok(if settings.is_null() { json!({}) } else { settings })
    }

    fn host_calls(&self, module: &[u8]) -> anyhow::Result<HostCalls> {
        let calls = match &self.replay_host_capabilities_interactions {
            Some(session) => host_calls::replay(&read(session)?).context("cannot read the session")?,
            None => host_calls::none(),
        };
        let granted =
            if self.allow_context_aware { metadata::context_aware_resources(module)? } else { Vec::new() };
        Ok(host_calls::restricted_to(granted, calls))
    }
}

fn write_annotated(
    metadata: &Path,
    usage: Option<&Path>,
    output: &Path,
    module: &Path,
) -> anyhow::Result<()> {
    let usage = usage.map(read).transpose()?;
    let annotated = annotate(&read_module(module)?, &read(metadata)?, usage)
        .with_context(|| format!("cannot annotate {}", module.display()))?;
    fs::write(output, annotated).with_context(|| format!("cannot write {}", output.display()))
}

fn print_patched(request: &Path, response: &Path) -> anyhow::Result<()> {
    let mut request: Value = serde_json::from_str(&read(request)?).context("the request is not JSON")?;
    let response: AdmissionResponse =
        serde_json::from_str(&read(response)?).context("the response is not an AdmissionResponse")?;
    let pointer = if request.get("request").is_some() { "/request/object" } else { "/object" };
    let object = request.pointer_mut(pointer).context("the request has no object")?;
    *object = response.patched(object)?;
    println!("{request}");
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if path == Path::new("-") {
        io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    } else {
        text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    }
    Ok(text)
}

fn read_module(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
