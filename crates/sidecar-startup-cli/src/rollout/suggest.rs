//! `check --suggest-settings`: settings with which a policy admits everything that was read.
//!
//! What `fix: All` cannot solve is exempted, container by container. What it solves with a probe that it derives is declared with that
//! probe, so that `fix: Safe` solves it, too.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::Context as _;
use serde_json::{Map, Value};
use sidecar_startup::{RuleId, Settings};

use super::entries::{Exempt, append, collect_probes, declaration, identity, is_valid, pods_entry};
use super::owners::Owners;
use super::workload::{Container, Id, Outcome, fault, image_of};
use crate::judge::{Judge, Remark, group, with};

/// What the settings need.
#[derive(Debug, Clone, Default)]
pub(super) struct Suggestions {
    exempt: BTreeMap<Container, Exempt>,
    /// What is denied for a fault of a Pod as a whole. Its namespaces are exempt; without them, the rule can only warn.
    pods: BTreeMap<RuleId, BTreeSet<Id>>,
    /// Sidecars with the probes that a repair derives; none if it derives several.
    declared: BTreeMap<Container, Option<Value>>,
    /// The entries of `containers`: what is an application somewhere is not declared to be a sidecar.
    apps: BTreeSet<Container>,
    /// The sidecars whose declaration would do with `fix: Safe`, for each object that `fix: All` solves.
    solved: BTreeSet<Vec<Container>>,
    uses_safe: bool,
    uses_all: bool,
    /// The requests that were denied, to be judged again in the end: an exemption for one may leave another one without its repair.
    denied: Vec<(Id, String)>,
    /// The length of these requests.
    kept: usize,
    /// How many requests were too much to keep.
    dropped: usize,
}

/// An object is judged again with each exemption, since it may uncover another violation.
const MAX_ROUNDS: usize = 8;

/// More requests than this, in bytes, are not kept: 20,000 Pods of average size, of which a tenth is denied, are a third of it.
const MAX_KEPT: usize = 64 << 20;

impl Suggestions {
    /// Remembers the entries of `containers` of an object.
    pub(super) fn saw(&mut self, object: &Value) {
        let Some(fields) = object.as_object() else { return };
        for (key, value) in fields {
            let items = value.as_array().filter(|_| key == "containers");
            self.apps.extend(items.into_iter().flatten().filter_map(identity));
            self.saw(value);
        }
    }

    /// Adds what an object needs that is denied.
    pub(super) fn add(&mut self, judge: &Judge, id: &Id, object: &Value, request: &str, outcome: Outcome) {
        match outcome {
            Outcome::Admitted => return,
            Outcome::Safe => self.uses_safe = true,
            Outcome::All => self.declare(judge, request),
            Outcome::Stays => self.exempt(judge, judge.settings(), id, object, request),
        }
        if self.kept + request.len() <= MAX_KEPT {
            self.kept += request.len();
            self.denied.push((id.clone(), request.to_owned()));
        } else {
            self.dropped += 1;
        }
    }

    /// Adds what the denied requests need when all of them are judged by the same settings.
    fn settle(&mut self, judge: &Judge) {
        let denied = std::mem::take(&mut self.denied);
        let size = |all: &Self| {
            all.pods.len() + all.exempt.values().map(|exempt| 1 + exempt.rules.len()).sum::<usize>()
        };
        for _ in 0..MAX_ROUNDS {
            let (settings, before) = (self.settings(judge.settings()), size(self));
            let text = settings.to_string();
            for (id, request) in &denied {
                if judge.check_by(request, &text).is_denied {
                    let request_value: Value = serde_json::from_str(request).unwrap_or_default();
                    let object = request_value.get("object").unwrap_or(&Value::Null);
                    self.exempt(judge, &settings, id, object, request);
                }
            }
            if size(self) == before {
                break;
            }
        }
    }

    /// The settings, as far as they are known.
    fn settings(&self, given: &Value) -> Value {
        let settings = self.added_to(given);
        let settings = if settings.is_null() { Value::Object(Map::new()) } else { settings };
        self.fix().map_or(settings.clone(), |fix| with(&settings, [("fix", fix.into())]))
    }

    /// Declares the sidecars of an object whose probes are derived.
    fn declare(&mut self, judge: &Judge, request: &str) {
        let (Some(repaired), _) = judge.repair(request, judge.settings(), &[]) else { return };
        let mut probes = Vec::new();
        collect_probes(&repaired, &mut probes);
        let without: BTreeSet<_> = judge
            .check_by(request, &with(judge.settings(), [("fix", "None".into())]).to_string())
            .remarks
            .into_iter()
            .filter(|remark| remark.rule == Some(RuleId::SidecarWithoutStartupProbe))
            .filter_map(|remark| remark.container)
            .collect();
        probes.retain(|((name, _), _)| without.contains(name));
        let entries: Vec<_> = probes.iter().map(|(of, probe)| declaration(of, probe)).collect();
        let declared = append(judge.settings(), "sidecars", entries);
        let is_solved =
            !judge.check_by(request, &with(&declared, [("fix", "Safe".into())]).to_string()).is_denied;
        if !is_solved {
            self.uses_all = true;
            return;
        }
        for (container, probe) in &probes {
            let known = self.declared.entry(container.clone()).or_insert_with(|| Some(probe.clone()));
            if known.as_ref() != Some(probe) {
                *known = None;
            }
        }
        self.solved.insert(probes.into_iter().map(|(container, _)| container).collect());
    }

    /// Exempts what denies an object by `settings` although everything is repaired that can be.
    fn exempt(&mut self, judge: &Judge, settings: &Value, id: &Id, object: &Value, request: &str) {
        self.uses_all = true;
        let mut own = Self::default();
        for _ in 0..MAX_ROUNDS {
            let settings = own.added_to(&with(settings, [("fix", "All".into())]));
            let verdict = judge.check_by(request, &settings.to_string());
            let denied: Vec<_> = verdict.remarks.iter().filter(|remark| !remark.is_warning).collect();
            if !verdict.is_denied {
                break;
            }
            let (_, left) = judge.repair(request, &settings, &[]);
            let stays = |remark: &&&Remark| left.iter().any(|other| fault(other) == fault(remark));
            let staying: Vec<_> = denied.iter().filter(stays).copied().collect();
            let staying = if staying.is_empty() { denied } else { staying };
            for remark in staying {
                own.exempt_one(id, object, remark, &left);
            }
        }
        for (container, exempt) in own.exempt {
            let known = self.exempt.entry(container).or_default();
            known.rules.extend(exempt.rules);
            known.workloads.extend(exempt.workloads);
            if known.reason.is_empty() {
                known.reason = exempt.reason;
            }
        }
        for (rule, ids) in own.pods {
            self.pods.entry(rule).or_default().extend(ids);
        }
    }

    fn exempt_one(&mut self, id: &Id, object: &Value, remark: &Remark, left: &[Remark]) {
        // An object that the API server would reject has no rule, and no setting admits it.
        let Some(rule) = remark.rule else { return };
        let Some(name) = &remark.container else {
            self.pods.entry(rule).or_default().insert(id.clone());
            return;
        };
        let container = (name.clone(), image_of(object, remark).unwrap_or_default());
        let exempt = self.exempt.entry(container).or_default();
        exempt.rules.extend(group(rule));
        exempt.workloads.insert(id.clone());
        let refusal =
            left.iter().find(|other| fault(other) == fault(remark)).and_then(|other| other.refusal.as_ref());
        exempt.reason = match refusal {
            Some(refusal) => format!("{rule} is not repaired: {refusal}"),
            None => format!("nothing repairs {rule}"),
        };
    }

    /// Settings with what these need.
    fn added_to(&self, settings: &Value) -> Value {
        let exempt = self.exempt.iter().filter_map(|(of, exempt)| exempt.entry(of));
        let (pods, warn): (Vec<_>, Vec<_>) = self
            .pods
            .iter()
            .map(|(rule, ids)| (*rule, pods_entry(*rule, ids)))
            .partition(|(_, it)| it.is_some());
        let settings = append(
            settings,
            "exempt",
            exempt.chain(pods.into_iter().filter_map(|(_, entry)| entry)).collect(),
        );
        let declared = self.declared.iter().filter(|(of, _)| !self.apps.contains(*of));
        let declared = declared.filter_map(|(of, probe)| Some(declaration(of, probe.as_ref()?)));
        let declared = declared.filter(|entry| is_valid("sidecars", entry));
        let settings = append(&settings, "sidecars", declared.collect());
        if warn.is_empty() {
            return settings;
        }
        let mut rules = settings.get("rules").and_then(Value::as_object).cloned().unwrap_or_default();
        rules.extend(warn.into_iter().map(|(rule, _)| (rule.name().to_owned(), "Warn".into())));
        with(&settings, [("rules", rules.into())])
    }

    /// The same with Pods folded into what creates them.
    fn folded(&self, owners: &Owners) -> Self {
        let mut folded = self.clone();
        let exempt = folded.exempt.values_mut().map(|exempt| &mut exempt.workloads);
        for ids in exempt.chain(folded.pods.values_mut()) {
            *ids = ids.iter().map(|id| owners.top(id)).collect();
        }
        folded
    }

    /// The least value of `fix` with which all is solved that can be.
    fn fix(&self) -> Option<&'static str> {
        let is_declared = |container: &Container| {
            self.declared.get(container).is_some_and(Option::is_some) && !self.apps.contains(container)
        };
        let needs_all = self.uses_all || !self.solved.iter().flatten().all(is_declared);
        match (needs_all, self.uses_safe || !self.solved.is_empty()) {
            (true, _) => Some("All"),
            (_, true) => Some("Safe"),
            _ => None,
        }
    }

    /// Prints settings with which a policy admits everything.
    ///
    /// # Errors
    /// They would be invalid.
    pub(super) fn print(
        &mut self,
        owners: &Owners,
        judge: &Judge,
        output: &mut dyn Write,
    ) -> anyhow::Result<()> {
        self.settle(judge);
        let suggestions = self.folded(owners);
        let settings = suggestions.settings(judge.settings());
        Settings::from_value(&settings).context("the suggested settings are invalid")?;
        let mut text = "# Settings with which a policy admits everything that was read.\n".to_owned();
        if !suggestions.exempt.is_empty() {
            text += "# Go through the exemptions: each of them hides a fault.\n";
        }
        if suggestions.fix().is_some() {
            text += "# Repairs need a policy with mutating: true.\n";
        }
        if suggestions.dropped != 0 {
            let dropped = suggestions.dropped;
            text += &format!(
                "# {dropped} objects were not judged again with them; `check --settings` does that.\n"
            );
        }
        Ok(output.write_all(format!("{text}{}", manifest::to_yaml(&settings)).as_bytes())?)
    }
}
