//! The arguments that a sidecar lacks so that it can be given the `startupProbe` of its row in the catalogue.
//!
//! No repair adds them: an argument of a program is its author's to give. They are for someone who asks what to write instead.

use super::probe_source::Source;
use crate::command::is_shell;
use crate::pod::container::Container;
use crate::startup::context::Context;

/// The `args` of a container with those that switch on what its `startupProbe` asks. `None` where it can have one already, where nothing
/// is known to switch on, or where the program would not get them: after a shell, after `--`, or in place of arguments of the image.
pub(crate) fn switched_on(context: &Context<'_>, container: &Container<'_>) -> Option<Vec<String>> {
    let fields = container.fields;
    let row =
        container.row().filter(|row| !row.switch_on.is_empty() && row.has_image(&container.repository))?;
    let is_passed_on =
        fields.words().next().is_some() && !fields.words().any(|word| is_shell(word) || word == "--");
    if !is_passed_on || fields.startup_probe.is_some() || Source::choose(context, container).is_ok() {
        return None;
    }
    let is_replaced = |word: &str| {
        let flag = word.split_once('=').map(|(flag, _)| flag.trim_start_matches('-'));
        flag.is_some_and(|flag| row.switch_on.iter().any(|added| name(added) == flag))
    };
    let kept = fields
        .args
        .iter()
        .map(|word| &**word)
        .filter(|word| !is_replaced(word) && !row.switch_on.contains(word));
    Some(kept.chain(row.switch_on.iter().copied()).map(str::to_owned).collect())
}

/// The name of a flag, without its dashes and value.
fn name(flag: &str) -> &str {
    flag.split('=').next().unwrap_or_default().trim_start_matches('-')
}
