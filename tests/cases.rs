//! Runs every case through the library and through the compiled module. `UPDATE_EXPECT=1` rewrites what is expected.

#![allow(clippy::indexing_slicing, reason = "what a JSON value does not have is null")]

mod checks;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::{env, fs};

use acceptance::case::{Case, discover};
use acceptance::outcome::Outcome;
use acceptance::{expected, laws};
use anyhow::Context as _;
use checks::trial::trial;
use libtest_mimic::{Arguments, Trial};
use policy_host::PolicyModule;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let module = Arc::new(load_module(&root)?);
    let cases = discover(&root.join("tests/cases"))?;
    let mut trials: Vec<_> = cases.into_iter().flat_map(|case| both_ways(case, &module)).collect();
    trials.extend(checks::trials(&root, &module)?);
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// The module that was built last; `POLICY_MODULE` names another.
fn load_module(root: &Path) -> anyhow::Result<PolicyModule> {
    let path = env::var_os("POLICY_MODULE").map_or_else(|| root.join("annotated-policy.wasm"), PathBuf::from);
    let bytes =
        fs::read(&path).with_context(|| format!("cannot read {}: run `make test`", path.display()))?;
    PolicyModule::compile_cached(&bytes)
}

fn both_ways(case: Case, module: &Arc<PolicyModule>) -> [Trial; 2] {
    let module = Arc::clone(module);
    let names = [format!("library::{}", case.name), format!("module::{}", case.name)];
    let [library, through_module] = names;
    let same = case.clone();
    [
        trial(library, move || {
            let outcome = Outcome::of_library(&case);
            expected::compare(&case, &outcome)?;
            laws::hold(&case, &outcome)?;
            laws::hold_however_repaired(&case)
        }),
        trial(through_module, move || expected::compare_module(&same, &Outcome::of_module(&same, &module)?)),
    ]
}
