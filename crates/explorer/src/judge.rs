//! What the library says about an object, before and after repairs.

use serde_json::Value;
use sidecar_startup::settings::json::{lenient, with};
use sidecar_startup::{Answer, Decision, Settings, Timeline};

use crate::objects::Object;

/// What objects are judged with.
#[derive(Debug)]
pub(crate) struct Judge {
    settings: Value,
    /// The same, read.
    pub(crate) parsed: Settings,
}

impl Judge {
    pub(crate) const fn new(settings: Value, parsed: Settings) -> Self {
        Self { settings, parsed }
    }

    /// What the policy answers.
    pub(crate) fn answer(&self, object: &Object) -> Answer {
        answer(object, &self.settings)
    }

    /// What is wrong with the object as it is written.
    pub(crate) fn unrepaired(&self, object: &Object) -> Answer {
        answer(object, &with(&self.settings, [("fix", "None".into())]))
    }

    /// Whether the policy itself makes repairs.
    pub(crate) fn repairs(&self) -> bool {
        self.settings.get("fix").is_some_and(|fix| fix != "None")
    }

    /// Repairs an object by the setting `fix`; as far as possible where it is `None`, since whoever looks at a manifest wants to know.
    /// What still is denied after repairs keeps the policy from any, but not from showing those that can be made.
    pub(crate) fn repair(&self, object: &Object) -> Option<Decision> {
        let extent = if self.repairs() { self.settings.get("fix").cloned() } else { None };
        let settings = with(&self.settings, [("fix", extent.unwrap_or_else(|| "All".into()))]);
        let decision = decided(answer(object, &settings))?;
        if decision.object.is_some() {
            return Some(decision);
        }
        let found = decision.violations.iter().map(|violation| violation.rule);
        decided(answer(object, &lenient(&settings, found)))
    }

    /// The timelines of the Pods that an object creates, or that it creates once it is repaired.
    pub(crate) fn timelines(&self, object: &Object, value: &Value) -> Vec<Timeline> {
        sidecar_startup::timelines(&object.payload(value, &self.settings)).unwrap_or_default()
    }
}

fn answer(object: &Object, settings: &Value) -> Answer {
    sidecar_startup::validate(&object.payload(object.value(), settings))
}

fn decided(answer: Answer) -> Option<Decision> {
    match answer {
        Answer::Decided(decision) => Some(decision),
        Answer::Unreadable { .. } => None,
    }
}
