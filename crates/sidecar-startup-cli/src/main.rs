//! The command `sidecar-startup`: checks manifests with the rules of the policy.

mod check;
mod judge;
#[cfg(feature = "module")]
mod module;
mod nodes;
mod objects;
mod rules;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Checks in which order the containers of Kubernetes manifests start.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Reports what keeps applications from waiting for their sidecars, where, and how to fix it.
    ///
    /// Exits 0 if nothing is denied, 1 if something is, and 2 on errors.
    Check(check::Check),
    /// Explains what each rule checks, why, and how to fix violations.
    Rules {
        /// The id of a rule; lists all rules if omitted.
        id: Option<String>,
    },
}

fn main() -> ExitCode {
    let is_denied = match Arguments::parse().command {
        Command::Check(check) => check.run(),
        Command::Rules { id } => rules::print(id.as_deref()).map(|()| false),
    };
    match is_denied {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
