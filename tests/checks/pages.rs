//! The blocks of the README and of the pages under `docs/`: what is shown as denied is denied, what is shown as allowed is allowed.
//!
//! The words behind ` ```yaml ` say what is to come of a block:
//!
//! - `settings`: they are valid, and hold for the blocks up to the next heading;
//! - `refused`: settings that are not valid;
//! - `denied RULE...`: an object that these rules deny, and no other;
//! - `warned RULE...`: an object that is let in as it is, with warnings of these rules, and no other;
//! - `allowed`: an object that breaks no rule;
//! - `repaired-from RULE...`: an object that these rules would deny, and no other, without the setting `fix`;
//! - `repaired`: what the policy makes of the last object.
//!
//! A block ` ```diff repaired-from RULE... ` is both: an object that these rules would deny, and what the setting `fix: All` makes of it.
//!
//! A block ` ```text says ` is part of what the user was told of the block before it; its lines may be broken anywhere.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::{fs, mem};

use acceptance::case::Case;
use acceptance::outcome::Outcome;
use acceptance::seen::Decision;
use anyhow::{Context as _, bail, ensure};
use libtest_mimic::Trial;
use policy_host::PolicyModule;
use serde_json::{Value, json};

use super::trial::trial;

/// Each page, how many blocks of it are judged at least, so that no change to a page or to this file loses them unseen, and how many
/// other tests judge.
const PAGES: [(&str, usize, usize); 5] = [
    ("README.md", 2, 4),
    ("docs/repairs.md", 3, 0),
    ("docs/settings.md", 35, 0),
    ("docs/recipes.md", 42, 0),
    ("docs/troubleshooting.md", 17, 0),
];

pub(super) fn trials(root: &Path, module: &Arc<PolicyModule>) -> Vec<Trial> {
    let one = |(page, least, others): (&'static str, usize, usize)| {
        let (path, module) = (root.join(page), Arc::clone(module));
        trial(format!("doc::{page}"), move || {
            let text = fs::read_to_string(path)?;
            let judged = Page::new(&module).judge(&text)?;
            ensure!(judged >= least, "only {judged} blocks are judged");
            let bare = text.lines().filter(|line| *line == "```yaml").count();
            ensure!(bare == others, "{bare} blocks do not say what is to come of them");
            Ok(())
        })
    };
    PAGES.into_iter().map(one).collect()
}

/// What is known at a block of a page.
struct Page<'m> {
    module: &'m PolicyModule,
    settings: Value,
    object: Value,
    /// All that the user was told of the last block.
    said: String,
}

impl<'m> Page<'m> {
    fn new(module: &'m PolicyModule) -> Self {
        Self { module, settings: json!({}), object: Value::Null, said: String::new() }
    }

    /// Judges all blocks, and counts them.
    fn judge(mut self, text: &str) -> anyhow::Result<usize> {
        let (mut judged, mut block) = (0, None::<(usize, String, String)>);
        for (index, line) in text.lines().enumerate() {
            match (&mut block, line.strip_prefix("```")) {
                (None, Some(info)) => block = Some((index + 1, info.to_owned(), String::new())),
                (Some(_), Some(_)) => {
                    let (start, info, block) = mem::take(&mut block).unwrap_or_default();
                    let is_judged = self.block(&info, &block).with_context(|| format!("line {start}"))?;
                    judged += usize::from(is_judged);
                }
                (Some((_, _, block)), None) => *block += &format!("{line}\n"),
                (None, None) if line.starts_with('#') => self.settings = json!({}),
                (None, None) => {}
            }
        }
        ensure!(block.is_none(), "the last block does not end");
        Ok(judged)
    }

    fn block(&mut self, info: &str, text: &str) -> anyhow::Result<bool> {
        let mut words = info.split(' ');
        match (words.next(), words.next()) {
            (Some("yaml"), Some(verdict)) => self.yaml(verdict, &words.collect::<Vec<_>>(), text)?,
            (Some("diff"), Some("repaired-from")) => {
                self.settings = json!({"fix": "All"});
                self.yaml("repaired-from", &words.collect::<Vec<_>>(), &side(text, '-'))?;
                let told = mem::take(&mut self.said);
                self.is_repaired(&manifest::parse_one(&side(text, '+'))?)?;
                self.said = told;
            }
            (Some("text"), Some("says")) => {
                ensure!(self.said.contains(&text.trim().replace('\n', " ")), "said is {}", self.said);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn yaml(&mut self, verdict: &str, rules: &[&str], text: &str) -> anyhow::Result<()> {
        let value = manifest::parse_one(text)?;
        match verdict {
            "settings" | "refused" => return self.take_settings(value, verdict == "refused"),
            "repaired" => return self.is_repaired(&value),
            _ => self.object = value,
        }
        let outcome = self.outcome(verdict == "repaired-from");
        let denies = matches!(verdict, "denied" | "repaired-from");
        let found = outcome.violations().into_iter().filter(|found| (found.action == "Deny") == denies);
        let broken: BTreeSet<_> = found.map(|found| found.rule).collect();
        let decision = match verdict {
            "denied" | "repaired-from" => Decision::Deny,
            "warned" | "allowed" => Decision::Allow,
            _ => bail!("{verdict} is no verdict"),
        };
        let all = format!("{:#}", outcome.to_value());
        ensure!(outcome.seen.decision == decision, "{all}");
        ensure!(broken.iter().eq(rules), "{all}");
        Ok(())
    }

    fn take_settings(&mut self, settings: Value, are_refused: bool) -> anyhow::Result<()> {
        let verdict = self.module.validate_settings(&settings)?;
        self.said = verdict.message.unwrap_or_default();
        ensure!(verdict.valid != are_refused, "{}", self.said);
        if !are_refused {
            ensure!(self.said.is_empty(), "{}", self.said);
            self.settings = settings;
        }
        Ok(())
    }

    /// What is repaired is what is shown, and breaks no rule.
    fn is_repaired(&mut self, expected: &Value) -> anyhow::Result<()> {
        let made = self.outcome(false).object.context("it is not repaired")?;
        ensure!(made == *expected, "it is repaired to\n{}", manifest::to_yaml(&made));
        Ok(())
    }

    /// What the policy says of the last object; all of it is what the user is told.
    fn outcome(&mut self, unrepaired: bool) -> Outcome {
        let case = Case::with_settings(self.object.clone(), self.settings.clone());
        let outcome = Outcome::of_library(&if unrepaired { case.with_fix("None") } else { case });
        let seen = &outcome.seen;
        let told = seen.message.iter().chain(&seen.warnings).chain(seen.audit_annotations.values());
        self.said = told.fold(String::new(), |all, text| format!("{all}{text}\n"));
        outcome
    }
}

/// The lines of a diff that both sides have, and those of one side.
fn side(diff: &str, sign: char) -> String {
    diff.lines().filter_map(|line| line.strip_prefix([' ', sign])).map(|line| format!("{line}\n")).collect()
}
