//! What keeps a Pod from starting, whatever the settings say about the rules: a repair must not add any of it.

use crate::finding::{Key, Subject};
use crate::repair::budget;
use crate::rules::rule;
use crate::settings::action::Action;
use crate::settings::rule_id::RuleId;
use crate::startup::check::Effect;
use crate::startup::context::Context;

/// Something that keeps a Pod from starting, and the container or part of the Pod that it is about.
#[derive(PartialEq, Eq)]
enum Obstacle {
    /// What a rule would report for a container.
    Container(RuleId, String),
    /// What a rule would report for the Pod as a whole.
    Pod(RuleId, Key),
    /// The containers exceed a Pod-level request.
    Requests(String),
}

/// What keeps a repaired Pod from starting and did not before, as text for a message. The verdict alone does not tell, since a rule may
/// only warn.
pub(super) fn new_obstacle(before: &Context<'_>, after: &Context<'_>) -> Option<&'static str> {
    let known = obstacles(before);
    let new = obstacles(after).into_iter().find(|obstacle| !known.contains(obstacle))?;
    Some(match new {
        Obstacle::Container(rule, _) | Obstacle::Pod(rule, _) => rule.name(),
        Obstacle::Requests(_) => "the Pod-level resource requests",
    })
}

fn obstacles(context: &Context<'_>) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    for container in &context.pod.containers {
        let of = |rule| Obstacle::Container(rule, container.fields.name.to_string());
        if context.dead_gate(container).is_some_and(|gate| gate.effect == Effect::Blocks) {
            obstacles.push(of(RuleId::StartupGateNeverOpens));
        }
        if container.never_completes() {
            obstacles.push(of(RuleId::SidecarBlocksInit));
        }
    }
    let mut on_nodes = Vec::new();
    if let Some(rule) = rule(RuleId::SidecarOnUnsupportedNode) {
        rule.check(context, &mut on_nodes);
    }
    obstacles.extend(on_nodes.into_iter().filter(|finding| finding.ceiling == Action::Deny).filter_map(
        |finding| match finding.subject {
            Subject::Pod(key) => Some(Obstacle::Pod(RuleId::SidecarOnUnsupportedNode, key)),
            Subject::Container(_) => None,
        },
    ));
    obstacles.extend(budget::exceeded(context.pod).map(Obstacle::Requests));
    obstacles
}
