//! Annotations that silence one rule: `sidecar-startup/ignore.<rule>: "<reason>"`. Only the command honours them: its user owns the
//! manifest, while nobody may switch off a rule that the operator of a policy has set.

use serde_json::{Map, Value};
use sidecar_startup::RuleId;

use crate::rules;

const PREFIX: &str = "sidecar-startup/ignore.";

/// The annotations of an object and of its templates.
#[derive(Debug, Default)]
pub(crate) struct Ignores {
    /// What is silenced: the JSON pointer of the object or template, and the rule.
    rules: Vec<(String, RuleId)>,
    /// What is wrong with an annotation: its JSON pointer, and why.
    pub(crate) errors: Vec<(String, String)>,
}

impl Ignores {
    /// Reads the annotations of an object, given as JSON.
    pub(crate) fn of(json: &str) -> Self {
        let mut ignores = Self::default();
        // Most objects have none and are not parsed. JSON may escape the slash, as in PHP.
        if json.contains("sidecar-startup") && json.contains("ignore.") {
            ignores.collect(&serde_json::from_str(json).unwrap_or_default(), "");
        }
        ignores
    }

    /// Whether a rule is silenced at a field.
    pub(crate) fn cover(&self, rule: RuleId, pointer: &str) -> bool {
        self.rules.iter().any(|(of, silenced)| *silenced == rule && pointer.starts_with(of.as_str()))
    }

    fn collect(&mut self, value: &Value, pointer: &str) {
        let Some(fields) = value.as_object() else { return };
        let metadata = fields.get("metadata").and_then(|metadata| metadata.get("annotations"));
        if let Some(annotations) = metadata.and_then(Value::as_object) {
            self.add(annotations, pointer);
        }
        // Templates are below such fields only; what else an object holds may be user data.
        for (key, field) in fields {
            if key != "metadata" {
                self.collect(field, &format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")));
            }
        }
    }

    fn add(&mut self, annotations: &Map<String, Value>, pointer: &str) {
        for (key, reason) in annotations {
            let Some(name) = key.strip_prefix(PREFIX) else { continue };
            let rule = rules::named(name);
            let error = match (rule, reason.as_str().map(str::trim)) {
                (Ok(rule), Some(text)) if !text.is_empty() => {
                    self.rules.push((pointer.to_owned(), rule.id));
                    continue;
                }
                (Ok(rule), _) => format!(
                    "give the reason as the value, such as \"until the mesh is upgraded\"; without one, {} is not ignored",
                    rule.id
                ),
                (Err(error), _) => error.to_string(),
            };
            let field = key.replace('~', "~0").replace('/', "~1");
            self.errors.push((format!("{pointer}/metadata/annotations/{field}"), error));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(annotations: &Value) -> Ignores {
        let object = json!({"spec": {"template": {"metadata": {"annotations": annotations}}}});
        Ignores::of(&object.to_string())
    }

    #[test]
    fn one_silences_one_rule_below_it() {
        let ignores = of(&json!({"sidecar-startup/ignore.classic-sidecar": "see the runbook"}));
        assert!(ignores.cover(RuleId::ClassicSidecar, "/spec/template/spec/containers/1"));
        assert!(!ignores.cover(RuleId::NeverCompletingJob, "/spec/template/spec/containers/1"));
        assert!(!ignores.cover(RuleId::ClassicSidecar, "/spec/other/spec/containers/1"));
        assert!(ignores.errors.is_empty());
    }

    #[test]
    fn needs_a_reason_and_a_rule() {
        for (key, value, error) in [
            ("classic-sidecar", json!(" "), "give the reason"),
            ("classic-sidecar", json!(true), "give the reason"),
            ("classic-sidecars", json!("x"), "did you mean \"classic-sidecar\"?"),
            ("*", json!("x"), "there is no rule \"*\""),
        ] {
            let ignores = of(&json!({format!("sidecar-startup/ignore.{key}"): value}));
            let (pointer, text) = ignores.errors.first().unwrap();
            assert!(text.contains(error), "{text}");
            assert!(pointer.ends_with(&format!("/metadata/annotations/sidecar-startup~1ignore.{key}")));
            assert!(!ignores.cover(RuleId::ClassicSidecar, "/spec/template/spec"));
        }
    }
}
