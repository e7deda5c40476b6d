//! The command `sidecar-startup`: judges manifests with the rules of the policy, where they lie.

mod check;
mod judge;
#[cfg(feature = "module")]
mod module;
mod nodes;
mod objects;
mod rules;

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
    Check(check::Check),
    /// Says what each rule means, why, and how to mend what it finds.
    Rules {
        /// The id of a rule; without one, all are listed.
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
