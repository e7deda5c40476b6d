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
    let tables: [(&str, Check); 4] = [
        ("README.md", rules_of_the_readme),
        ("docs/repairs.md", repairs),
        ("docs/settings.md", settings),
        ("questions-ui.yml", form),
    ];
    let one = |(file, check): (&str, Check)| {
        let path: PathBuf = root.join(file);
        trial(format!("tables::{file}"), move || check(&fs::read_to_string(path)?))
    };
    tables.into_iter().map(one).collect()
}

/// Checks the text of a page.
type Check = fn(&str) -> anyhow::Result<()>;

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
        let setting = Field { settings: json!({}), of: "", name };
        // Defaults that are no values are told in words.
        if default.contains('`') {
            setting.has_default(default)?;
        } else {
            ensure!(["help", "oldestKubernetes"].contains(&name), "{name}: {default} is no value");
        }
        if values.starts_with('`') {
            setting.takes_only(values)?;
        }
        named.insert(name.to_owned());
    }
    is_complete(&named)?;
    for cells in rows(text, "| field | type | default | |")? {
        let [name, values, default, _] = cells.as_slice() else { anyhow::bail!("{cells:?}") };
        let settings = json!({"sidecars": [{"match": {"containerNames": ["a"]}}]});
        let field = Field { settings, of: "/sidecars/0", name: name.trim_matches('`') };
        if !["-", "required"].contains(&default.as_str()) {
            field.has_default(default)?;
        }
        if ["need", "position"].contains(&field.name) {
            field.takes_only(values)?;
        }
    }
    for cells in rows(text, "| field | values | default | |")? {
        let [name, _, default, _] = cells.as_slice() else { anyhow::bail!("{cells:?}") };
        let name = name.trim_matches('`');
        // Others than this one need it.
        let support = if name == "sidecarSupport" { "Assumed" } else { "Checked" };
        let settings = json!({"nodes": {"sidecarSupport": support}});
        Field { settings, of: "/nodes", name }.has_default(default)?;
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

/// A field of settings that are valid without it.
struct Field<'f> {
    settings: Value,
    /// The JSON pointer to the object that it is a field of.
    of: &'f str,
    name: &'f str,
}

impl Field<'_> {
    fn set(&self, value: Value) -> anyhow::Result<String> {
        let mut settings = self.settings.clone();
        let object =
            settings.pointer_mut(self.of).and_then(Value::as_object_mut).context(self.of.to_owned())?;
        object.insert(self.name.to_owned(), value);
        read_settings(&settings).with_context(|| self.name.to_owned())
    }

    /// Its default, as a cell has it, changes nothing.
    fn has_default(&self, cell: &str) -> anyhow::Result<()> {
        let is_same = self.set(value_of(cell)?)? == read_settings(&self.settings)?;
        ensure!(is_same, "{}: {cell} is not the default", self.name);
        Ok(())
    }

    /// It takes each of the values in a cell, which mean different things, and no other word.
    fn takes_only(&self, cell: &str) -> anyhow::Result<()> {
        let mut seen = BTreeSet::new();
        for value in quoted(cell) {
            ensure!(
                seen.insert(self.set(json!(value))?),
                "{}: {value} means the same as another value",
                self.name
            );
        }
        ensure!(self.set(json!("Other")).is_err(), "{} takes any word", self.name);
        Ok(())
    }
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
