//! What goes into planning a repair, and what comes out.

use std::borrow::Cow;

use super::draft::Draft;
use super::edit::Edit;
use crate::finding::{Key, Refusal, Subject};
use crate::pod::container::Container;
use crate::settings::action::Fix;
use crate::startup::context::Context;

/// How a rule repairs what it finds.
#[derive(Debug)]
pub(crate) struct Repair {
    /// The lowest value of the setting `fix` at which it is made.
    pub(crate) needs: Fix,
    /// When it is made.
    pub(crate) phase: Phase,
    /// Plans the repair. The plan is carried out as a whole, or the object is left alone.
    pub(crate) plan: fn(&Task<'_, '_>, &Draft<'_>) -> Result<Plan, Refusal>,
}

/// One thing to repair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'t, 'p> {
    /// The Pod and the settings.
    pub(crate) context: &'t Context<'p>,
    /// What breaks the rule.
    pub(crate) subject: &'t Subject,
    /// Whose deadlocks the plan has to avoid by itself.
    pub(crate) trial: Trial,
}

/// How plans are held against the start-up graph, which takes a graph of the whole Pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trial {
    /// Each plan by itself.
    Alone,
    /// All plans of a round at once, once they are carried out. Only if something breaks is each tried by itself.
    Together,
}

impl<'t, 'p> Task<'t, 'p> {
    /// The container that breaks the rule.
    ///
    /// # Errors
    /// It is the Pod as a whole.
    pub(crate) fn container(&self) -> Result<&'p Container<'p>, Refusal> {
        let id = self.subject.container();
        id.and_then(|id| self.context.pod.get(id)).ok_or(Cow::Borrowed("no container breaks the rule"))
    }

    /// What of the Pod as a whole breaks the rule.
    ///
    /// # Errors
    /// It is a container.
    pub(crate) fn key(&self) -> Result<&'t Key, Refusal> {
        match self.subject {
            Subject::Pod(key) => Ok(key),
            Subject::Container(_) => Err(Cow::Borrowed("a container breaks the rule")),
        }
    }
}

/// How something is repaired.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What is done, for messages: "moved ...".
    pub(crate) what: String,
    /// The edits, in order.
    pub(crate) edits: Vec<Edit>,
    /// The least value of the setting `fix` with which it is carried out, where that is more than the rule's.
    pub(crate) needs: Fix,
}

impl Plan {
    /// A plan that is carried out wherever its rule repairs.
    pub(crate) const fn new(what: String, edits: Vec<Edit>) -> Self {
        Self { what, edits, needs: Fix::Safe }
    }
}

/// The order of repairs. A phase begins when the ones before it have nothing left to repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// What keeps the Pod from starting as it is: until it starts, nothing tells what a repair would break.
    Hanging,
    /// The proxy of a mesh: until it starts first, no probe reaches the other sidecars.
    Mesh,
    /// The other containers.
    Container,
    /// Sidecars that have to stay where they are.
    Hold,
    /// The Pod as a whole: an init container that waits goes after the sidecars that it may need.
    Pod,
}
