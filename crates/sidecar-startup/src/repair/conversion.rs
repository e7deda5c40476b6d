//! Moves a classic sidecar to `initContainers`, with `restartPolicy: Always`.
//!
//! The sidecar then starts before the application, holds it back with its `startupProbe`, stops after it, and lets a Job complete.
//! `docs/kubernetes-behaviour.md` lists what else changes.

use super::draft::Draft;
use super::edit::Edit;
use super::pair::Split;
use super::placement;
use super::plan::{Plan, Task, Trial};
use super::probe_source::{self, Source};
use super::{budget, named_ports, safety};
use crate::finding::Refusal;
use crate::model::container_id::ContainerId;
use crate::model::gate::probe_is_gate;
use crate::pod::container::Container;
use crate::pod::coordination::Classic;
use crate::pod::ending::is_ended;
use crate::settings::action::{Action, Need};
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;
use crate::startup::lineup::Place;
use crate::startup::{mesh, nodes};

/// Plans the move of the sidecar that breaks the rule.
///
/// # Errors
/// Why it stays where it is.
pub(crate) fn plan(task: &Task<'_, '_>, draft: &Draft<'_>) -> Result<Plan, Refusal> {
    let container = task.container()?;
    if container.copy_of.is_some() {
        return Err("only its author can say which image is right".into());
    }
    if task.context.wants_pair(container) {
        return Split::new(task.context, container, draft.init())?.plan(task.context, container, draft);
    }
    let conversion = Move::new(task.context, container, draft.init())?;
    match task.trial {
        Trial::Alone => conversion.opens(task.context, container)?,
        Trial::Together => conversion.asks_itself(task.context, container)?,
    }
    Ok(conversion.plan(task.context, container, draft))
}

/// Whether a classic sidecar can be moved, or split into a pair, in the Pod as it is.
pub(crate) fn is_possible(context: &Context<'_>, container: &Container<'_>) -> bool {
    try_out(context, container, true).is_ok()
}

/// As [`is_possible`], unless the start-up graph is against it.
pub(crate) fn is_planned(context: &Context<'_>, container: &Container<'_>) -> bool {
    try_out(context, container, false).is_ok()
}

fn try_out(context: &Context<'_>, container: &Container<'_>, with_graph: bool) -> Result<(), Refusal> {
    let init: Vec<_> = context.pod.init_containers().map(|container| container.id).collect();
    if context.wants_pair(container) {
        let split = Split::new(context, container, &init)?;
        return if with_graph { split.opens(context, container) } else { Ok(()) };
    }
    let conversion = Move::new(context, container, &init)?;
    if with_graph { conversion.opens(context, container) } else { Ok(()) }
}

/// How a classic sidecar is moved.
struct Move<'s, 'i> {
    target: Target,
    place: Place<'i>,
    /// Where its new `startupProbe` comes from; none if it has one already, or needs none.
    probe: Option<Source<'s>>,
}

/// Where a classic sidecar is moved to.
enum Target {
    /// Before this init container; none for the end.
    Before(Option<ContainerId>),
    /// To the position of the copy that an earlier repair moved.
    Twin(ContainerId),
}

impl<'s, 'i> Move<'s, 'i> {
    /// Plans the move among the init containers `init`.
    fn new(
        context: &Context<'_>,
        container: &Container<'s>,
        init: &'i [ContainerId],
    ) -> Result<Self, Refusal> {
        let pod = context.pod;
        if let Some(copy) = pod.native_copy_of(container) {
            return Err(format!("{} would run beside it", copy.name()).into());
        }
        placement::is_movable(pod, container, &context.settings.oldest_kubernetes)?;
        nodes::may_have_sidecars(pod, &context.reach, context.settings)?;
        let may_end = container.row().is_some_and(|row| row.may_end(pod.candidate(container)));
        if pod.should_complete && may_end {
            let reason =
                "its configuration may make it exit after its work, and a sidecar container is restarted";
            return Err(reason.into());
        }
        // Whoever is told to quit is restarted once it is a sidecar container, and the Job counts that.
        let is_ended = || is_ended(pod, Classic::Present(container));
        if *pod.spec().restart_policy == *"OnFailure" && pod.spare_restarts == 0 && is_ended() {
            return Err(
                "it is told to quit and would be restarted, which backoffLimit: 0 does not allow".into()
            );
        }
        if let Some(twin) = pod.twin_of(container) {
            let probe = probe_instead_of(context, container, twin)?;
            let place = Place::of(init, twin);
            named_ports::stay_with_sidecar(pod, container, place)?;
            return Ok(Self { target: Target::Twin(twin), place, probe });
        }
        safety::ports_are_seen(pod, container, &context.settings.oldest_kubernetes)?;
        safety::is_not_awaited_at_the_end(pod, container)?;
        let place = placement::place(pod, container, init);
        named_ports::stay_with_sidecar(pod, container, place)?;
        budget::fits_at(pod, container, place)?;
        let probe = probe(context, container)?;
        Ok(Self { target: Target::Before(place.before()), place, probe })
    }

    /// Checks that all start that did before.
    fn opens(&self, context: &Context<'_>, container: &Container<'_>) -> Result<(), Refusal> {
        probe_source::opens(self.probe.as_ref(), context, container, self.place)
    }

    /// Checks that its new `startupProbe` asks nobody else.
    fn asks_itself(&self, context: &Context<'_>, container: &Container<'_>) -> Result<(), Refusal> {
        match &self.probe {
            Some(source) => source.asks_itself_at(context, container, self.place),
            None => Ok(()),
        }
    }

    fn plan(self, context: &Context<'_>, container: &Container<'_>, draft: &Draft<'_>) -> Plan {
        let Self { target, probe, .. } = self;
        let id = container.id;
        let name = container.name();
        let with_probe =
            probe.as_ref().map(|source| format!(", with a startupProbe from {source}")).unwrap_or_default();
        let mut probe = probe.and_then(|source| source.probe(|field| draft.get(id, field)));
        let mut edits = Vec::new();
        let mut what = match target {
            Target::Before(before) => {
                edits.push(Edit::MoveToInit { container: id, before });
                format!("moved sidecar {name} to initContainers{with_probe}")
            }
            Target::Twin(twin) => {
                if probe.is_none() && container.fields.startup_probe.is_none() {
                    probe = draft.get(twin, "startupProbe");
                }
                edits.push(Edit::TakePosition { container: id, of: twin });
                format!("moved sidecar {name} back to where an earlier repair put it in initContainers")
            }
        };
        edits.push(Edit::Set { container: id, path: &["restartPolicy"], value: "Always".into() });
        if let Some(value) = probe {
            edits.push(Edit::Set { container: id, path: &["startupProbe"], value });
        }
        if container.is_istio_proxy() && context.pod.annotations().get(mesh::STATUS).is_some() {
            edits.push(Edit::annotation(mesh::NATIVE_ISTIO, "true"));
            what.push_str(&format!(", and set the annotation {}: \"true\"", mesh::NATIVE_ISTIO));
        }
        Plan::new(what, edits)
    }
}

/// The `startupProbe` to add to the sidecar; none if it has one that works as a gate, or if none is required.
fn probe<'s>(context: &Context<'_>, container: &Container<'s>) -> Result<Option<Source<'s>>, Refusal> {
    match &container.fields.startup_probe {
        Some(probe) if probe_is_gate(probe) => Ok(None),
        // A hook alone would be enough in some Pods, but a repair may have added it; whether the sidecar moves must not depend on that.
        probe if wants_probe(context, container) => match probe {
            Some(_) => Err("its startupProbe holds nothing back".into()),
            None => Source::choose(context, container).map(Some),
        },
        _ => Ok(None),
    }
}

/// The probe for a sidecar that takes the position of its repaired twin. If the twin's probe was derived, it is derived again, since its
/// source may have changed. Any other probe is kept, and so is one that would not change.
fn probe_instead_of<'s>(
    context: &Context<'_>,
    container: &Container<'s>,
    twin: ContainerId,
) -> Result<Option<Source<'s>>, Refusal> {
    let Some(repaired) = context.pod.get(twin) else { return Ok(None) };
    match (&container.fields.startup_probe, &repaired.fields.startup_probe) {
        (Some(_), _) => Ok(None),
        (None, None) => probe(context, container),
        (None, Some(kept)) => {
            let is_kept = |source: &Source<'_>, container: &Container<'_>| {
                safety::is_alike(&source.typed(container), kept)
            };
            let was_derived =
                Source::choose(context, repaired).is_ok_and(|source| is_kept(&source, repaired));
            if !was_derived {
                return Ok(None);
            }
            let source = Source::choose(context, container)?;
            Ok((!is_kept(&source, container)).then_some(source))
        }
    }
}

/// Whether a sidecar needs a `startupProbe`.
fn wants_probe(context: &Context<'_>, container: &Container<'_>) -> bool {
    container.sidecar().is_some_and(|facts| facts.need == Need::AtStart)
        && context.action_on(RuleId::SidecarWithoutStartupProbe, container) != Action::Ignore
}
