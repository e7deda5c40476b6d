//! Whether a container of a sidecar's image runs the sidecar, or does something else with its image and ends.
//!
//! Only Pods that should complete, and init containers, raise the question: anything else that ends is restarted.

use super::row::Row;
use crate::command::{base_name, commands, is_shell, is_to_run_on};
use crate::model::container_fields::ContainerFields;
use crate::model::glob::matches;

/// Programs that run the one behind them.
const WRAPPERS: [&str; 9] =
    ["catatonit", "dumb-init", "env", "exec", "ionice", "kubexit", "nice", "nohup", "tini"];

/// Words by which programs check or tell something, and end: as flags anywhere, and alone as the first argument.
const ONE_SHOT: [&str; 15] = [
    "check",
    "check-config",
    "check-syntax",
    "config-check",
    "config.check",
    "configtest",
    "dry-run",
    "dryrun",
    "export",
    "help",
    "setup",
    "test",
    "validate",
    "validate-config",
    "version",
];

impl Row {
    /// Whether a container is seen to run this sidecar: by its image's own entry point or a command that names the program, and with
    /// arguments that do not have it check or tell something; or whatever it is, it never ends.
    pub(crate) fn is_run_by(&self, fields: &ContainerFields<'_>) -> bool {
        let words: Vec<&str> = fields.words().collect();
        if fields.command.is_empty() && !words.first().is_some_and(|first| is_shell(first)) {
            return self.goes_on_with(&words, |_| true);
        }
        is_to_run_on(&words)
            || commands(&words).iter().any(|command| {
                let words: Vec<&str> = command.iter().map(String::as_str).collect();
                self.is_run_as(&words)
            })
    }

    /// Whether a command runs this sidecar.
    fn is_run_as(&self, words: &[&str]) -> bool {
        let is_wrapper = |word: &&str| {
            let name = base_name(word);
            WRAPPERS.contains(&name) || name.ends_with("entrypoint.sh")
        };
        let Some((first, arguments)) = words.split_first() else { return false };
        if is_wrapper(first) {
            let behind = arguments.iter().position(|word| !word.starts_with('-') && !word.contains('='));
            // What is behind an image's entry point may be its program's arguments alone.
            let own =
                || base_name(first).ends_with("entrypoint.sh") && self.goes_on_with(arguments, |_| true);
            return behind
                .and_then(|behind| arguments.get(behind..))
                .is_some_and(|rest| self.is_run_as(rest))
                || own();
        }
        let program = base_name(first).replace('_', "-");
        let is_it = |glob: &str| matches(&glob.replace('_', "-"), &program);
        let mut names =
            self.images.iter().map(|image| base_name(image)).chain(self.container_names.iter().copied());
        let is_called = if self.runs.is_empty() {
            names.any(is_it)
        } else {
            self.runs.iter().any(|run| is_it(run.split(' ').next().unwrap_or_default()))
        };
        is_called && self.goes_on_with(arguments, is_it)
    }

    /// Whether the program, called by one of these names, keeps running with these arguments.
    fn goes_on_with(&self, arguments: &[&str], is_called: impl Fn(&str) -> bool) -> bool {
        let ends = |(at, word): (usize, &&str)| {
            let flag = word.trim_start_matches('-');
            let is_flag = flag.len() < word.len();
            (is_flag || at == 0) && ONE_SHOT.contains(&flag)
        };
        let mut runs = self.runs.iter().map(|run| run.split_once(' ').unwrap_or((run, "")));
        let is_told = |(program, subcommand): (&str, &str)| {
            is_called(program) && (subcommand.is_empty() || arguments.contains(&subcommand))
        };
        !arguments.iter().enumerate().any(ends)
            && (arguments.is_empty() || self.runs.is_empty() || runs.any(is_told))
    }
}
