//! Who waits for a gate, whether it ever opens, and what the rules say about its container.

use super::words::{name, waiting};
use super::{View, Why};
use crate::pod::container::{Container, ContainerKind};
use crate::settings::action::Action;
use crate::settings::rule_id::RuleId;
use crate::startup::sequence::WaitClass;

impl View<'_> {
    /// Says that a container holds the Pod: who waits for it, whether that ever ends, and what the rules say.
    pub(super) fn held_by(&self, container: &Container<'_>, sentence: String, then: Option<String>) -> Why {
        let waiting = waiting(&self.waiting_for(container));
        let first = match waiting {
            Some(waiting) => format!("{sentence}; {waiting} for it"),
            None => sentence,
        };
        let mut why = Why::held(first);
        let never = self.never(container);
        why.sentences.extend(if never.is_some() { never } else { then });
        why.rules = self.rules_on(container);
        why
    }

    /// Who is not started before the gate of a container opens, at once or after others.
    fn waiting_for(&self, container: &Container<'_>) -> Vec<String> {
        let later = self.context.pod.containers.iter().filter(|other| container.is_before(other));
        if container.is_init() {
            return later.map(name).collect();
        }
        let waits = |other: &&Container<'_>| {
            let step = self.sequence.steps.get(other.id.position());
            let class = step.and_then(|step| step.waits_for).map(|(_, class)| class);
            class == Some(WaitClass::Soft) || class == Some(WaitClass::None)
        };
        later.filter(waits).map(name).collect()
    }

    /// Why the gate of a container never opens, if that is proven.
    pub(super) fn never(&self, container: &Container<'_>) -> Option<String> {
        if container.never_completes() {
            let shown = name(container);
            return Some(match container.kind {
                ContainerKind::Init(Some(_)) => format!(
                    "{shown} is an ordinary init container here and never exits: it lacks restartPolicy: Always, or something has \
                     removed it"
                ),
                _ => format!("{shown} is an ordinary init container and its command never ends"),
            });
        }
        let dead = self.context.dead_gate(container)?;
        Some(format!("It will never succeed: {}", dead.reason))
    }

    /// What the rules say about a container.
    pub(super) fn rules_on(&self, container: &Container<'_>) -> Vec<(RuleId, String)> {
        let of_container = |subject: &crate::finding::Subject| subject.container() == Some(container.id);
        let own = self.violations.iter().filter(|it| of_container(&it.finding.subject));
        own.map(|it| (it.rule, it.finding.short.clone())).collect()
    }

    /// What the rules would deny about the Pod.
    pub(super) fn denials(&self) -> Vec<(RuleId, String)> {
        let denied = self.violations.iter().filter(|it| it.action == Action::Deny);
        denied.map(|it| (it.rule, it.finding.short.clone())).collect()
    }
}
