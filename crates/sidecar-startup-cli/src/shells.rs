//! What shells and manuals get: the name of the command, completions, and the manual page.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Command;
use clap_complete::Shell;

/// The name of the file that kubectl runs for `kubectl sidecar-startup`: it replaces dashes in the names of plugins by underscores.
const PLUGIN: &str = "kubectl-sidecar_startup";

/// The command under the name by which it was called, for its help.
pub(crate) fn named(command: Command) -> Command {
    let called = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let is_plugin = called.file_stem().is_some_and(|stem| stem == PLUGIN);
    if is_plugin { command.bin_name("kubectl sidecar-startup") } else { command }
}

/// Prints a script that completes arguments.
pub(crate) fn completions(command: &mut Command, shell: Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "sidecar-startup", &mut script);
    Ok(io::stdout().write_all(&script)?)
}

/// Prints the manual page: of the command, then of each of its subcommands.
pub(crate) fn man(mut command: Command) -> anyhow::Result<()> {
    command = command.bin_name("sidecar-startup");
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        let man = clap_mangen::Man::new(subcommand.clone());
        writeln!(page, ".SH \"{}\"", subcommand.get_name().to_uppercase())?;
        man.render_description_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_options_section(&mut page)?;
    }
    Ok(io::stdout().write_all(&page)?)
}
