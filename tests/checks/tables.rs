//! The tables of rules and settings say what the code does, and Rancher's form leaves out no setting unseen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use acceptance::library::{read_settings, rules, setting_names};
use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;
use serde_json::{Map, Value, json};

use super::trial::trial;

pub(super) fn trials(root: &Path) -> Vec<Trial> {
    let tables: [(&str, fn(&str) -> anyhow::Result<()>); 4] = [
        ("README.md", rules_of_the_readme),
        ("docs/repairs.md", repairs),
        ("docs/settings.md", settings),
        ("questions-ui.yml", form),
    ];
    let one = |(file, check): (&str, fn(&str) -> anyhow::Result<()>)| {
        let path: PathBuf = root.join(file);
        trial(format!("tables::{file}"), move || check(&fs::read_to_string(path)?))
    };
    tables.into_iter().map(one).collect()
}

/// All rules in their order, with what they do by default and what repairs them.
fn rules_of_the_readme(text: &str) -> anyhow::Result<()> {
    let mut found: Vec<_> = rows(text, "| rule | what is wrong | default | `fix:` |")?.collect();
    for cells in &mut found {
        ensure!(cells.len() == 4, "{cells:?}");
        cells.remove(1);
    }
    let expected: Vec<Vec<_>> = rules()
        .map(|rule| {
            let repair = rule.repaired_with.map_or("-".to_owned(), |fix| format!("`{fix}`"));
            vec![format!("`{}`", rule.id), rule.default_action, repair]
        })
        .collect();
    ensure!(found == expected, "expected {expected:#?}");
    Ok(())
}

/// All rules with a repair, with the least value of `fix` that makes it.
fn repairs(text: &str) -> anyhow::Result<()> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for cells in rows(text, "| rule | with `fix:` | repair |")? {
        for rule in quoted(cells.first().context("no rule")?) {
            found.entry(rule).or_default().extend(cells.get(1).cloned());
        }
    }
    // "Safe" is behind "All".
    let least: BTreeMap<_, _> =
        found.into_iter().filter_map(|(rule, fixes)| Some((rule, fixes.last()?.clone()))).collect();
    let expected: BTreeMap<_, _> =
        rules().filter_map(|rule| Some((rule.id.to_owned(), rule.repaired_with?))).collect();
    ensure!(least == expected, "{least:#?} are not {expected:#?}");
    Ok(())
}

/// All settings, with values that are accepted and defaults that are those of the policy.
fn settings(text: &str) -> anyhow::Result<()> {
    let mut named = BTreeSet::new();
    for cells in rows(text, "| setting | type | default | for |")? {
        let [name, values, default, _] = cells.as_slice() else { anyhow::bail!("{cells:?}") };
        let (name, place) = name
            .strip_prefix("[`")
            .and_then(|name| name.strip_suffix(')')?.split_once("`](#"))
            .context(name.clone())?;
        ensure!(text.lines().any(|line| heading(line).is_some_and(|it| it == place)), "no heading #{place}");
        has_default(name, default, &|value| json!({name: value})).context(name.to_owned())?;
        if values.starts_with('`') {
            are_all(values, &|value| json!({name: value})).context(name.to_owned())?;
        }
        named.insert(name.to_owned());
    }
    is_complete(&named)?;
    let sidecar =
        |field: &str, value: Value| json!({"sidecars": [{"match": {"containerNames": ["a"]}, field: value}]});
    for cells in rows(text, "| field | type | default | |")? {
        let [name, values, default, _] = cells.as_slice() else { anyhow::bail!("{cells:?}") };
        let name = name.trim_matches('`');
        if !["-", "required"].contains(&default.as_str()) {
            let unset = json!({"sidecars": [{"match": {"containerNames": ["a"]}}]});
            ensure!(read_settings(&sidecar(name, value_of(default)?))? == read_settings(&unset)?, "{name}");
        }
        if ["need", "position"].contains(&name) {
            are_all(values, &|value| sidecar(name, value)).context(name.to_owned())?;
        }
    }
    for cells in rows(text, "| field | values | default | |")? {
        let [name, _, default, _] = cells.as_slice() else { anyhow::bail!("{cells:?}") };
        let name = name.trim_matches('`');
        has_default(name, default, &|value| json!({"nodes": {name: value}})).context(name.to_owned())?;
    }
    Ok(())
}

/// All settings are asked for, but for those that the comment names.
fn form(text: &str) -> anyhow::Result<()> {
    let comment = text.lines().take_while(|line| line.starts_with('#'));
    let mut named: BTreeSet<_> = comment.flat_map(quoted).collect();
    let form = manifest::parse_one(text)?;
    let questions = form["questions"].as_array().context("no questions")?;
    let asked = questions.iter().filter_map(|question| question["variable"].as_str());
    for name in asked {
        ensure!(named.insert(name.to_owned()), "{name} is there twice, or is no longer left out");
    }
    is_complete(&named)
}

fn is_complete(named: &BTreeSet<String>) -> anyhow::Result<()> {
    let all: BTreeSet<_> = setting_names().iter().map(|name| (*name).to_owned()).collect();
    ensure!(*named == all, "{named:?} are not {all:?}");
    Ok(())
}

/// What a table says is a default changes nothing when it is set. Defaults that are told in words are not checked.
fn has_default(name: &str, default: &str, set: &dyn Fn(Value) -> Value) -> anyhow::Result<()> {
    if !default.contains('`') {
        ensure!(["help", "oldestKubernetes"].contains(&name), "{default} is no value");
        return Ok(());
    }
    ensure!(
        read_settings(&set(value_of(default)?))? == read_settings(&json!({}))?,
        "{default} is not the default"
    );
    Ok(())
}

/// Each of the quoted values is accepted, and no other word.
fn are_all(values: &str, set: &dyn Fn(Value) -> Value) -> anyhow::Result<()> {
    let mut seen = Vec::new();
    for value in quoted(values) {
        let settings = read_settings(&set(json!(value)))?;
        ensure!(!seen.contains(&settings), "{value} means the same as another value");
        seen.push(settings);
    }
    ensure!(read_settings(&set(json!("Other"))).is_err());
    Ok(())
}

/// The value in a cell: one, or the fields of an object.
fn value_of(cell: &str) -> anyhow::Result<Value> {
    let values: Result<Vec<_>, _> = quoted(cell).iter().map(|value| manifest::parse_one(value)).collect();
    match values?.as_slice() {
        [value] => Ok(value.clone()),
        values => {
            let fields = values.iter().filter_map(Value::as_object).flatten();
            Ok(fields.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>().into())
        }
    }
}

/// The words between backquotes.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The address of a heading on its page.
fn heading(line: &str) -> Option<String> {
    Some(line.strip_prefix("## ")?.to_lowercase().replace(' ', "-"))
}

/// The rows of the table with this head.
fn rows(text: &str, head: &str) -> anyhow::Result<impl Iterator<Item = Vec<String>>> {
    let (_, table) = text.split_once(&format!("{head}\n")).with_context(|| format!("no table {head}"))?;
    let rows: Vec<_> =
        table.lines().skip(1).map_while(|line| line.strip_prefix("| ")?.strip_suffix('|')).collect();
    ensure!(!rows.is_empty(), "{head} has no rows");
    let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect();
    Ok(rows.into_iter().map(cells).collect::<Vec<_>>().into_iter())
}
