//! The command `sidecar-startup`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sidecar_startup_cli::run()
}
