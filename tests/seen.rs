//! What the user sees of an answer, by whichever way it comes: the form of `expected.yaml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the user sees of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seen {
    /// What becomes of the object.
    pub decision: Decision,
    /// Why it is not let in; only where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the client prints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What the audit log gets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub audit_annotations: BTreeMap<String, String>,
}

/// What becomes of an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// It is let in as it was sent.
    #[default]
    Allow,
    /// It is let in, repaired.
    Mutate,
    /// It is kept out.
    Deny,
    /// There is no answer, since the settings are refused.
    BadSettings,
}

/// A violation as it stands in the audit log: `ACTION: PATH: KIND: DETAIL (RULE)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// `Deny` or `Warn`.
    pub action: String,
    /// The field, in the words of the API server.
    pub path: String,
    /// What is wrong, and why it is not repaired where that was tried.
    pub text: String,
    /// The id of the rule.
    pub rule: String,
}

impl Seen {
    /// The violations in the audit log.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.lines("violations").filter_map(Violation::parse).collect()
    }

    /// The rule of each repair in the audit log; some are about all repairs together, and of no rule.
    #[must_use]
    pub fn repaired_rules(&self) -> Vec<&str> {
        self.lines("fixes").filter_map(|line| line.rsplit_once(" (")?.1.strip_suffix(')')).collect()
    }

    fn lines(&self, annotation: &str) -> impl Iterator<Item = &str> {
        self.audit_annotations.get(annotation).into_iter().flat_map(|text| text.lines())
    }
}

impl Violation {
    /// Reads a line of the audit log.
    fn parse(line: &str) -> Option<Self> {
        let (action, rest) = line.split_once(": ")?;
        let (path, rest) = rest.split_once(": ")?;
        let (text, rule) = rest.strip_suffix(')')?.rsplit_once(" (")?;
        let [action, path, text, rule] = [action, path, text, rule].map(str::to_owned);
        Some(Self { action, path, text, rule })
    }

    /// Whether a repair was tried, and refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.text.contains("; not repaired: ")
    }

    /// The field as a JSON pointer; nothing where a key is too long to be told in full.
    #[must_use]
    pub fn pointer(&self) -> Option<String> {
        if self.path.contains('…') {
            return None;
        }
        let mut pointer = String::new();
        let mut rest = self.path.as_str();
        while !rest.is_empty() {
            let (key, after) = match rest.strip_prefix('[') {
                Some(inner) => inner.split_once(']')?,
                None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
            };
            pointer += &format!("/{}", key.replace('~', "~0").replace('/', "~1"));
            rest = after.strip_prefix('.').unwrap_or(after);
        }
        Some(pointer)
    }

    /// The container that breaks the rule, as a JSON pointer; nothing where it is the Pod as a whole.
    #[must_use]
    pub fn container(&self) -> Option<String> {
        let pointer = self.pointer()?;
        let keys: Vec<_> = pointer.split('/').collect();
        let index = keys.iter().rposition(|key| key.parse::<usize>().is_ok())?;
        Some(keys.get(..=index)?.join("/"))
    }

    /// The name of that container in the object that was judged.
    #[must_use]
    pub fn container_name<'a>(&self, object: &'a Value) -> Option<&'a str> {
        object.pointer(&self.container()?)?.get("name")?.as_str()
    }
}
