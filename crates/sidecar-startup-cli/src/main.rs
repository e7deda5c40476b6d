//! The command `sidecar-startup`: judges manifests with the rules of the policy, where they lie.

mod check;
mod judge;
#[cfg(feature = "module")]
mod module;
mod objects;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Judges Kubernetes manifests by when the containers of their Pods start.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Says what keeps applications from waiting for their sidecars, where, and how to mend it.
    ///
    /// Exits with 0 where nothing is denied, with 1 where something is, and with 2 where that cannot be told.
    Check {
        /// Manifests in YAML or JSON, with any number of documents; - reads standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The settings of the policy, in YAML or JSON.
        #[arg(long, value_name = "FILE")]
        settings: Option<PathBuf>,
        /// Judges with this compiled policy instead of the rules in this command.
        #[cfg(feature = "module")]
        #[arg(long, value_name = "FILE")]
        module: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let Command::Check {
        files,
        settings,
        #[cfg(feature = "module")]
        module,
    } = Arguments::parse().command;
    let is_denied = check::check(
        &files,
        settings.as_deref(),
        #[cfg(feature = "module")]
        module.as_deref(),
    );
    match is_denied {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
