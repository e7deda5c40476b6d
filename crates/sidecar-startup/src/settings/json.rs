//! Settings as the JSON that the operator wrote, with changes for those who ask what other settings would do.

use serde_json::Value;

use super::rule_id::RuleId;

/// Settings with some fields replaced.
#[must_use]
pub fn with<const N: usize>(settings: &Value, fields: [(&str, Value); N]) -> Value {
    let mut settings = settings.as_object().cloned().unwrap_or_default();
    settings.extend(fields.into_iter().map(|(key, value)| (key.to_owned(), value)));
    settings.into()
}

/// The same settings, but for violations that deny an object: they only warn. The policy repairs nothing where something is denied after
/// all; whoever edits a manifest is glad of every step.
///
/// A classic sidecar that was denied does not have to hold the application where it is instead: `found` has the rules that
/// found something by the settings as they are.
#[must_use]
pub fn lenient(settings: &Value, found: impl IntoIterator<Item = RuleId>) -> Value {
    let mut rules = settings.get("rules").and_then(Value::as_object).cloned().unwrap_or_default();
    for action in rules.values_mut().filter(|action| **action == "Deny") {
        *action = "Warn".into();
    }
    if found.into_iter().all(|rule| rule != RuleId::AppNotHeld) {
        rules.insert(RuleId::AppNotHeld.name().to_owned(), "Ignore".into());
    }
    let strongest = if settings.get("defaultAction").is_some_and(|action| action == "Ignore") {
        "Ignore"
    } else {
        "Warn"
    };
    with(settings, [("defaultAction", strongest.into()), ("rules", rules.into())])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lenient_settings_deny_nothing() {
        let settings = json!({"fix": "All", "defaultAction": "Deny", "rules": {"classic-sidecar": "Deny", "slow-startup-gate": "Ignore"}});
        let expected = json!({"fix": "All", "defaultAction": "Warn", "rules": {"classic-sidecar": "Warn", "slow-startup-gate": "Ignore"}});
        assert_eq!(lenient(&settings, [RuleId::ClassicSidecar, RuleId::AppNotHeld]), expected);
    }

    #[test]
    fn lenient_settings_find_nothing_that_is_switched_off() {
        let settings = json!({"defaultAction": "Ignore", "rules": {"startup-gate-never-opens": "Deny"}});
        let expected = json!({"defaultAction": "Ignore", "rules": {"startup-gate-never-opens": "Warn"}});
        assert_eq!(lenient(&settings, [RuleId::StartupGateNeverOpens, RuleId::AppNotHeld]), expected);
    }

    #[test]
    fn lenient_settings_find_nothing_new_in_an_application_that_is_not_held() {
        let expected = json!({"defaultAction": "Warn", "rules": {"app-not-held": "Ignore"}});
        assert_eq!(lenient(&Value::Null, [RuleId::ClassicSidecar]), expected);
    }
}
