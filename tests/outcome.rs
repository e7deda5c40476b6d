//! What comes out of a case, by either way.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use policy_host::{AdmissionRequest, AdmissionResponse, PolicyModule};
use serde_json::{Map, Value, json};
use sidecar_startup::{Action, Decision, Request, Settings, Violation, evaluate};

use crate::case::Case;

/// What comes out of a case.
#[derive(Debug)]
pub enum Outcome {
    /// A decision.
    Decided(Decision),
    /// The object cannot be read.
    Unreadable(String),
    /// The settings are refused.
    BadSettings(String),
}

impl Outcome {
    /// What the library says.
    #[must_use]
    pub fn of_library(case: &Case) -> Self {
        let settings = match Settings::from_value(&case.settings) {
            Ok(settings) => settings,
            Err(error) => return Self::BadSettings(format!("settings.{error}")),
        };
        let request = case.request();
        let decision = match read(&request.to_string()) {
            Ok(request) => evaluate(&settings, &request),
            Err(_) => Request::explain(&request, &|request| read(&request.to_string()).map(drop))
                .map_or_else(|| Ok(Decision::default()), Err),
        };
        decision.map_or_else(|error| Self::Unreadable(error.to_string()), Self::Decided)
    }

    /// What the user is told when the object is not let in.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Decided(decision) => decision.message(),
            Self::Unreadable(message) | Self::BadSettings(message) => message.clone(),
        }
    }

    /// The violations, none where there is no decision.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::Decided(decision) => &decision.violations,
            Self::Unreadable(_) | Self::BadSettings(_) => &[],
        }
    }

    /// The form of `expected.yaml`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let decision = match self {
            Self::Decided(decision) if decision.is_allowed() => "Allow",
            Self::Decided(_) | Self::Unreadable(_) => "Deny",
            Self::BadSettings(_) => "BadSettings",
        };
        let mut fields = Map::from_iter([("decision".to_owned(), json!(decision))]);
        let with_action =
            |action| self.violations().iter().filter(move |violation| violation.action == action);
        let violations: Vec<_> = with_action(Action::Deny)
            .map(|violation| json!({"rule": violation.rule.id, "path": violation.finding.path.to_string()}))
            .collect();
        let warnings: Vec<_> = with_action(Action::Warn)
            .map(|violation| {
                json!({
                    "rule": violation.rule.id,
                    "path": violation.finding.path.to_string(),
                    "text": violation.warning(),
                })
            })
            .collect();
        if !violations.is_empty() {
            fields.insert("violations".to_owned(), violations.into());
        }
        if !warnings.is_empty() {
            fields.insert("warnings".to_owned(), warnings.into());
        }
        if decision != "Allow" {
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
        let request = AdmissionRequest::from_value(case.request())?;
        let response = module.validate(request, &case.settings)?;
        let (mine, theirs) = (self.answer(), Self::answer_of(&response));
        ensure!(mine == theirs, "the library says\n{mine:#}\nbut the module says\n{theirs:#}");
        let patched = response.patched(&case.object).context("the patch does not fit")?;
        ensure!(patched == case.object, "the module changes the object to\n{patched:#}");
        Ok(())
    }

    /// The part of an admission response that the policy decides.
    fn answer(&self) -> Value {
        let (allowed, warnings, annotations) = match self {
            Self::Decided(decision) => {
                (decision.is_allowed(), decision.warnings(), decision.audit_annotations())
            }
            Self::Unreadable(_) | Self::BadSettings(_) => (false, Vec::new(), Vec::new()),
        };
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

fn read(request: &str) -> Result<Request<'_>, serde_json::Error> {
    serde_json::from_str(request)
}
