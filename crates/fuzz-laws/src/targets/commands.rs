//! Scripts of harmless commands, held against what real shells do with them.

mod sandbox;
mod scripts;

use anyhow::ensure;
use sidecar_startup::command::{Ends, commands, never_ends, outcome, program_of};

use crate::draw::Draw;
use sandbox::{Run, sandbox};

/// What is said to become of a command becomes of it.
pub(crate) fn hold(bytes: &[u8]) -> anyhow::Result<()> {
    let words = scripts::words(&mut Draw::new(bytes));
    let said = outcome(&words);
    let Some(run) = sandbox()?.run(&words, said.ends != Ends::Unknown)? else { return Ok(()) };
    let told = || format!("{words:?} is said to be {said:?}, and did {run:?}");
    match said.ends {
        Ends::Success => ensure!(run.code == Some(0), "{}", told()),
        Ends::Failure => ensure!(run.code.is_some_and(|code| code != 0), "{}", told()),
        Ends::Unknown => {}
    }
    ensure!(said.works || run.programs("work").next().is_none(), "it works: {}", told());
    // What is no script at all fails at once.
    let is_error = said.ends == Ends::Unknown && run.is_refused();
    ensure!(
        is_error || said.sleeps <= run.slept_first(),
        "it sleeps for {} s: {}",
        run.slept_first(),
        told()
    );
    ensure!(is_error || !never_ends(&words) || run.code.is_none(), "it is said never to end: {}", told());
    names_what_it_runs(&words, &run)
}

/// Whatever a script runs is among its commands, where nothing hides the names.
fn names_what_it_runs(words: &[String], run: &Run) -> anyhow::Result<()> {
    if words.iter().any(|word| word.contains(['$', '\'', '"', '\\'])) {
        return Ok(());
    }
    let commands = commands(words);
    // What no script is found in is one command.
    if commands.len() == 1 {
        return Ok(());
    }
    let is_named =
        |program: &str| commands.iter().any(|command| command.iter().any(|word| word.ends_with(program)));
    let first = commands.first().map(|command| program_of(command)).unwrap_or_default();
    ensure!(!first.is_empty(), "{words:?} runs nothing");
    for line in run.programs("work") {
        let program = line.split(' ').next().unwrap_or_default();
        ensure!(is_named(program), "{words:?} runs {program}, but not by {commands:?}");
    }
    Ok(())
}
