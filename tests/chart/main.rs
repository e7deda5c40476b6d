//! The Helm chart under `chart/`: its generated files are current, and `helm` makes of it what `kubectl apply -k deploy/...` applies.
//! `UPDATE_EXPECT=1` rewrites the generated files.

#![allow(clippy::indexing_slicing, reason = "what a JSON value does not have is null")]

mod files;
mod rendering;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

type Check = fn(&Path) -> anyhow::Result<()>;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let no_helm = !rendering::has_helm();
    let checks: [(&str, bool, Check); 7] = [
        ("generated_files_are_current", false, files::are_current),
        ("has_the_form_of_the_policy_catalog", false, files::has_the_form_of_the_policy_catalog),
        ("passes_helm_lint", true, rendering::passes_lint),
        ("renders_each_overlay", true, rendering::renders_each_overlay),
        ("installs_the_report_first", true, rendering::installs_the_report_first),
        ("takes_values", true, rendering::takes_values),
        ("refuses_what_contradicts", true, rendering::refuses_what_contradicts),
    ];
    let trials = checks.into_iter().map(|(name, needs_helm, check)| {
        let root = root.clone();
        let run = move || check(&root).map_err(|error| Failed::from(format!("{error:#}")));
        Trial::test(name, run).with_ignored_flag(needs_helm && no_helm)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
