//! What comes out of a case, by either way.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use policy_host::{AdmissionRequest, AdmissionResponse, PolicyModule, host_calls};
use serde_json::{Map, Value, json};
use sidecar_startup::{Action, Answer, Settings, Violation, validate, validate_in};

use crate::case::Case;
use crate::cluster::RecordedCluster;

/// What comes out of a case.
#[derive(Debug)]
pub enum Outcome {
    /// An answer.
    Answered(Answer),
    /// The settings are refused.
    BadSettings(String),
}

impl Outcome {
    /// What the library says.
    #[must_use]
    pub fn of_library(case: &Case) -> Self {
        if let Err(error) = Settings::from_value(&case.settings) {
            return Self::BadSettings(error.below(&["settings"].into()).to_string());
        }
        let payload = json!({"request": case.request(), "settings": case.settings});
        let payload = payload.to_string();
        Self::Answered(match &case.cluster {
            Some(cluster) => validate_in(cluster, &payload),
            None => validate(&payload),
        })
    }

    /// Whether the object is let in.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Answered(answer) if answer.is_allowed())
    }

    /// What the user is told when the object is not let in.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Answered(answer) => answer.message(),
            Self::BadSettings(message) => message.clone(),
        }
    }

    /// The object as repaired, where it was.
    #[must_use]
    pub fn object(&self) -> Option<&Value> {
        match self {
            Self::Answered(answer) => answer.object(),
            Self::BadSettings(_) => None,
        }
    }

    /// The violations, none where there is no decision.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::Answered(answer) => answer.violations(),
            Self::BadSettings(_) => &[],
        }
    }

    /// The form of `expected.yaml`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let decision = match self {
            Self::Answered(answer) if answer.object().is_some() => "Mutate",
            Self::Answered(_) if self.is_allowed() => "Allow",
            Self::Answered(_) => "Deny",
            Self::BadSettings(_) => "BadSettings",
        };
        let mut fields = Map::from_iter([("decision".to_owned(), json!(decision))]);
        if let Self::Answered(Answer::Decided(decision)) = self
            && !decision.fixes.is_empty()
        {
            let fixes: Vec<_> = decision.fixes.iter().map(ToString::to_string).collect();
            fields.insert("fixes".to_owned(), fixes.into());
        }
        let with_action =
            |action| self.violations().iter().filter(move |violation| violation.action == action);
        let violations: Vec<_> = with_action(Action::Deny)
            .map(|violation| {
                with_suggestion(
                    violation,
                    json!({"rule": violation.rule.name(), "path": violation.finding.path.to_string()}),
                )
            })
            .collect();
        let warnings: Vec<_> = with_action(Action::Warn)
            .map(|violation| {
                let warning = json!({
                    "rule": violation.rule.name(),
                    "path": violation.finding.path.to_string(),
                    "text": violation.warning(),
                });
                with_suggestion(violation, warning)
            })
            .collect();
        if !violations.is_empty() {
            fields.insert("violations".to_owned(), violations.into());
        }
        if !warnings.is_empty() {
            fields.insert("warnings".to_owned(), warnings.into());
        }
        if !matches!(decision, "Allow" | "Mutate") {
            fields.insert("message".to_owned(), self.message().into());
        }
        Value::Object(fields)
    }

    /// Has the module judge the same case, and compares every part of its answer.
    ///
    /// # Errors
    /// The module says something else.
    pub fn compare_with_module(&self, case: &Case, module: &PolicyModule) -> anyhow::Result<()> {
        let verdict = module.validate_settings(&case.settings)?;
        if let Self::BadSettings(message) = self {
            ensure!(!verdict.valid, "the module takes the settings");
            ensure!(verdict.message.as_ref() == Some(message), "the module says {:?}", verdict.message);
            return Ok(());
        }
        ensure!(verdict.valid, "the module refuses the settings: {:?}", verdict.message);
        let doubt = Settings::from_value(&case.settings).ok().and_then(|settings| settings.warning());
        ensure!(verdict.message == doubt, "the module says of the settings: {:?}", verdict.message);
        let request = AdmissionRequest::from_value(case.request())?;
        let calls = case.cluster.as_ref().map_or_else(host_calls::none, RecordedCluster::host_calls);
        let response = module.instantiate_with(calls)?.validate(request, &case.settings);
        let (mine, theirs) = (self.answer(), Self::answer_of(&response));
        ensure!(mine == theirs, "the library says\n{mine:#}\nbut the module says\n{theirs:#}");
        let patched = response.patched(&case.object).context("the patch does not fit")?;
        let expected = self.object().unwrap_or(&case.object);
        ensure!(
            patched == *expected,
            "the module changes the object to\n{patched:#}\ninstead of\n{expected:#}"
        );
        Ok(())
    }

    /// The part of an admission response that the policy decides.
    fn answer(&self) -> Value {
        let Self::Answered(answer) = self else { return Value::Null };
        let (allowed, warnings, annotations) =
            (answer.is_allowed(), answer.warnings(), answer.audit_annotations());
        let annotations: BTreeMap<_, _> = annotations.into_iter().collect();
        json!({
            "allowed": allowed,
            "message": (!allowed).then(|| self.message()),
            "code": (!allowed).then_some(400),
            "warnings": (!warnings.is_empty()).then_some(warnings),
            "auditAnnotations": (!annotations.is_empty()).then_some(annotations),
        })
    }

    fn answer_of(response: &AdmissionResponse) -> Value {
        let status = response.status.as_ref();
        json!({
            "allowed": response.allowed,
            "message": status.and_then(|status| status.message.clone()),
            "code": status.and_then(|status| status.code),
            "warnings": response.warnings,
            "auditAnnotations": response.audit_annotations,
        })
    }
}

/// Adds what the command proposes to put there.
fn with_suggestion(violation: &Violation, mut told: Value) -> Value {
    if let (Some(suggestion), Some(fields)) = (&violation.proposal, told.as_object_mut()) {
        fields.insert("suggestion".to_owned(), suggestion.clone());
    }
    told
}
