//! What is checked beside the cases.

mod catalogue;
mod completeness;
mod deploy;
mod documentation;
mod large_inputs;
mod links;
mod messages;
mod module;
mod pages;
mod random_pods;
mod tables;
pub(crate) mod trial;

use std::path::Path;
use std::sync::Arc;

use libtest_mimic::Trial;
use policy_host::PolicyModule;

/// All of it; `root` is the folder of the workspace.
pub(crate) fn trials(root: &Path, module: &Arc<PolicyModule>) -> anyhow::Result<Vec<Trial>> {
    let mut trials = deploy::trials(root, module)?;
    trials.extend(completeness::trials(root));
    trials.extend(documentation::trials(root, module));
    trials.extend(pages::trials(root, module));
    trials.extend(tables::trials(root));
    trials.extend(module::trials(root, module));
    trials.push(catalogue::trial(root));
    trials.push(large_inputs::trial(module));
    trials.push(messages::trial(root));
    trials.push(links::trial(root));
    trials.push(random_pods::trial());
    Ok(trials)
}
