//! Checks many Pods, prints what came out, and names each sort of fault with small examples.

use std::collections::BTreeMap;
use std::env;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use crate::generator::choice::chosen;
use crate::generator::{Case, case};
use crate::properties::{Fault, Property, Report, check};
use crate::shrink::shrink;

/// How many examples of each sort are kept, and how many different ones of them are shown when they have been made smaller.
const EXAMPLES: (usize, usize) = (6, 2);

type Sort = (Property, String);

/// A Pod with the seed of its worlds, and what went wrong.
type Example = (Case, u64, Fault);

#[derive(Default)]
struct Survey {
    pods: usize,
    repaired: usize,
    refused: usize,
    refusals: BTreeMap<String, usize>,
    worlds: usize,
    working: usize,
    started_again: usize,
    deadlocks: usize,
    reported: usize,
    faults: BTreeMap<Sort, (usize, Vec<Example>)>,
}

/// No fault in any of `STARTUP_PODS` Pods.
pub(crate) fn properties_hold() -> anyhow::Result<()> {
    let number = |key: &str, default: u64| -> anyhow::Result<u64> {
        env::var(key)
            .map_or(Ok(default), |value| value.parse().with_context(|| format!("{key} is no number")))
    };
    let (pods, seed) = (number("STARTUP_PODS", 300)?, number("STARTUP_SEED", 0)?);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let (strategy, begun) = (case(), Instant::now());
    let mut survey = Survey::default();
    for pod in 0..pods {
        let case =
            strategy.new_tree(&mut runner).map_err(|reason| anyhow::anyhow!("no Pod: {reason}"))?.current();
        let draw = seed.wrapping_mul(pods).wrapping_add(pod);
        let report = check(&case, draw);
        survey.add(&case, draw, report);
    }
    println!("{}in {:.1} s", survey.to_text(), begun.elapsed().as_secs_f64());
    ensure!(pods / 10 < survey.repaired as u64, "only {} of {pods} Pods are repaired", survey.repaired);
    ensure!(
        survey.worlds / 5 < survey.working,
        "only {} of {} worlds come up",
        survey.working,
        survey.worlds
    );
    ensure!(survey.faults.is_empty(), "{}", survey.faults_to_text());
    Ok(())
}

/// No fault in a Pod whose parts somebody else chooses, each by its place among so many. Zero is nothing more, or the plainest.
///
/// # Errors
/// What does not hold, with the Pod.
pub fn hold_of_chosen(choose: &mut dyn FnMut(usize) -> usize) -> anyhow::Result<()> {
    let case = chosen(choose);
    let report = check(&case, choose(1 << 16) as u64);
    // Where none of it is proven, as by the own hooks of several applications, a deadlock need not be seen.
    let counts = |fault: &&Fault| fault.property != Property::DeadlocksAreReported;
    let faults = report.faults.iter().filter(counts);
    let faults: Vec<_> = faults.map(|fault| format!("{:?}: {}", fault.property, fault.detail)).collect();
    ensure!(faults.is_empty(), "{}\n{}\n{}", case.pod, case.settings, faults.join("\n"));
    Ok(())
}

impl Survey {
    fn add(&mut self, case: &Case, seed: u64, report: Report) {
        self.pods += 1;
        self.repaired += usize::from(report.is_repaired);
        self.refused += usize::from(!report.refusals.is_empty());
        report.refusals.into_iter().for_each(|reason| *self.refusals.entry(reason).or_default() += 1);
        self.worlds += report.worlds;
        self.working += report.working;
        self.started_again += report.started_again;
        self.deadlocks += usize::from(report.is_deadlock);
        self.reported += usize::from(report.is_deadlock && report.is_reported);
        let mut sorts = Vec::new();
        for fault in report.faults {
            let sort = (fault.property, fault.kind.clone());
            if sorts.contains(&sort) {
                continue;
            }
            sorts.push(sort.clone());
            let (count, examples) = self.faults.entry(sort).or_default();
            *count += 1;
            if examples.len() < EXAMPLES.0 {
                examples.push((case.clone(), seed, fault));
            }
        }
    }

    fn to_text(&self) -> String {
        let mut text = format!(
            "{} Pods, {} repaired, {} refused; {} worlds, {} come up as sent, {} started again as repaired; \
             {} deadlocks, {} reported\n",
            self.pods,
            self.repaired,
            self.refused,
            self.worlds,
            self.working,
            self.started_again,
            self.deadlocks,
            self.reported
        );
        let mut refusals: Vec<_> = self.refusals.iter().collect();
        refusals.sort_by_key(|(_, count)| usize::MAX - **count);
        for (reason, count) in refusals {
            text += &format!("  refused {count}: {reason}\n");
        }
        for property in Property::ALL {
            let of_it = self.faults.iter().filter(|((other, _), _)| *other == property);
            let pods: usize = of_it.map(|(_, (count, _))| count).sum();
            text += &format!("  {property:?}: violated {pods} times\n");
        }
        for ((property, kind), (count, _)) in &self.faults {
            text += &format!("  FAULT {property:?} {count}: {kind}\n");
        }
        text
    }

    /// Each sort of fault, with small examples.
    fn faults_to_text(&self) -> String {
        let mut text = format!("{} sorts of faults\n", self.faults.len());
        for ((property, kind), (count, examples)) in &self.faults {
            text += &format!("\n## {property:?}: {kind} ({count} Pods)\n");
            let mut shown: Vec<Value> = Vec::new();
            for (case, seed, fault) in examples {
                if shown.len() == EXAMPLES.1 {
                    break;
                }
                let (case, fault) = shrink(case, *seed, fault);
                if shown.contains(&case.pod) {
                    continue;
                }
                text += &format!("\n```json\n{}\n```\n", case.pod);
                let others =
                    case.settings.as_object().into_iter().flatten().filter(|(key, _)| *key != "sidecars");
                others.for_each(|(key, value)| text += &format!("settings: `{key}: {value}`\n"));
                text += &format!("{}\n", fault.detail);
                shown.push(case.pod);
            }
        }
        text
    }
}
