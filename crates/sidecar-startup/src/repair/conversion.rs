//! Moves a classic sidecar to `initContainers`, with `restartPolicy: Always`.
//!
//! The sidecar then starts before the application, holds it by its `startupProbe`, is stopped after it, and does not keep a
//! Job from completing. What else changes is in `docs/kubernetes-behaviour.md`.

use crate::edit::Draft;
use crate::gate::probe_is_gate;
use crate::image;
use crate::mesh;
use crate::pod::{Container, ContainerKind, Pod};
use crate::probe::Source;
use crate::repair::{Refusal, Task, pairing, safety};
use crate::resources::{self, Use};
use crate::rules::{sidecar_on_unsupported_node, sidecar_without_startup_probe};
use crate::settings::{Action, Need, Position, Settings};
use crate::template::Kind;

/// How a classic sidecar is moved.
struct Plan<'s> {
    /// Where to.
    target: Target,
    /// The `startupProbe` that it is given; none where it has one, or needs none.
    probe: Option<Source<'s>>,
}

/// Where a classic sidecar is moved to.
#[derive(Clone, Copy)]
enum Target {
    /// To this place among the init containers.
    Place(usize),
    /// In the place of what an earlier repair made of it.
    Twin(usize),
}

/// Moves the sidecar in which something was found.
///
/// # Errors
/// Why it stays where it is.
pub(crate) fn make(task: &Task<'_>, draft: &mut Draft<'_>) -> Result<String, Refusal> {
    let Task { pod, settings, place, .. } = *task;
    let container = task.container()?;
    if pairing::is_wanted(pod, container, settings) {
        let plan = pairing::Plan::new(pod, container, settings, draft.init())?;
        return plan.carry_out(pod, container, place, settings, draft);
    }
    let Plan { target, probe } = Plan::new(pod, container, settings, draft.init())?;
    let with_probe =
        probe.as_ref().map(|source| format!(", with a startupProbe from {source}")).unwrap_or_default();
    let probe = probe.and_then(|source| source.probe(|field| draft.get(place, field).cloned(), settings));
    let what = match target {
        Target::Place(target) => {
            draft.move_to_init(target, place);
            format!("moved sidecar {} to initContainers{with_probe}", container.name())
        }
        Target::Twin(twin) => {
            let kept = draft.get(twin, "startupProbe").cloned();
            if let Some(kept) = kept.filter(|_| probe.is_none() && container.fields.startup_probe.is_none()) {
                draft.set(place, &["startupProbe"], kept);
            }
            draft.replace(twin, place);
            format!(
                "sidecar {} takes the place that an earlier repair gave it in initContainers",
                container.name()
            )
        }
    };
    draft.set(place, &["restartPolicy"], "Always".into());
    if let Some(probe) = probe {
        draft.set(place, &["startupProbe"], probe);
    }
    let is_istio =
        container.sidecar().and_then(|facts| facts.row).is_some_and(|row| row.name == mesh::ISTIO_PROXY);
    if is_istio && pod.annotations().get(mesh::STATUS).is_some() {
        draft.set_in_template(&["metadata", "annotations", mesh::NATIVE_ISTIO], "true".into());
    }
    Ok(what)
}

/// Whether a classic sidecar may be moved, or made a pair of.
///
/// # Errors
/// Why not.
pub fn check(pod: &Pod<'_>, container: &Container<'_>, settings: &Settings) -> Result<(), Refusal> {
    let init: Vec<_> = (0..pod.spec().init_containers.len()).collect();
    if pairing::is_wanted(pod, container, settings) {
        return pairing::Plan::new(pod, container, settings, &init).map(drop);
    }
    Plan::new(pod, container, settings, &init).map(drop)
}

impl<'s> Plan<'s> {
    /// Plans the move, where the init containers are `init` by then.
    fn new(
        pod: &Pod<'_>,
        container: &Container<'_>,
        settings: &'s Settings,
        init: &[usize],
    ) -> Result<Self, Refusal> {
        is_movable(pod, container)?;
        sidecar_on_unsupported_node::may_have_sidecars(pod, settings)?;
        safety::gates_open(pod, container)?;
        if let Some(twin) = pod.twin_of(container) {
            let probe = probe_instead_of(pod, container, twin, settings)?;
            return Ok(Self { target: Target::Twin(twin), probe });
        }
        let place = place(pod, container, settings, init);
        safety::may_pass(pod, container, init.get(place..).unwrap_or_default())?;
        fits_into_the_pod(pod, container, place)?;
        let probe = probe(pod, container, settings, place)?;
        Ok(Self { target: Target::Place(place), probe })
    }
}

/// Whether the container itself, and what stands around it, allow a move.
///
/// # Errors
/// Why not.
pub(crate) fn is_movable(pod: &Pod<'_>, container: &Container<'_>) -> Result<(), Refusal> {
    let fields = container.fields;
    if pod.kind == Kind::Custom {
        return Err("this kind may not keep the restartPolicy of init containers".into());
    }
    if pod.spec().is_windows() {
        return Err("the Pod runs on Windows".into());
    }
    if !pod.containers.iter().any(|other| matches!(other.kind, ContainerKind::App)) {
        return Err("no application would be left in containers".into());
    }
    if fields.has_restart_rules() {
        return Err("it has restartPolicyRules".into());
    }
    if fields.restart_policy.as_deref().is_some_and(|policy| policy != "Always") {
        return Err("by its restartPolicy it is meant to end".into());
    }
    if pod.fails_by_any_exit_code {
        let reason =
            "podFailurePolicy goes by exit codes without a containerName, so that of the sidecar would count";
        return Err(reason.into());
    }
    match safety::clashing_host_port(pod, container) {
        Some(port) => {
            Err(format!("its host port {port} is another container's, too, which would no longer be refused")
                .into())
        }
        None => Ok(()),
    }
}

/// The `startupProbe` that the sidecar is to be given; none where it has one that holds, or nobody wants one.
fn probe<'s>(
    pod: &Pod<'_>,
    container: &Container<'_>,
    settings: &'s Settings,
    place: usize,
) -> Result<Option<Source<'s>>, Refusal> {
    match &container.fields.startup_probe {
        Some(probe) if probe_is_gate(probe) => safety::has_network(pod, container, place).map(|()| None),
        // A hook alone would do in some Pods, but a repair may have written it: whether the sidecar moves must not depend on that.
        probe if wants_probe(container, settings) => match probe {
            Some(_) => Err("its startupProbe is no gate".into()),
            None => Source::find(pod, container, settings, place).map(Some),
        },
        _ => Ok(None),
    }
}

/// The probe to give to a sidecar in the place of what a repair made of it: where that was derived, it is derived anew, since what it
/// was derived from may have changed. Any other is kept, and so is one that would be no different.
fn probe_instead_of<'s>(
    pod: &Pod<'_>,
    container: &Container<'_>,
    twin: usize,
    settings: &'s Settings,
) -> Result<Option<Source<'s>>, Refusal> {
    let Some(repaired) = pod.containers.get(twin) else { return Ok(None) };
    match (&container.fields.startup_probe, &repaired.fields.startup_probe) {
        (Some(_), _) => Ok(None),
        (None, None) => probe(pod, container, settings, twin),
        (None, Some(kept)) => {
            let was_derived = Source::find(pod, repaired, settings, twin)
                .is_ok_and(|source| safety::is_alike(&source.typed(repaired, settings), kept));
            if !was_derived {
                return Ok(None);
            }
            let source = Source::find(pod, container, settings, twin)?;
            Ok(Some(source).filter(|source| !safety::is_alike(&source.typed(container, settings), kept)))
        }
    }
}

/// Whether a sidecar is to have a `startupProbe`.
fn wants_probe(container: &Container<'_>, settings: &Settings) -> bool {
    container.sidecar().is_some_and(|facts| facts.need == Need::AtStart)
        && settings.action_on(&sidecar_without_startup_probe::RULE, container.fields) != Action::Ignore
}

/// The place among the init containers to which a sidecar moves: the proxy of a mesh right after its own init containers, all
/// others after those that are there, so that what ran before them still does, or before them if the operator says so.
pub(crate) fn place(pod: &Pod<'_>, container: &Container<'_>, settings: &Settings, init: &[usize]) -> usize {
    let at = |place: &usize| pod.containers.get(*place);
    if let Some(row) = container.sidecar().and_then(|facts| facts.row).filter(|row| row.redirects_traffic) {
        let is_own = |place: &usize| {
            at(place).is_some_and(|other| {
                matches!(other.kind, ContainerKind::Init(_)) && row.has_init_container(&other.fields.name)
            })
        };
        return init.iter().rposition(is_own).map_or(0, |last| last + 1);
    }
    let position = |container: &Container<'_>| {
        let repository = image::repository(&container.fields.image);
        let declaration = settings.declaration(&container.fields.name, &repository);
        declaration.map_or(Position::Last, |sidecar| sidecar.position)
    };
    match position(container) {
        Position::Last => init.len(),
        Position::First => {
            let is_ahead = |other: &Container<'_>| {
                let has_moved = !other.is_init();
                safety::is_of_mesh(other) || (has_moved && position(other) == Position::First)
            };
            init.iter().take_while(|place| at(place).is_some_and(is_ahead)).count()
        }
    }
}

/// Whether what the Pod asks for as a whole still covers its containers.
fn fits_into_the_pod(pod: &Pod<'_>, container: &Container<'_>, place: usize) -> Result<(), Refusal> {
    if pod.spec().requests().iter().next().is_none() {
        return Ok(());
    }
    let before = safety::requests_of(pod.containers.iter());
    let mut after =
        safety::requests_of(pod.containers.iter().filter(|other| !std::ptr::eq(*other, container)));
    after.insert(place.min(after.len()), (Use::Sidecar, container.fields.requests()));
    match safety::past_the_pod(pod, &resources::of_pod(after)) {
        Some(name) if safety::past_the_pod(pod, &resources::of_pod(before)).is_none() => {
            Err(format!("the containers would ask for more {name} than the Pod as a whole").into())
        }
        _ => Ok(()),
    }
}
