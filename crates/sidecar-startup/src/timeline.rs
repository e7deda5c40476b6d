//! The start-up of a Pod on a time axis: a lane for each container, when it can start, when its gate opens, and who waits for it.
//!
//! No manifest shows how long it takes to pull an image, to start a process, or to run an init container. So times are counted as if
//! pulling and starting took none, and each gate that nothing limits begins a new phase, with a clock of its own.

use serde::Serialize;

use crate::model::container_id::ContainerId;
use crate::pod::container::{Container, ContainerKind};
use crate::rules::violations;
use crate::settings::action::Action;
use crate::settings::rule_id::RuleId;
use crate::startup::check::Effect;
use crate::startup::context::Context;
use crate::startup::sequence::{Gate, Sequence, Step, WaitClass, Window};

/// The start-up of one Pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Timeline {
    /// The field path of the Pod template in its object; empty for a Pod.
    pub template: String,
    /// For each phase but the first, the lane whose gate begins it when it opens.
    pub phases: Vec<usize>,
    /// One lane per container, in start order.
    pub lanes: Vec<Lane>,
    /// Needs that are never met: they are why a gate never opens.
    pub unmet: Vec<Unmet>,
    /// What the rules report, in Pod order.
    pub problems: Vec<Problem>,
}

/// The start-up of one container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lane {
    /// The name of the container.
    pub name: String,
    /// What the container is.
    pub kind: LaneKind,
    /// The lane whose gate it waits for, and how; none for what starts at once.
    pub waits_for: Option<Wait>,
    /// When it starts; none if never.
    pub starts: Option<Moment>,
    /// What later containers wait for.
    pub gate: Gate,
    /// When its gate opens; none if never.
    pub opens: Option<Moment>,
    /// The lanes that wait for its gate.
    pub holds: Vec<usize>,
}

/// When something happens, in seconds since a phase began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// The phase, starting at 0.
    pub phase: usize,
    /// Not before this.
    pub earliest: u64,
    /// Not after this, unless a sidecar container uses up its start-up budget: it is then restarted.
    pub latest: u64,
}

/// What a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LaneKind {
    /// An init container, which runs to completion.
    InitContainer,
    /// An init container with `restartPolicy: Always`.
    SidecarContainer,
    /// An entry of `containers` that is a sidecar.
    ClassicSidecar,
    /// Any other entry of `containers`.
    AppContainer,
}

/// A wait for the gate of an earlier lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// The position of that lane.
    pub lane: usize,
    /// Whether the wait ends only when the gate opens.
    pub is_hard: bool,
}

/// A need that is never met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unmet {
    /// The lane that has the need.
    pub lane: usize,
    /// The lane that would meet it, but starts too late; none if nobody can meet it.
    pub provider: Option<usize>,
    /// The need in words.
    pub reason: String,
}

/// What a rule reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The lane of the container that breaks the rule; none if that is the Pod as a whole.
    pub lane: Option<usize>,
    /// The rule.
    pub rule: RuleId,
    /// What happens because of it.
    pub action: Action,
    /// The field.
    pub path: String,
    /// What is wrong, in a few words.
    pub text: String,
}

impl Timeline {
    /// The start-up of a Pod, with what the rules report about it.
    pub(crate) fn of(context: &Context<'_>) -> Self {
        let pod = context.pod;
        let dead = context.dead_gates();
        let unmet = dead.iter().map(|gate| Unmet {
            lane: gate.container.position(),
            provider: gate.provider.map(ContainerId::position),
            reason: gate.reason.clone(),
        });
        let mut timeline = Self {
            template: pod.template_path().to_string(),
            phases: Vec::new(),
            lanes: Vec::with_capacity(pod.containers.len()),
            unmet: unmet.collect(),
            problems: problems(context),
        };
        for (step, container) in Sequence::of(pod).steps.iter().zip(&pod.containers) {
            timeline.add(step, LaneKind::of(container), never_opens(context, container));
        }
        timeline
    }

    fn add(&mut self, step: &Step<'_>, kind: LaneKind, never_opens: bool) {
        let position = self.lanes.len();
        let waits_for = wait(step, &self.lanes);
        let starts = match waits_for.and_then(|wait| self.lanes.get_mut(wait.lane)) {
            None => Some(Moment { phase: 0, earliest: 0, latest: 0 }),
            Some(held_by) => {
                held_by.holds.push(position);
                held_by.opens
            }
        };
        let opens = starts.filter(|_| !never_opens).map(|starts| self.opening(position, starts, step.opens));
        let name = step.name.to_owned();
        self.lanes.push(Lane { name, kind, waits_for, starts, gate: step.gate, opens, holds: Vec::new() });
    }

    /// When the gate of a lane opens, if it does so within this window of its start.
    fn opening(&mut self, lane: usize, starts: Moment, window: Window) -> Moment {
        if let Some(latest) = window.latest {
            return Moment {
                phase: starts.phase,
                earliest: starts.earliest.saturating_add(window.earliest),
                latest: starts.latest.saturating_add(latest),
            };
        }
        self.phases.push(lane);
        Moment { phase: self.phases.len(), earliest: 0, latest: 0 }
    }

    /// Whether any container is never started.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.lanes.iter().any(|lane| lane.starts.is_none())
    }

    /// How long each phase may last until the last thing happens in it that has a limit, in seconds.
    #[must_use]
    pub fn lengths(&self) -> Vec<u64> {
        let mut lengths = vec![0; self.phases.len() + 1];
        for moment in self.lanes.iter().flat_map(|lane| [lane.starts, lane.opens]).flatten() {
            if let Some(length) = lengths.get_mut(moment.phase) {
                *length = moment.latest.max(*length);
            }
        }
        lengths
    }
}

/// Who holds a container back. What starts in the same pass as the one before it waits for the same gate.
fn wait(step: &Step<'_>, lanes: &[Lane]) -> Option<Wait> {
    match step.waits_for? {
        (lane, WaitClass::Hard) => Some(Wait { lane, is_hard: true }),
        (lane, WaitClass::Soft) => Some(Wait { lane, is_hard: false }),
        (lane, WaitClass::None) => lanes.get(lane)?.waits_for,
    }
}

/// Whether nothing that waits for a container is ever started.
fn never_opens(context: &Context<'_>, container: &Container<'_>) -> bool {
    let is_dead = context.dead_gate(container).is_some_and(|gate| gate.effect == Effect::Blocks);
    is_dead || container.never_completes()
}

fn problems(context: &Context<'_>) -> Vec<Problem> {
    let problems = violations(context).into_iter().map(|violation| Problem {
        lane: violation.finding.subject.container().map(ContainerId::position),
        rule: violation.rule,
        action: violation.action,
        path: violation.finding.path.to_string(),
        text: violation.finding.short,
    });
    problems.collect()
}

impl LaneKind {
    fn of(container: &Container<'_>) -> Self {
        match container.kind {
            ContainerKind::Init(_) => Self::InitContainer,
            _ if container.is_init() => Self::SidecarContainer,
            ContainerKind::App => Self::AppContainer,
            _ => Self::ClassicSidecar,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::timelines;

    fn timeline(spec: &Value) -> Timeline {
        let payload = json!({"settings": {}, "request": {
            "operation": "CREATE", "kind": {"group": "", "kind": "Pod"}, "object": {"spec": spec},
        }});
        let mut all = timelines(&payload.to_string()).unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    /// Phase, earliest and latest start of each lane.
    fn starts(timeline: &Timeline) -> Vec<Option<(usize, u64, u64)>> {
        let start = |lane: &Lane| lane.starts.map(|starts| (starts.phase, starts.earliest, starts.latest));
        timeline.lanes.iter().map(start).collect()
    }

    #[test]
    fn gates_add_up_in_start_order() {
        let timeline = timeline(&json!({
            "initContainers": [
                {"name": "a", "image": "a", "restartPolicy": "Always", "startupProbe":
                    {"tcpSocket": {"port": 1}, "initialDelaySeconds": 2, "periodSeconds": 1, "failureThreshold": 11}},
                {"name": "b", "image": "b", "restartPolicy": "Always", "lifecycle": {"postStart": {"sleep": {"seconds": 3}}}},
            ],
            "containers": [{"name": "c", "image": "c"}, {"name": "d", "image": "d"}],
        }));
        assert_eq!(
            starts(&timeline),
            [Some((0, 0, 0)), Some((0, 2, 12)), Some((0, 5, 15)), Some((0, 5, 15))]
        );
        let holds: Vec<_> = timeline.lanes.iter().map(|lane| lane.holds.clone()).collect();
        assert_eq!(holds, [vec![1], vec![2, 3], vec![], vec![]]);
        assert_eq!(timeline.lengths(), [15]);
    }

    #[test]
    fn an_init_container_begins_a_phase_when_it_exits() {
        let timeline = timeline(&json!({
            "initContainers": [
                {"name": "a", "image": "a"},
                {"name": "b", "image": "b", "restartPolicy": "Always", "startupProbe":
                    {"tcpSocket": {"port": 1}, "periodSeconds": 1, "failureThreshold": 61}},
            ],
            "containers": [{"name": "c", "image": "c"}],
        }));
        assert_eq!(starts(&timeline), [Some((0, 0, 0)), Some((1, 0, 0)), Some((1, 0, 60))]);
        assert_eq!((&*timeline.phases, &*timeline.lengths()), (&[0][..], &[0, 60][..]));
    }

    #[test]
    fn a_hook_of_a_classic_sidecar_only_delays() {
        let timeline = timeline(&json!({"containers": [
            {"name": "istio-proxy", "image": "istio/proxyv2", "lifecycle": {"postStart": {"exec": {"command": ["pilot-agent", "wait"]}}}},
            {"name": "b", "image": "b"},
            {"name": "c", "image": "c"},
        ]}));
        let soft = Some(Wait { lane: 0, is_hard: false });
        assert_eq!(timeline.lanes.iter().map(|lane| lane.waits_for).collect::<Vec<_>>(), [None, soft, soft]);
        assert_eq!(timeline.lanes.first().map(|lane| lane.kind), Some(LaneKind::ClassicSidecar));
        assert!(timeline.problems.iter().all(|problem| problem.lane == Some(0)), "{timeline:?}");
    }

    #[test]
    fn nothing_starts_behind_a_gate_that_never_opens() {
        let timeline = timeline(&json!({
            "initContainers": [{"name": "a", "image": "a", "restartPolicy": "Always", "startupProbe":
                {"exec": {"command": ["sh", "-c", "curl -f localhost:8080/"]}, "periodSeconds": 1, "failureThreshold": 60}}],
            "containers": [{"name": "b", "image": "b", "ports": [{"containerPort": 8080}]}],
        }));
        assert_eq!(starts(&timeline), [Some((0, 0, 0)), None]);
        assert!(timeline.is_stuck());
        let [unmet] = timeline.unmet.as_slice() else { panic!("{timeline:?}") };
        assert_eq!((unmet.lane, unmet.provider), (0, Some(1)));
    }
}
