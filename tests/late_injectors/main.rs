//! The companion under `deploy/late-injectors/`: it is what the catalogue makes it, and an engine for CEL comes to the same as the policy
//! itself. `UPDATE_EXPECT=1` rewrites it.

#![allow(clippy::indexing_slicing, reason = "what a JSON value does not have is null")]

mod agreement;
mod alone;
mod conditions;
mod engine;
mod examples;
mod form;
mod patterns;
mod policy;
mod rows;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

type Check = fn(&Path) -> anyhow::Result<()>;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let checks: [(&str, Check); 10] = [
        ("generated_policy_is_current", form::is_current),
        ("has_the_form_that_an_api_server_takes", form::is_as_an_api_server_takes_it),
        ("each_row_is_in_it_or_said_to_be_left_out", form::has_each_row),
        ("examples_come_out_as_they_say", examples::come_out_as_they_say),
        ("sidecars_that_are_injected_late_get_theirs", examples::come_out_the_same_late),
        ("sample_comes_out_as_the_readme_shows", examples::sample_comes_out_as_shown),
        ("a_probe_that_is_added_is_that_of_its_row", examples::get_the_probes_of_the_rows),
        ("a_mesh_keeps_all_probes_out_but_exec", examples::are_left_alone_in_a_mesh),
        ("adds_nothing_that_the_policy_would_not", agreement::adds_nothing_else),
        ("documented_expression_does_what_the_page_says", alone::does_what_the_page_says),
    ];
    let trials = checks.into_iter().map(|(name, check)| {
        let root = root.clone();
        Trial::test(name, move || check(&root).map_err(|error| Failed::from(format!("{error:#}"))))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
