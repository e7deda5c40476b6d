//! What the documentation shows is true.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use acceptance::case::Case;
use acceptance::expected::is_updating;
use acceptance::library;
use acceptance::outcome::Outcome;
use anyhow::{Context as _, anyhow, ensure};
use libtest_mimic::Trial;
use policy_host::PolicyModule;
use serde_json::{Value, json};

use super::trial::trial;

pub(crate) fn trials(root: &Path, module: &Arc<PolicyModule>) -> Vec<Trial> {
    let mut trials: Vec<_> = library::rules()
        .map(|rule| trial(format!("doc::{}", rule.id), move || examples_hold(&rule)))
        .collect();
    let rules = root.join("docs/rules.md");
    trials.push(trial("doc::rules.md", move || is_up_to_date(&rules)));
    let templates = root.join(".github/ISSUE_TEMPLATE");
    trials.push(trial("doc::ISSUE_TEMPLATE", move || templates_ask_for_what_is_needed(&templates)));
    let (readme, module) = (root.join("README.md"), Arc::clone(module));
    trials.push(trial("doc::README_settings", move || documented_settings_are_valid(&readme, &module)));
    trials
}

/// The examples in a rule's own documentation, under the settings that it gives first where it needs any: the first breaks the
/// rule, the second breaks none.
fn examples_hold(rule: &library::Rule) -> anyhow::Result<()> {
    let doc = &rule.doc;
    let blocks: Result<Vec<Value>, _> = doc
        .split("```yaml\n")
        .skip(1)
        .map(|block| manifest::parse_one(block.split_once("```").map_or(block, |(yaml, _)| yaml)))
        .collect();
    let blocks = blocks?;
    let (settings, denied, allowed) = match blocks.as_slice() {
        [denied, allowed] => (json!({}), denied, allowed),
        [settings, denied, allowed] if doc.contains("# Settings") => (settings.clone(), denied, allowed),
        _ => return Err(anyhow!("{} examples", blocks.len())),
    };
    let judge = |object: &Value| Outcome::of_library(&Case::with_settings(object.clone(), settings.clone()));
    let (denied, allowed) = (judge(denied), judge(allowed));
    ensure!(
        denied.violations().iter().any(|violation| violation.rule == rule.id),
        "the first example does not break the rule: {:#}",
        denied.to_value()
    );
    ensure!(
        allowed.to_value() == json!({"decision": "Allow"}),
        "the second example: {:#}",
        allowed.to_value()
    );
    Ok(())
}

/// `docs/rules.md` says what the rules' own files say. `UPDATE_EXPECT=1` writes it.
fn is_up_to_date(path: &Path) -> anyhow::Result<()> {
    let expected = library::documentation_of_rules();
    if is_updating() {
        fs::write(path, &expected)?;
    }
    let found = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(found == expected, "docs/rules.md is stale: run UPDATE_EXPECT=1 make test");
    Ok(())
}

/// Without the object, what the command says and the versions, nobody can see what a report is about.
fn templates_ask_for_what_is_needed(folder: &Path) -> anyhow::Result<()> {
    for (file, needed) in [
        ("false-denial.yml", ["object", "output", "why", "versions"].as_slice()),
        ("bad-repair.yml", &["before", "settings", "output", "happened", "versions"]),
    ] {
        let form = manifest::parse_one(&fs::read_to_string(folder.join(file))?).context(file)?;
        let fields = form["body"].as_array().context(file)?;
        let required = fields.iter().filter(|field| field["validations"]["required"] == true);
        let ids: Vec<_> = required.filter_map(|field| field["id"].as_str()).collect();
        ensure!(ids == needed, "{file} requires {ids:?}");
        ensure!(fields.iter().any(|field| field["type"] == "markdown"), "{file} warns nobody of secrets");
    }
    Ok(())
}

/// The settings that the README shows mean the same to a reader of YAML 1.1, which `kubectl` is, and the policy takes them.
fn documented_settings_are_valid(readme: &Path, module: &PolicyModule) -> anyhow::Result<()> {
    let text = fs::read_to_string(readme)?;
    let blocks = text.split("```yaml\n").skip(1).filter_map(|block| block.split_once("```"));
    let settings: Vec<_> =
        blocks.map(|(block, _)| block).filter(|block| block.starts_with("defaultAction")).collect();
    ensure!(settings.len() == 1, "expected one block of settings, but found {}", settings.len());
    for block in settings {
        let settings = manifest::parse_one(block)?;
        let verdict = module.validate_settings(&settings)?;
        ensure!(verdict.valid && verdict.message.is_none(), "{:?}", verdict.message);
    }
    Ok(())
}
