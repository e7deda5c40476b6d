//! What a repair is asked, and what it answers.

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
    /// The least value of the setting `fix` with which it does.
    pub(crate) needs: Fix,
    /// What has to be repaired before.
    pub(crate) phase: Phase,
    /// Plans the repair. Either the plan is carried out as a whole, or the object is not touched.
    pub(crate) plan: fn(&Task<'_>, &Draft<'_>) -> Result<Plan, Refusal>,
}

/// What is to be repaired.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'p> {
    /// The Pod as the rules see it, and what it is judged by.
    pub(crate) context: &'p Context<'p>,
    /// What breaks the rule.
    pub(crate) subject: &'p Subject,
}

impl<'p> Task<'p> {
    /// The container that breaks the rule.
    ///
    /// # Errors
    /// The Pod as a whole does.
    pub(crate) fn container(&self) -> Result<&'p Container<'p>, Refusal> {
        let id = self.subject.container();
        id.and_then(|id| self.context.pod.get(id)).ok_or(Cow::Borrowed("it is in no container"))
    }

    /// What of the Pod as a whole breaks the rule.
    ///
    /// # Errors
    /// A container does.
    pub(crate) fn key(&self) -> Result<&'p Key, Refusal> {
        match self.subject {
            Subject::Pod(key) => Ok(key),
            Subject::Container(_) => Err(Cow::Borrowed("it is in a container")),
        }
    }
}

/// How something is repaired.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What is done: "moved ...".
    pub(crate) what: String,
    /// The edits, in order.
    pub(crate) edits: Vec<Edit>,
}

/// What is repaired before what. A phase begins when there is nothing to repair in those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The proxy of a mesh: until it starts first, no probe reaches the other sidecars.
    Mesh,
    /// The other containers.
    Container,
    /// Sidecars that have to stay where they are.
    Hold,
    /// The Pod as a whole: an init container that waits goes after the sidecars that it may need.
    Pod,
}
