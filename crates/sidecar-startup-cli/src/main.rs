//! The command `sidecar-startup`: checks manifests with the rules of the policy.

mod annotations;
mod baseline;
mod check;
mod config;
mod draw;
mod fix;
mod input;
mod instead;
mod judge;
#[cfg(feature = "module")]
mod module;
mod nodes;
mod object;
mod objects;
mod report;
mod rollout;
mod rules;
mod totals;
mod verdict;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::check::Status;

/// Checks in which order the containers of Kubernetes manifests start.
#[derive(Parser)]
#[command(name = "sidecar-startup", version = concat!(env!("CARGO_PKG_VERSION"), " (sidecar-startup-policy)"))]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Reports what keeps applications from waiting for their sidecars, where, and how to fix it.
    ///
    /// Exits 0 if nothing is denied, 1 if something is, and 2 on errors: if something cannot be read, the rest is checked all the same.
    Check(Box<check::Check>),
    /// Repairs manifests and leaves everything else in them as it is: comments, quotes, anchors, indentation, line ends.
    ///
    /// Prints the repaired manifests, or shows or writes the changes. Exits 0 if nothing is denied any more, 1 if something is, and 2
    /// on errors.
    Fix(Box<fix::Fix>),
    /// Draws when each container starts, which gates hold it back, and for how long at most.
    ///
    /// Exits 0 whatever the rules say, and 2 on errors.
    Timeline(Box<draw::Draw>),
    /// Explains what each rule checks, why, and how to fix violations.
    Rules {
        /// The id of a rule; lists all rules if omitted.
        id: Option<String>,
    },
}

fn main() -> ExitCode {
    let status = match Arguments::parse().command {
        Command::Check(check) => check.run(),
        Command::Fix(fix) => fix.run(),
        Command::Timeline(draw) => draw.run(),
        Command::Rules { id } => rules::print(id.as_deref()).map(|()| Status::Clean),
    };
    match status {
        Ok(Status::Clean) => ExitCode::SUCCESS,
        Ok(Status::Denied) => ExitCode::from(1),
        Ok(Status::Failed) => ExitCode::from(2),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
