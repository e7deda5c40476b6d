//! What comes out of a case, by either way.

use std::collections::BTreeMap;

#[cfg(feature = "module")]
use anyhow::{Context as _, ensure};
#[cfg(feature = "module")]
use policy_host::{AdmissionRequest, PolicyModule, host_calls};
use serde_json::{Value, json};
use sidecar_startup::{Settings, validate, validate_in};

use crate::case::Case;
#[cfg(feature = "module")]
use crate::cluster::RecordedCluster;
use crate::library;
use crate::seen::{Decision, Seen, Violation};

/// What comes out of a case.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    /// What the user sees.
    pub seen: Seen,
    /// The object as repaired, where it was.
    pub object: Option<Value>,
    /// What the command proposes to put where, see [`library::proposals`]. The module knows nothing of it.
    pub proposals: Vec<BTreeMap<String, Value>>,
}

impl Outcome {
    /// What the library says.
    #[must_use]
    pub fn of_library(case: &Case) -> Self {
        let payload = json!({"request": case.request(), "settings": case.settings}).to_string();
        let answer = match &case.cluster {
            Some(cluster) => validate_in(cluster, &payload),
            None => validate(&payload),
        };
        if Settings::from_value(&case.settings).is_err() {
            return Self::of_bad_settings(answer.message());
        }
        let decision = decision(answer.is_allowed(), answer.object().is_some());
        let annotations = answer.audit_annotations().into_iter();
        let seen = Seen {
            decision,
            message: (!answer.is_allowed()).then(|| answer.message()),
            warnings: answer.warnings(),
            audit_annotations: annotations.map(|(key, text)| (key.to_owned(), text)).collect(),
        };
        Self { seen, proposals: library::proposals(&answer), object: answer.repaired() }
    }

    /// What the module says.
    ///
    /// # Errors
    /// The module fails, or what it says besides is not what the library says of it.
    #[cfg(feature = "module")]
    pub fn of_module(case: &Case, module: &PolicyModule) -> anyhow::Result<Self> {
        let verdict = module.validate_settings(&case.settings)?;
        if !verdict.valid {
            return Ok(Self::of_bad_settings(verdict.message.unwrap_or_default()));
        }
        let warning = library::settings_warning(&case.settings);
        ensure!(verdict.message == warning, "the module says of the settings: {:?}", verdict.message);
        let request = AdmissionRequest::from_value(case.request())?;
        let calls = case.cluster.as_ref().map_or_else(host_calls::none, RecordedCluster::host_calls);
        let response = module.instantiate_with(calls)?.validate(request, &case.settings);
        let (message, code) =
            response.status.clone().map_or((None, None), |status| (status.message, status.code));
        ensure!(code == (!response.allowed).then_some(400), "the module answers with code {code:?}");
        let is_changed = response.patch.is_some();
        let patched = response.patched(&case.object).context("the patch does not fit")?;
        let seen = Seen {
            decision: decision(response.allowed, is_changed),
            message,
            warnings: response.warnings.unwrap_or_default(),
            audit_annotations: response.audit_annotations.unwrap_or_default(),
        };
        Ok(Self { seen, object: is_changed.then_some(patched), proposals: Vec::new() })
    }

    fn of_bad_settings(message: String) -> Self {
        let seen = Seen { decision: Decision::BadSettings, message: Some(message), ..Seen::default() };
        Self { seen, object: None, proposals: Vec::new() }
    }

    /// Whether the object is let in.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self.seen.decision, Decision::Allow | Decision::Mutate)
    }

    /// Whether the object is kept out because it cannot be read.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        self.seen.decision == Decision::Deny && self.violations().is_empty()
    }

    /// What the user is told when the object is not let in.
    #[must_use]
    pub fn message(&self) -> &str {
        self.seen.message.as_deref().unwrap_or_default()
    }

    /// The violations in the audit log.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.seen.violations()
    }

    /// The form of `expected.yaml`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut value = json!(self.seen);
        if let (false, Some(fields)) = (self.proposals.is_empty(), value.as_object_mut()) {
            fields.insert("proposals".to_owned(), json!(self.proposals));
        }
        value
    }

    /// Has the module judge the same case, and compares all that the user sees of its answer.
    ///
    /// # Errors
    /// The module says something else.
    #[cfg(feature = "module")]
    pub fn compare_with_module(&self, case: &Case, module: &PolicyModule) -> anyhow::Result<()> {
        let theirs = Self::of_module(case, module)?;
        let (mine, said) = (&self.seen, &theirs.seen);
        ensure!(mine == said, "the library says\n{mine:#?}\nbut the module says\n{said:#?}");
        let (mine, made) = (&self.object, &theirs.object);
        ensure!(mine == made, "the library makes\n{mine:#?}\nbut the module makes\n{made:#?}");
        Ok(())
    }
}

fn decision(is_allowed: bool, is_changed: bool) -> Decision {
    match (is_allowed, is_changed) {
        (true, false) => Decision::Allow,
        (true, true) => Decision::Mutate,
        (false, _) => Decision::Deny,
    }
}
