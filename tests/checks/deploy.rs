//! The manifests under `deploy/`: what Kubewarden and the policy would make of them.

mod beside;
mod manifests;
mod policy;
mod verdicts;

use std::path::Path;
use std::sync::Arc;

use beside::{
    alerts_are_sound, group_is_sound, namespaced_names_common_kinds, only_the_report_monitors,
    policy_server_survives_a_node,
};
use libtest_mimic::Trial;
use manifests::{
    documented_policy_is_sound, has_kubectl, is_sound, names_are_unique, renders_as_kubectl_does,
};
use policy::{Policy, overlays};
use policy_host::PolicyModule;
use verdicts::{annotates_only, denies_nothing, judges, repairs};

use super::trial::trial;

type Check = fn(&Path, &PolicyModule) -> anyhow::Result<()>;

/// One trial per overlay, and those about particular overlays.
pub(crate) fn trials(root: &Path, module: &Arc<PolicyModule>) -> anyhow::Result<Vec<Trial>> {
    let root = root.to_owned();
    let mut trials = Vec::new();
    for overlay in overlays(&root)? {
        let name = overlay.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let (root, module) = (root.clone(), Arc::clone(module));
        trials
            .push(trial(format!("deploy::{name}"), move || is_sound(&root, &Policy::of(&overlay)?, &module)));
    }
    let checks: [(&str, Check); 13] = [
        ("README", |root, _| documented_policy_is_sound(root)),
        ("names_are_unique", |root, _| names_are_unique(root)),
        ("policy_server_survives_a_node", |root, _| policy_server_survives_a_node(root)),
        ("group_is_sound", group_is_sound),
        ("only_the_report_monitors", |root, _| only_the_report_monitors(root)),
        ("namespaced_names_common_kinds", |root, _| namespaced_names_common_kinds(root)),
        ("alerts_are_sound", |root, _| alerts_are_sound(root)),
        ("report_denies_nothing", |root, _| denies_nothing(root, "report")),
        ("mutate-pods_denies_nothing", |root, _| denies_nothing(root, "mutate-pods")),
        ("mutate-pods-all_denies_nothing", |root, _| denies_nothing(root, "mutate-pods-all")),
        ("mesh-annotations_does_nothing_else", |root, _| annotates_only(root)),
        ("judges_with_the_module", judges),
        ("repairs_with_the_module", repairs),
    ];
    for (name, check) in checks {
        let (root, module) = (root.clone(), Arc::clone(module));
        trials.push(trial(format!("deploy::{name}"), move || check(&root, &module)));
    }
    let no_kubectl = !has_kubectl();
    let comparison = trial("deploy::renders_as_kubectl_does", move || renders_as_kubectl_does(&root));
    trials.push(comparison.with_ignored_flag(no_kubectl));
    Ok(trials)
}
