//! What a policy would mean for a cluster: workloads by their faults, with Pods folded into what creates them.

mod owners;
pub(crate) mod suggest;
pub(crate) mod summary;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sidecar_startup::RuleId;
use sidecar_startup::model::image;

use self::owners::Owners;
use self::suggest::Suggestions;
use crate::judge::{Judge, Remark, with};
use crate::object::Object;

/// Identifies a workload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    namespace: String,
    kind: String,
    name: String,
}

/// A violation, whatever its place: the rule, and the container if one breaks it.
type Fault = (RuleId, Option<String>);

/// A container's name, and its image without tag and digest.
type Container = (String, String);

/// What is known about a workload.
#[derive(Debug, Default)]
struct Workload {
    /// Its Pods.
    pods: BTreeSet<String>,
    /// Those of them that would be denied.
    denied_pods: BTreeSet<String>,
    /// Why it or its Pods would be denied, with the container's image.
    faults: BTreeMap<Fault, Option<String>>,
    /// Whether it or a Pod of it would be denied as no object of its kind.
    is_invalid: bool,
    /// What repairs would do.
    outcome: Outcome,
    /// Why something stays.
    reasons: BTreeMap<Fault, String>,
}

/// What repairs would do with what is denied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Nothing is denied.
    #[default]
    Admitted,
    /// `fix: Safe` repairs it.
    Safe,
    /// `fix: All` repairs it.
    All,
    /// It stays.
    Stays,
}

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

impl Id {
    fn of(object: &Object<'_>, namespace: Option<&str>) -> Self {
        Self {
            namespace: namespace.unwrap_or_default().to_owned(),
            kind: object.head.kind().to_owned(),
            name: object.head.name().to_owned(),
        }
    }
}

fn fault(remark: &Remark) -> Option<Fault> {
    Some((remark.rule?, remark.container.clone()))
}

/// The image repository of the container that a remark is about.
fn image_of(object: &Value, remark: &Remark) -> Option<String> {
    let name = remark.container.as_deref()?;
    let mut pointer = remark.pointer.as_str();
    loop {
        let container = object.pointer(pointer);
        if let Some(container) = container.filter(|it| it.get("name").and_then(Value::as_str) == Some(name)) {
            let image = container.get("image").and_then(Value::as_str)?;
            return Some(image::repository(image).into_owned());
        }
        pointer = pointer.rsplit_once('/')?.0;
    }
}
