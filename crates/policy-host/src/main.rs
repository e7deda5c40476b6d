//! The command `policy-host`: `run`, `annotate` and `scaffold artifacthub` as `kwctl` has them, without a cluster and without a network.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;
use std::{fs, io};

use anyhow::{Context as _, ensure};
use clap::{Parser, Subcommand};
use policy_host::{AdmissionRequest, AdmissionResponse, PolicyModule, artifacthub, host_calls, metadata};
use serde_json::Value;

/// Runs a compiled Kubewarden policy as Kubewarden does.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Judges an admission request, and prints what `kwctl run` prints; the options have the names that they have there.
    ///
    /// Exits with 0 whatever the verdict is, and with 1 where there is none, as for invalid settings.
    Run {
        /// An AdmissionRequest or AdmissionReview as JSON; - reads standard input.
        #[arg(short, long, value_name = "FILE")]
        request_path: PathBuf,
        /// The settings, as a file in YAML or JSON.
        #[arg(short, long, value_name = "FILE", conflicts_with = "settings_json")]
        settings_path: Option<PathBuf>,
        /// The settings, as JSON.
        #[arg(long, value_name = "JSON")]
        settings_json: Option<String>,
        /// Compiles the module anew.
        #[arg(long)]
        disable_wasmtime_cache: bool,
        /// Lets the policy ask for the Kubernetes objects that its metadata list as contextAwareResources.
        #[arg(long)]
        allow_context_aware: bool,
        /// A session of calls to the host, in YAML, that they are answered from.
        #[arg(long, value_name = "FILE")]
        replay_host_capabilities_interactions: Option<PathBuf>,
        /// A file, or the file: URL of one.
        policy: String,
    },
    /// Writes the metadata into a module, as `kwctl annotate` does.
    Annotate {
        /// The metadata, in YAML.
        #[arg(short, long, value_name = "FILE")]
        metadata_path: PathBuf,
        /// The text for those who use the policy, in Markdown.
        #[arg(short, long, value_name = "FILE")]
        usage_path: Option<PathBuf>,
        /// Where the annotated module goes.
        #[arg(short, long, value_name = "FILE")]
        output_path: PathBuf,
        /// The compiled module.
        module: PathBuf,
    },
    /// Prints a request as it would be sent again once the patch of a response is applied to its object.
    Patched {
        /// The AdmissionRequest or AdmissionReview, as JSON.
        #[arg(short, long, value_name = "FILE")]
        request_path: PathBuf,
        /// What `run` has printed for it; - reads standard input.
        #[arg(long, value_name = "FILE", default_value = "-")]
        response_path: PathBuf,
    },
    /// Writes files that go with a policy, as `kwctl scaffold` does.
    #[command(subcommand)]
    Scaffold(Scaffold),
}

#[derive(Subcommand)]
enum Scaffold {
    /// The package file for Artifact Hub.
    Artifacthub {
        /// The metadata, in YAML.
        #[arg(short, long, value_name = "FILE", default_value = "metadata.yml")]
        metadata_path: PathBuf,
        /// The form for the settings, in YAML.
        #[arg(short, long, value_name = "FILE")]
        questions_path: Option<PathBuf>,
        /// Where the package file goes; standard output when left out.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
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
    match command {
        Command::Run {
            request_path,
            settings_path,
            settings_json,
            disable_wasmtime_cache,
            allow_context_aware,
            replay_host_capabilities_interactions: session,
            policy,
        } => {
            let request = serde_json::from_str(&read(&request_path)?).context("the request is not JSON")?;
            let request = AdmissionRequest::from_value(request)?;
            let settings = match (settings_path, settings_json) {
                (Some(path), _) => {
                    let mut documents =
                        manifest::parse(&read(&path)?).context("the settings are not YAML")?;
                    documents.pop().map_or(Value::Null, |document| document.value)
                }
                (None, Some(json)) => serde_json::from_str(&json).context("the settings are not JSON")?,
                (None, None) => Value::Null,
            };
            let settings = if settings.is_null() { Value::Object(serde_json::Map::new()) } else { settings };
            let module = read_module(Path::new(policy.strip_prefix("file://").unwrap_or(&policy)))?;
            let compile =
                if disable_wasmtime_cache { PolicyModule::compile } else { PolicyModule::compile_cached };
            let policy = compile(&module)?;
            let verdict = policy.validate_settings(&settings)?;
            ensure!(
                verdict.valid,
                "Provided settings are not valid: {}",
                verdict.message.as_deref().unwrap_or("no reason given")
            );
            let calls = match session {
                Some(session) => {
                    host_calls::replay(&read(&session)?).context("the session cannot be read")?
                }
                None => host_calls::none(),
            };
            let granted =
                if allow_context_aware { metadata::context_aware_resources(&module)? } else { Vec::new() };
            let calls = host_calls::restricted_to(granted, calls);
            let response = policy.instantiate_with(calls)?.validate(request, &settings);
            println!("{}", serde_json::to_string(&response)?);
        }
        Command::Annotate { metadata_path, usage_path, output_path, module } => {
            let usage = usage_path.as_deref().map(read).transpose()?;
            let annotated = metadata::annotate(&read_module(&module)?, &read(&metadata_path)?, usage)
                .with_context(|| format!("cannot annotate {}", module.display()))?;
            write(&output_path, annotated)?;
        }
        Command::Patched { request_path, response_path } => {
            let mut request: Value =
                serde_json::from_str(&read(&request_path)?).context("the request is not JSON")?;
            let response: AdmissionResponse =
                serde_json::from_str(&read(&response_path)?).context("the response is none")?;
            let pointer = if request.get("request").is_some() { "/request/object" } else { "/object" };
            let object = request.pointer_mut(pointer).context("the request has no object")?;
            *object = response.patched(object)?;
            println!("{request}");
        }
        Command::Scaffold(Scaffold::Artifacthub { metadata_path, questions_path, output }) => {
            let questions = questions_path.as_deref().map(read).transpose()?;
            let package =
                artifacthub::package(&read(&metadata_path)?, questions.as_deref(), SystemTime::now())
                    .with_context(|| format!("cannot make a package of {}", metadata_path.display()))?;
            match output {
                Some(output) => write(&output, package)?,
                None => print!("{package}"),
            }
        }
    }
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

fn write(path: &Path, bytes: impl AsRef<[u8]>) -> anyhow::Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn read_module(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
