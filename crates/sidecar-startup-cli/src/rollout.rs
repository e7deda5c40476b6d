//! What a policy would mean for a cluster: workloads by their faults, with Pods folded into what creates them.

mod entries;
mod owners;
mod suggest;
pub(crate) mod summary;
mod workload;

use std::collections::BTreeMap;
use std::io::Write;

use self::owners::Owners;
use self::suggest::Suggestions;
use self::workload::{Id, Outcome, Workload, fault, image_of};
use crate::judge::{Judge, with};
use crate::object::Object;

/// What was seen so far.
#[derive(Debug)]
pub(crate) struct Rollout {
    workloads: BTreeMap<Id, Workload>,
    owners: Owners,
    /// None if no settings are asked for.
    suggestions: Option<Suggestions>,
    /// The settings with each value of `fix`.
    none: String,
    safe: String,
    all: String,
}

impl Rollout {
    /// Begins with the settings of a judge.
    pub(crate) fn new(judge: &Judge, suggests_settings: bool) -> Self {
        let fix = |fix: &str| with(judge.settings(), [("fix", fix.into())]).to_string();
        Self {
            workloads: BTreeMap::new(),
            owners: Owners::default(),
            suggestions: suggests_settings.then(Suggestions::default),
            none: fix("None"),
            safe: fix("Safe"),
            all: fix("All"),
        }
    }

    /// Remembers whose an object is.
    pub(crate) fn saw(&mut self, object: &Object<'_>, namespace: Option<&str>) {
        self.owners.add(&object.head, namespace.unwrap_or_default());
    }

    /// Judges an object. Returns whether it is denied.
    pub(crate) fn judge(
        &mut self,
        judge: &Judge,
        object: &Object<'_>,
        namespace: Option<&str>,
        request: &str,
    ) -> bool {
        let id = Id::of(object, namespace);
        let workload = self.workloads.entry(id.clone()).or_default();
        if let Some(suggestions) = &mut self.suggestions {
            suggestions.saw(&object.value());
        }
        let is_pod = object.head.kind() == "Pod";
        if is_pod {
            workload.pods.insert(object.head.name().to_owned());
        }
        let verdict = judge.check_by(request, &self.none);
        if !verdict.is_denied {
            return false;
        }
        if is_pod {
            workload.denied_pods.insert(object.head.name().to_owned());
        }
        let value = object.value();
        for remark in verdict.remarks.iter().filter(|remark| !remark.is_warning) {
            match fault(remark) {
                Some(fault) => _ = workload.faults.insert(fault, image_of(&value, remark)),
                None => workload.is_invalid = true,
            }
        }
        let outcome = match () {
            () if !judge.check_by(request, &self.safe).is_denied => Outcome::Safe,
            () if !judge.check_by(request, &self.all).is_denied => Outcome::All,
            () => Outcome::Stays,
        };
        workload.outcome = workload.outcome.max(outcome);
        if outcome == Outcome::Stays {
            let (_, left) = judge.repair(request, judge.settings(), &[]);
            for remark in left {
                if let (Some(fault), Some(reason)) = (fault(&remark), remark.refusal) {
                    workload.reasons.insert(fault, reason);
                }
            }
        }
        if let Some(suggestions) = &mut self.suggestions {
            suggestions.add(judge, &id, &value, request, outcome);
        }
        true
    }

    /// Prints settings with which a policy admits everything.
    ///
    /// # Errors
    /// They would be invalid, or nobody reads them.
    pub(crate) fn print_settings(&mut self, judge: &Judge, output: &mut dyn Write) -> anyhow::Result<()> {
        let suggestions = self.suggestions.as_mut();
        suggestions.map_or(Ok(()), |suggestions| suggestions.print(&self.owners, judge, output))
    }

    /// The workloads, with Pods folded into what creates them.
    fn folded(&self) -> BTreeMap<Id, Workload> {
        let mut folded: BTreeMap<Id, Workload> = BTreeMap::new();
        for (id, workload) in &self.workloads {
            let into = folded.entry(self.owners.top(id)).or_default();
            into.pods.extend(workload.pods.iter().cloned());
            into.denied_pods.extend(workload.denied_pods.iter().cloned());
            into.faults.extend(workload.faults.iter().map(|(fault, image)| (fault.clone(), image.clone())));
            into.reasons.extend(workload.reasons.iter().map(|(fault, why)| (fault.clone(), why.clone())));
            into.is_invalid |= workload.is_invalid;
            into.outcome = into.outcome.max(workload.outcome);
        }
        folded
    }
}
