//! `check --suggest-settings`: settings with which a policy admits everything that was read.
//!
//! What `fix: All` cannot solve is exempted, container by container. What it solves with a probe that it derives is declared with that
//! probe, so that `fix: Safe` solves it, too.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use sidecar_startup::model::image;
use sidecar_startup::{RuleId, Settings};

use super::{Container, Id, Outcome, Rollout, fault, image_of};
use crate::judge::{Judge, Remark, with};

/// What the settings need.
#[derive(Debug, Default)]
pub(super) struct Suggestions {
    exempt: BTreeMap<Container, Exempt>,
    /// Rules that warn: those about a Pod as a whole, which no exemption of containers covers.
    warn: BTreeMap<RuleId, BTreeSet<Id>>,
    /// Sidecars with the probes that a repair derives; none if it derives several.
    declared: BTreeMap<Container, Option<Value>>,
    /// The entries of `containers`: what is an application somewhere is not declared to be a sidecar.
    apps: BTreeSet<Container>,
    /// The sidecars whose declaration would do with `fix: Safe`, for each object that `fix: All` solves.
    solved: BTreeSet<Vec<Container>>,
    uses_safe: bool,
    uses_all: bool,
}

/// Why a container is exempt.
#[derive(Debug, Default)]
struct Exempt {
    rules: BTreeSet<RuleId>,
    workloads: BTreeSet<Id>,
    reason: String,
}

/// An object is judged again with each exemption, since it may uncover another violation.
const MAX_ROUNDS: usize = 8;

/// Rules of which one takes over when another one is silent about a container.
const GROUPS: [&[RuleId]; 2] = [
    &[RuleId::ClassicSidecar, RuleId::AppNotHeld, RuleId::NeverCompletingJob],
    &[RuleId::SidecarWithoutStartupProbe, RuleId::StartupGateNeverOpens],
];

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
            Outcome::Admitted => {}
            Outcome::Safe => self.uses_safe = true,
            Outcome::All => self.declare(judge, request),
            Outcome::Stays => self.exempt(judge, id, object, request),
        }
    }

    /// Declares the sidecars of an object whose probes are derived.
    fn declare(&mut self, judge: &Judge, request: &str) {
        let (Some(repaired), _) = judge.repair(request, &[]) else { return };
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

    /// Exempts what denies an object although everything is repaired that can be.
    fn exempt(&mut self, judge: &Judge, id: &Id, object: &Value, request: &str) {
        self.uses_all = true;
        let mut own = Self::default();
        for _ in 0..MAX_ROUNDS {
            let settings = own.added_to(with(judge.settings(), [("fix", "All".into())]));
            let verdict = judge.check_by(request, &settings.to_string());
            let denied: Vec<_> = verdict.remarks.iter().filter(|remark| !remark.is_warning).collect();
            if !verdict.is_denied {
                break;
            }
            let (_, left) = judge.repair_by(request, &settings, &[]);
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
        for (rule, ids) in own.warn {
            self.warn.entry(rule).or_default().extend(ids);
        }
    }

    fn exempt_one(&mut self, id: &Id, object: &Value, remark: &Remark, left: &[Remark]) {
        // An object that the API server would reject has no rule, and no setting admits it.
        let Some(rule) = remark.rule else { return };
        let Some(name) = &remark.container else {
            self.warn.entry(rule).or_default().insert(id.clone());
            return;
        };
        let container = (name.clone(), image_of(object, remark).unwrap_or_default());
        let exempt = self.exempt.entry(container).or_default();
        let group = GROUPS.iter().find(|group| group.contains(&rule));
        exempt.rules.extend(group.copied().unwrap_or(&[rule]));
        exempt.workloads.insert(id.clone());
        let refusal =
            left.iter().find(|other| fault(other) == fault(remark)).and_then(|other| other.refusal.as_ref());
        exempt.reason = match refusal {
            Some(refusal) => format!("{rule} is not repaired: {refusal}"),
            None => format!("nothing repairs {rule}"),
        };
    }

    /// Settings with what these need.
    fn added_to(&self, settings: Value) -> Value {
        let settings =
            append(&settings, "exempt", self.exempt.iter().map(|(of, exempt)| exempt.entry(of)).collect());
        let declared = self.declared.iter().filter(|(of, _)| !self.apps.contains(*of));
        let declared = declared.filter_map(|(of, probe)| Some(declaration(of, probe.as_ref()?)));
        let settings = append(&settings, "sidecars", declared.collect());
        if self.warn.is_empty() {
            return settings;
        }
        let mut rules = settings.get("rules").and_then(Value::as_object).cloned().unwrap_or_default();
        rules.extend(self.warn.keys().map(|rule| (rule.name().to_owned(), "Warn".into())));
        with(&settings, [("rules", rules.into())])
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
}

impl Exempt {
    fn entry(&self, (name, image): &Container) -> Value {
        let some = self.workloads.first().map(|id| format!("{} {}", id.kind, id.name)).unwrap_or_default();
        let whose = match self.workloads.len() {
            0 | 1 => some,
            count => format!("{count} workloads such as {some}"),
        };
        let rules: Vec<_> = self.rules.iter().map(|rule| rule.name()).collect();
        let entry = |r#match: Value| json!({"match": r#match, "rules": rules, "reason": format!("{whose}: {}", self.reason)});
        let by_both = entry(matched(name, image));
        if is_valid("exempt", &by_both) { by_both } else { entry(json!({"containerNames": [name]})) }
    }
}

/// Prints settings with which a policy admits everything.
///
/// # Errors
/// They would be invalid.
pub(crate) fn print(rollout: &Rollout, judge: &Judge, output: &mut dyn Write) -> anyhow::Result<()> {
    let Some(suggestions) = &rollout.suggestions else { return Ok(()) };
    let mut settings = suggestions.added_to(judge.settings().clone());
    if let Some(fix) = suggestions.fix() {
        settings = with(&settings, [("fix", fix.into())]);
    }
    let settings = if settings.is_null() { Value::Object(Map::new()) } else { settings };
    Settings::from_value(&settings).context("the suggested settings are invalid")?;
    let mut text = "# Settings with which a policy admits everything that was read. Go through the exemptions: each hides a fault.\n".to_owned();
    if suggestions.fix().is_some() {
        text += "# Repairs need a policy with mutating: true.\n";
    }
    for (rule, workloads) in &suggestions.warn {
        text += &format!(
            "# {rule} only warns: it denies {} and cannot be exempted by container.\n",
            workloads.len()
        );
    }
    Ok(output.write_all(format!("{text}{}", manifest::to_yaml(&settings)).as_bytes())?)
}

fn declaration(container: &Container, probe: &Value) -> Value {
    let (name, image) = container;
    json!({"name": name, "match": matched(name, image), "startupProbe": probe})
}

fn matched(name: &str, image: &str) -> Value {
    if image.is_empty() {
        json!({"containerNames": [name]})
    } else {
        json!({"containerNames": [name], "images": [image]})
    }
}

fn is_valid(list: &str, entry: &Value) -> bool {
    Settings::from_value(&json!({list: [entry]})).is_ok()
}

fn append(settings: &Value, list: &str, entries: Vec<Value>) -> Value {
    if entries.is_empty() {
        return settings.clone();
    }
    let mut all = settings.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
    all.extend(entries);
    with(settings, [(list, all.into())])
}

fn identity(container: &Value) -> Option<Container> {
    let text = |key| container.get(key).and_then(Value::as_str);
    let image = text("image").map(|image| image::repository(image).into_owned());
    Some((text("name")?.to_owned(), image.unwrap_or_default()))
}

/// The sidecar containers with a `startupProbe`.
fn collect_probes(value: &Value, found: &mut Vec<(Container, Value)>) {
    let Some(fields) = value.as_object() else { return };
    for (key, value) in fields {
        for item in value.as_array().filter(|_| key == "initContainers").into_iter().flatten() {
            if let (Some(container), Some(probe)) = (identity(item), item.get("startupProbe")) {
                found.push((container, probe.clone()));
            }
        }
        collect_probes(value, found);
    }
}
