//! `check --summary`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::Rollout;
use super::workload::{Id, Outcome, Workload};
use crate::report::Form;
use crate::totals::{Totals, counted};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// Longer lists are cut in the text.
const MAX_ROWS: usize = 20;

/// Prints the report: as JSON if that is asked for, else as text.
pub(crate) fn print(
    rollout: &Rollout,
    totals: &Totals,
    form: Form,
    output: &mut dyn Write,
) -> io::Result<()> {
    let workloads = rollout.folded();
    let summary = Summary::of(&workloads);
    if form == Form::Json {
        return writeln!(output, "{}", summary.json(totals));
    }
    output.write_all(summary.text(totals).as_bytes())
}

/// Counts of workloads.
struct Summary<'w> {
    workloads: usize,
    pods: usize,
    denied: Vec<(&'w Id, &'w Workload)>,
    by_rule: BTreeMap<String, usize>,
    by_namespace: BTreeMap<String, usize>,
    by_image: BTreeMap<String, usize>,
}

impl<'w> Summary<'w> {
    fn of(workloads: &'w BTreeMap<Id, Workload>) -> Self {
        let denied: Vec<_> =
            workloads.iter().filter(|(_, workload)| workload.outcome != Outcome::Admitted).collect();
        let mut summary = Self {
            workloads: workloads.len(),
            pods: workloads.values().map(|workload| workload.pods.len()).sum(),
            denied: Vec::new(),
            by_rule: BTreeMap::new(),
            by_namespace: BTreeMap::new(),
            by_image: BTreeMap::new(),
        };
        for (id, workload) in &denied {
            let mut rules: Vec<_> = workload.faults.keys().map(|(rule, _)| rule.name().to_owned()).collect();
            rules.extend(workload.is_invalid.then(|| "invalid-object".to_owned()));
            count(&mut summary.by_rule, rules);
            count(&mut summary.by_image, workload.faults.values().flatten().cloned().collect());
            let namespace = if id.namespace.is_empty() { "(none)" } else { &id.namespace };
            count(&mut summary.by_namespace, vec![namespace.to_owned()]);
        }
        Self { denied, ..summary }
    }

    fn with(&self, outcome: Outcome) -> impl Iterator<Item = &(&'w Id, &'w Workload)> {
        self.denied.iter().filter(move |(_, workload)| workload.outcome == outcome)
    }

    fn denied_pods(&self) -> usize {
        self.denied.iter().map(|(_, workload)| workload.denied_pods.len()).sum()
    }

    fn text(&self, totals: &Totals) -> String {
        let mut text = format!("{totals}\n");
        text += &format!("{}, {}\n\n", counted(self.workloads, "workload"), counted(self.pods, "Pod"));
        if self.denied.is_empty() {
            let outcome =
                if self.workloads == 0 { "Nothing was checked." } else { "Nothing would be denied." };
            return format!("{text}{outcome}\n");
        }
        let (denied, pods) = (self.denied.len(), self.denied_pods());
        text += &format!(
            "Would be denied when created again: {}, {}\n",
            counted(denied, "workload"),
            counted(pods, "Pod")
        );
        for (title, counts) in
            [("rule", &self.by_rule), ("namespace", &self.by_namespace), ("image", &self.by_image)]
        {
            text += &table(title, counts);
        }
        text += "\nRepairs\n";
        let rows = [
            (Outcome::Safe, "solved by fix: Safe"),
            (Outcome::All, "solved by fix: All, but not by Safe"),
            (Outcome::Stays, "solved by no repair"),
        ];
        for (outcome, what) in rows {
            text += &format!("{:>8}  {what}\n", self.with(outcome).count());
        }
        let stays: Vec<_> = self.with(Outcome::Stays).collect();
        if !stays.is_empty() {
            text += "\nWhat no repair solves\n";
            text += &stays
                .iter()
                .take(MAX_ROWS)
                .map(|(id, workload)| described(id, workload))
                .collect::<String>();
            text += &more(stays.len());
            text += "\n`--suggest-settings` writes settings with which a policy admits it all.\n";
        }
        text
    }

    fn json(&self, totals: &Totals) -> Value {
        let denied = self.denied.iter().map(|(id, workload)| {
            let faults = workload.faults.iter().map(|((rule, container), image)| {
                let reason = workload.reasons.get(&(*rule, container.clone()));
                json!({"rule": rule.name(), "container": container, "image": image, "notRepaired": reason})
            });
            json!({
                "kind": id.kind, "namespace": id.namespace, "name": id.name,
                "pods": workload.pods.len(), "deniedPods": workload.denied_pods.len(),
                "solvedBy": match workload.outcome {
                    Outcome::Safe => Some("Safe"),
                    Outcome::All => Some("All"),
                    _ => None,
                },
                "faults": faults.collect::<Vec<_>>(),
            })
        });
        json!({
            "version": VERSION, "workloads": self.workloads, "pods": self.pods,
            "byRule": self.by_rule, "byNamespace": self.by_namespace, "byImage": self.by_image,
            "denied": denied.collect::<Vec<_>>(), "objects": totals,
        })
    }
}

/// Counts each of the keys once.
fn count(counts: &mut BTreeMap<String, usize>, mut keys: Vec<String>) {
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
}

/// A list of counts, the highest first.
fn table(title: &str, counts: &BTreeMap<String, usize>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let mut rows: Vec<_> = counts.iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let lines = rows.iter().take(MAX_ROWS).map(|(key, count)| format!("{count:>8}  {key}\n"));
    format!("\nBy {title}\n{}{}", lines.collect::<String>(), more(rows.len()))
}

fn more(rows: usize) -> String {
    if MAX_ROWS < rows { format!("          and {} more\n", rows - MAX_ROWS) } else { String::new() }
}

/// A workload, with why it stays.
fn described(id: &Id, workload: &Workload) -> String {
    let namespace = if id.namespace.is_empty() { String::new() } else { format!("{}/", id.namespace) };
    let mut text = format!("  {} {namespace}{}\n", id.kind, id.name);
    for fault in workload.faults.keys() {
        let (rule, container) = fault;
        let container = container.as_ref().map(|name| format!(" \"{name}\"")).unwrap_or_default();
        let reason = workload.reasons.get(fault).map(|reason| format!(": {reason}")).unwrap_or_default();
        text += &format!("    {rule}{container}{reason}\n");
    }
    if workload.is_invalid {
        text += "    the API server would reject it\n";
    }
    text
}
