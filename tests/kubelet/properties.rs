//! What must hold of every Pod, in every world that its evidence allows.

mod faults;
mod setting;
mod words;

use std::collections::BTreeSet;

use serde_json::json;
use sidecar_startup::{Answer, validate};

pub(crate) use faults::{Fault, Property};
use setting::Setting;
pub(crate) use setting::has_application;

use crate::generator::{Case, DECLARED};
use crate::injectors::{Cluster, inject};
use crate::needs::Evidence;
use crate::startup::{Outcome, simulate};

/// How many worlds are drawn for a Pod, besides those with all possible needs and with none.
const DRAWS: u64 = 6;

/// What came out of one case.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) faults: Vec<Fault>,
    /// Some repair changed it.
    pub(crate) is_repaired: bool,
    /// Why something was not repaired.
    pub(crate) refusals: BTreeSet<String>,
    /// Worlds, and in how many of them the Pod as sent comes up.
    pub(crate) worlds: usize,
    pub(crate) working: usize,
    /// In each world, some container of it is never started.
    pub(crate) is_deadlock: bool,
    /// It is reported as one.
    pub(crate) is_reported: bool,
    /// Worlds in which what came of a repair was started.
    pub(crate) started_again: usize,
}

/// Holds the library's answers to a case against the simulator.
pub(crate) fn check(case: &Case, seed: u64) -> Report {
    let settings = settings_of(case, seed);
    let as_sent = answer(case, "None", false);
    let mut report = Report::default();
    for setting in &settings {
        report.worlds += setting.worlds.len();
        report.working += setting.worlds.iter().filter(|(_, outcome)| outcome.works()).count();
        faults::deadlocks_are_real(case, &as_sent, setting, &mut report.faults);
        faults::what_is_allowed_holds(case, &as_sent, setting, &mut report.faults);
    }
    // Proven needs hold in every world. That some container stays down is not yet a deadlock: another must never be started.
    let has_unstarted = |outcome: &Outcome| outcome.0.iter().any(|seen| seen.started().is_none());
    report.is_deadlock =
        settings.iter().flat_map(|setting| &setting.worlds).all(|(_, outcome)| has_unstarted(outcome));
    report.is_reported =
        faults::dead_gates(&as_sent).next().is_some() || says(&as_sent, "(sidecar-blocks-init)");
    if report.is_deadlock && !report.is_reported {
        report.faults.extend(faults::unreported(&settings));
    }

    let mut before = Vec::new();
    for (fix, only_warns) in [("Safe", false), ("All", false), ("Safe", true), ("All", true)] {
        let answer = answer(case, fix, only_warns);
        report
            .refusals
            .extend(answer.violations().iter().filter_map(|violation| refusal(&violation.to_string())));
        let Some(repaired) = answer.repaired().filter(|object| !before.contains(object)) else { continue };
        report.is_repaired = true;
        for setting in &settings {
            report.started_again += setting.worlds.iter().filter(|(_, outcome)| outcome.works()).count();
            faults::repairs_keep_it_starting(fix, &repaired, setting, &mut report.faults);
        }
        before.push(repaired);
    }
    report
}

/// The clusters in which the Pod may land, with the worlds of each.
fn settings_of(case: &Case, seed: u64) -> Vec<Setting<'_>> {
    let is_said_to_be_native = case.settings["mesh"]["istio"] == "Native";
    let clusters = if is_said_to_be_native { vec![true] } else { vec![false, true] };
    let mut before = None;
    let mut settings = Vec::new();
    for is_native in clusters {
        let cluster = Cluster { is_native };
        let (injected, added) = inject(&case.pod, cluster);
        if before.as_ref() == Some(&injected) {
            continue;
        }
        let mut evidence = Evidence::of(&injected, &added, &DECLARED);
        if let Some((name, pod)) = case.with_required() {
            let (pod, added) = inject(&pod, cluster);
            evidence.add(&name, Evidence::of(&pod, &added, &DECLARED));
        }
        let extremes = [evidence.extreme(false), evidence.extreme(true)];
        let draws = (0..DRAWS).map(|draw| evidence.draw(seed.wrapping_mul(DRAWS).wrapping_add(draw)));
        let worlds = extremes.into_iter().chain(draws).map(|world| {
            let outcome = simulate(&injected, &case.pod, &world);
            (world, outcome)
        });
        settings.push(Setting { cluster, sent: &case.pod, worlds: worlds.collect() });
        before = Some(injected);
    }
    settings
}

fn answer(case: &Case, fix: &str, only_warns: bool) -> Answer {
    let mut settings = case.settings.clone();
    settings["fix"] = json!(fix);
    if only_warns {
        settings["defaultAction"] = json!("Warn");
    }
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let request = json!({"kind": kind, "operation": "CREATE", "object": case.pod});
    validate(&json!({"request": request, "settings": settings}).to_string())
}

fn says(answer: &Answer, text: &str) -> bool {
    answer.violations().iter().any(|violation| violation.to_string().contains(text))
}

/// Why a violation is not repaired, without names and numbers.
fn refusal(violation: &str) -> Option<String> {
    let (_, reason) = violation.split_once("not repaired: ")?;
    let reason = reason.rsplit_once(" (").map_or(reason, |(reason, _)| reason);
    Some(words::without_names(reason))
}
