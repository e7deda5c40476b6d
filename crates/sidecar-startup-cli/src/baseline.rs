//! The baseline: violations that are known, so that only new ones fail.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sidecar_startup::model::read::from_value;

use crate::objects;

/// Identifies a violation in a way that survives edits elsewhere in the file: without lines and positions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    /// The kind of the object.
    pub(crate) kind: String,
    /// Its namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    /// Its name.
    pub(crate) name: String,
    /// The rule.
    pub(crate) rule: String,
    /// The container, if one breaks the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) container: Option<String>,
}

/// The known violations.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    version: u32,
    pub(crate) known: BTreeSet<Known>,
}

/// The version of the format.
const VERSION: u32 = 1;

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// The file cannot be read, or is none.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = || format!("{}", path.display());
        let value = manifest::parse_one(&objects::read(path)?).with_context(name)?;
        let baseline: Self = from_value(&value).with_context(name)?;
        anyhow::ensure!(baseline.version == VERSION, "{}: expected version {VERSION}", path.display());
        Ok(baseline)
    }

    /// The baseline as YAML, one violation a line, sorted, so that its changes are easy to review.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn write(known: &BTreeSet<Known>) -> anyhow::Result<String> {
        let mut text = "# Violations that `sidecar-startup check --baseline` accepts.\n".to_owned();
        text += &format!("version: {VERSION}\n");
        text += if known.is_empty() { "known: []\n" } else { "known:\n" };
        for violation in known {
            text += &format!("- {}\n", serde_json::to_string(violation)?);
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let known = |name: &str, container: Option<&str>| Known {
            kind: "Pod".into(),
            namespace: None,
            name: name.into(),
            rule: "classic-sidecar".into(),
            container: container.map(Into::into),
        };
        let set: BTreeSet<_> = [known("b", None), known("a: #\"", Some("c"))].into();
        let text = Baseline::write(&set).unwrap();
        let read: Baseline = from_value(&manifest::parse_one(&text).unwrap()).unwrap();
        assert_eq!(read, Baseline { version: VERSION, known: set });
        assert!(manifest::parse_one(&Baseline::write(&BTreeSet::new()).unwrap()).is_ok());
    }
}
