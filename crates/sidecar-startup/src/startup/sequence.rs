//! The start-up sequence: which container waits for which, by which gate, and for how long at most.
//!
//! The model is the kubelet's (`pkg/kubelet/kuberuntime/kuberuntime_manager.go` and `kuberuntime_container.go`, Kubernetes 1.36):
//!
//! - Init containers start one after another. Each is first started when the gate of the previous one has opened: an ordinary init
//!   container has exited with 0; a sidecar container runs, its `postStart` hook has returned, and its `startupProbe` has succeeded.
//!   This wait is [`WaitClass::Hard`]: the next container does not start until the gate opens.
//! - The entries of `containers` start in order, in one pass. A `postStart` hook delays the first attempt of the next entry until it
//!   returns, whether it succeeds or not. This wait is [`WaitClass::Soft`]: if the hook fails, the next entry starts anyway.
//! - Readiness and liveness probes, and the `startupProbe` of an entry of `containers`, hold nothing back.

use std::fmt;

use k8s_openapi::api::core::v1::LifecycleHandler;
use serde::Serialize;

use crate::command::{Ends, outcome};
use crate::model::timing::Timing;
use crate::pod::Pod;
use crate::pod::container::{Container, ContainerKind};

/// The containers of a Pod in the order in which they are first started.
#[derive(Debug, Clone)]
pub struct Sequence<'a> {
    /// One step per container, in Pod order.
    pub steps: Vec<Step<'a>>,
}

/// The first start of one container.
#[derive(Debug, Clone)]
pub struct Step<'a> {
    /// The name of the container.
    pub name: &'a str,
    /// The step that it waits for directly, and how.
    pub waits_for: Option<(usize, WaitClass)>,
    /// What later containers wait for.
    pub gate: Gate,
    /// When the gate opens, counted from the container's own start.
    pub opens: Window,
}

/// How a container waits for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitClass {
    /// It is not started until the gate has opened.
    Hard,
    /// Its first attempt is delayed; if the hook fails, it starts anyway.
    Soft,
    /// Not at all: both are started in the same pass.
    None,
}

/// What must happen in a container before a later one is first started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Gate {
    /// It has exited with 0.
    Exited,
    /// It has been started.
    Started,
    /// Its `postStart` hook has returned.
    PostStart,
    /// Its `startupProbe` has succeeded, and so has its `postStart` hook returned if it has one.
    StartupProbe,
}

/// When a gate opens, in seconds after the start of its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Not before this.
    pub earliest: u64,
    /// For a `startupProbe`, the start-up budget of the container, before which it is not restarted. For a hook, when it has returned.
    /// None if nothing limits it.
    pub latest: Option<u64>,
}

impl<'a> Sequence<'a> {
    /// The start-up sequence of a Pod.
    #[must_use]
    pub fn of(pod: &Pod<'a>) -> Self {
        let mut steps: Vec<Step<'a>> = Vec::with_capacity(pod.containers.len());
        let mut last_init = None;
        for (index, container) in pod.containers.iter().enumerate() {
            let is_init = container.is_init();
            let waits_for = match index.checked_sub(1) {
                None => None,
                Some(before) if is_init => Some((before, WaitClass::Hard)),
                Some(before) if Some(before) == last_init => Some((before, WaitClass::Hard)),
                Some(before) => {
                    let has_hook = steps.get(before).is_some_and(|step| step.gate == Gate::PostStart);
                    Some((before, if has_hook { WaitClass::Soft } else { WaitClass::None }))
                }
            };
            if is_init {
                last_init = Some(index);
            }
            let (gate, opens) = gate_of(container);
            steps.push(Step { name: &container.fields.name, waits_for, gate, opens });
        }
        Self { steps }
    }
}

fn gate_of(container: &Container<'_>) -> (Gate, Window) {
    let fields = container.fields;
    let hook = fields.post_start();
    let at_once = Window { earliest: 0, latest: Some(0) };
    match container.kind {
        ContainerKind::Init(_) => (Gate::Exited, Window { earliest: 0, latest: None }),
        _ if container.is_init() => match (fields.startup_probe.as_ref(), hook) {
            (Some(probe), hook) => {
                let timing = Timing::of(probe);
                let probe = Window { earliest: timing.initial_delay, latest: Some(timing.budget()) };
                let hook = hook.map_or(at_once, window_of_hook);
                let latest = probe.latest.zip(hook.latest).map(|(probe, hook)| probe.saturating_add(hook));
                (Gate::StartupProbe, Window { earliest: probe.earliest.max(hook.earliest), latest })
            }
            (None, Some(hook)) => (Gate::PostStart, window_of_hook(hook)),
            (None, None) => (Gate::Started, at_once),
        },
        _ => match hook {
            Some(hook) => (Gate::PostStart, window_of_hook(hook)),
            None => (Gate::Started, at_once),
        },
    }
}

/// Hooks have no time limit (`pkg/kubelet/lifecycle/handlers.go`); only one that does nothing but sleep has a known end.
fn window_of_hook(hook: &LifecycleHandler) -> Window {
    if let Some(exec) = &hook.exec {
        let outcome = outcome(exec.command.as_deref().unwrap_or_default());
        let earliest = u64::from(outcome.sleeps);
        let is_bounded = !outcome.works && outcome.ends != Ends::Unknown;
        // It may sleep a fraction of a second longer.
        return Window { earliest, latest: is_bounded.then_some(earliest.saturating_add(1)) };
    }
    if let Some(sleep) = &hook.sleep {
        let seconds = u64::try_from(sleep.seconds).unwrap_or(0);
        return Window { earliest: seconds, latest: Some(seconds) };
    }
    Window { earliest: 0, latest: None }
}

impl fmt::Display for Sequence<'_> {
    /// One line: `istio-init > istio-proxy[startupProbe<=599s] > migrate > app,metrics`. `>` is a hard wait, `~>` a soft one, and a
    /// comma separates containers that are started in the same pass.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            match step.waits_for {
                None => {}
                Some((_, WaitClass::Hard)) => f.write_str(" > ")?,
                Some((_, WaitClass::Soft)) => f.write_str(" ~> ")?,
                Some((_, WaitClass::None)) => f.write_str(",")?,
            }
            write!(f, "{}", step.name.escape_debug())?;
            let gate = match step.gate {
                Gate::Exited | Gate::Started => continue,
                Gate::PostStart => "postStart",
                Gate::StartupProbe => "startupProbe",
            };
            match step.opens.latest {
                Some(latest) => write!(f, "[{gate}<={latest}s]")?,
                None => write!(f, "[{gate}]")?,
            }
        }
        Ok(())
    }
}
