//! The command `sidecar-startup`: checks manifests with the rules of the policy. A library, so that tests reach what the arguments
//! lead to.

mod annotations;
mod baseline;
mod check;
mod config;
mod draw;
mod explain;
mod fix;
mod input;
mod instead;
mod judge;
mod kubectl;
pub mod memory;
#[cfg(feature = "module")]
mod module;
mod nodes;
mod object;
mod objects;
mod report;
mod rollout;
mod rules;
mod shells;
mod totals;
mod verdict;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

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
    /// Exits 0 if nothing is denied, 1 if something is, and 2 if something cannot be read; everything else is checked all the same.
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
    /// Says why a Pod is not starting: which gate is closed, since when, for how long at most, and who waits for it.
    ///
    /// Reads the status of `kubectl get pod -o yaml`, or asks kubectl. Exits 0 if the Pod runs as it should, 1 if something holds it or
    /// the application started too early, and 2 on errors.
    Why(Box<explain::Explain>),
    /// Explains what each rule checks, why, and how to fix violations.
    Rules {
        /// The id of a rule; lists all rules if omitted.
        id: Option<String>,
    },
    /// Prints a script that completes this command's arguments in a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Prints the manual page.
    Man,
}

/// Runs the command with the arguments of this process.
#[must_use]
pub fn run() -> ExitCode {
    let mut command = shells::named(Arguments::command());
    let arguments =
        Arguments::from_arg_matches(&command.get_matches_mut()).unwrap_or_else(|error| error.exit());
    let status = match arguments.command {
        Command::Check(check) => check.run(),
        Command::Fix(fix) => fix.run(),
        Command::Timeline(draw) => draw.run(),
        Command::Why(explain) => explain.run(),
        Command::Completions { shell } => shells::completions(&mut command, shell).map(|()| Status::Clean),
        Command::Man => shells::man(command).map(|()| Status::Clean),
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
