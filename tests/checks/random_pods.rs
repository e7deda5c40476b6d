//! The laws of all cases hold of random Pods.

use std::cell::Cell;

use acceptance::generators::pods;
use acceptance::laws;
use acceptance::outcome::Outcome;
use anyhow::ensure;
use libtest_mimic::Trial;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

pub(crate) fn trial() -> Trial {
    super::trial::trial("property::laws_hold_of_any_pod", laws_hold_of_any_pod)
}

/// The laws hold of Pods that nobody has thought of, however they are repaired.
fn laws_hold_of_any_pod() -> anyhow::Result<()> {
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let repaired = Cell::new(0);
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)).run(
        &pods::case(),
        |case| {
            repaired.set(
                repaired.get() + usize::from(Outcome::of_library(&case.with_fix("All")).object.is_some()),
            );
            laws::hold_however_repaired(&case).map_err(|error| TestCaseError::fail(format!("{error:#}")))
        },
    )?;
    ensure!(40 < repaired.get(), "only {} of the Pods were repaired", repaired.get());
    Ok(())
}
