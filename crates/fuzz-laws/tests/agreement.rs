//! The library, the command and the explorer give the same answer to every case that creates an object.

use std::path::Path;

use acceptance::case::discover;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let cases = discover(&root)?.into_iter().filter(|case| !case.has_request());
    let trials = cases.map(|case| {
        Trial::test(case.name.clone(), move || {
            fuzz_laws::agree(&case).map_err(|error| Failed::from(format!("{error:#}")))
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit()
}
