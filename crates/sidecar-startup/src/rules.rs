//! The rules, in order, and the walk over them.

mod app_container_restart_policy;
mod app_not_held;
mod classic_sidecar;
mod missing_sidecar;
mod missing_wait_for;
mod never_completing_job;
pub mod rule;
mod sidecar_after_dependent;
mod sidecar_blocks_init;
mod sidecar_on_unsupported_node;
mod sidecar_stops_before_app;
mod sidecar_without_startup_probe;
mod slow_startup_gate;
mod startup_gate_never_opens;
mod startup_gate_proves_nothing;
mod unheld_mesh_injection;

use self::rule::Rule;
use crate::finding::Violation;
use crate::settings::action::Action;
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;

/// All rules, in the order of [`RuleId::ALL`].
pub static RULES: &[Rule] = &[
    classic_sidecar::RULE,
    sidecar_without_startup_probe::RULE,
    app_not_held::RULE,
    sidecar_blocks_init::RULE,
    never_completing_job::RULE,
    startup_gate_never_opens::RULE,
    startup_gate_proves_nothing::RULE,
    sidecar_after_dependent::RULE,
    missing_sidecar::RULE,
    missing_wait_for::RULE,
    sidecar_on_unsupported_node::RULE,
    unheld_mesh_injection::RULE,
    app_container_restart_policy::RULE,
    slow_startup_gate::RULE,
    sidecar_stops_before_app::RULE,
];

/// The rule with this id.
#[must_use]
pub fn rule(id: RuleId) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// The violations of all rules that are not ignored, in Pod order, then rule order.
pub(crate) fn violations(context: &Context<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut findings = Vec::new();
    for rule in RULES {
        // An ignored rule costs nothing.
        if context.settings.action(rule.id) == Action::Ignore {
            continue;
        }
        rule.check(context, &mut findings);
        for finding in findings.drain(..) {
            let container = finding.subject.container().and_then(|id| context.pod.get(id));
            let action = match container {
                Some(container) => context.action_on(rule.id, container),
                None => context.action_on_pod(rule.id),
            };
            let action = action.min(finding.ceiling);
            if action != Action::Ignore {
                let container = container.map(|container| container.fields.name.to_string());
                violations.push(Violation {
                    rule: rule.id,
                    action,
                    container,
                    finding,
                    refusal: None,
                    proposal: None,
                    arguments: None,
                });
            }
        }
    }
    violations.sort_by_key(|violation| violation.finding.subject.container());
    violations
}

/// The documentation of all rules, in Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut text = "# Rules\n\nGenerated from the comments at the top of the files in `crates/sidecar-startup/src/rules`; \
         `sidecar-startup rules ID` prints one.\n"
        .to_owned();
    for rule in RULES {
        let doc = rule.doc().replace("\n# ", "\n### ");
        let repaired =
            rule.repaired_with().map(|fix| format!("; repaired with `fix: {fix}`")).unwrap_or_default();
        text += &format!("\n## {}\n\nDefault: {}{repaired}\n\n{doc}", rule.id, rule.default_action());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_its_rule() {
        assert!(RULES.iter().map(|rule| &rule.id).eq(RuleId::ALL), "RULES and RuleId::ALL differ");
    }

    #[test]
    fn every_summary_is_the_sentence_that_its_page_begins_with() {
        for rule in RULES {
            let summary = rule.summary();
            assert!(summary.ends_with('.') && !summary.contains('\n'), "{summary}");
            assert!(rule.doc().replace('\n', " ").starts_with(&summary), "{summary}");
        }
    }
}
