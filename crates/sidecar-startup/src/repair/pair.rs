//! Splits a classic sidecar into a native and a classic copy, for a Pod that may land on nodes that support sidecar containers and on
//! nodes that do not.
//!
//! [`super::copies`] explains what the two copies are, and why there is never more than one sidecar. A pair needs the sidecar's resource
//! requests twice.

use serde_json::{Map, Value};

use super::copies::{self, Pair};
use super::draft::Draft;
use super::edit::Edit;
use super::placement;
use super::plan::Plan;
use super::probe_source::{self, NO_PROBE, Source};
use crate::command::is_shell;
use crate::finding::Refusal;
use crate::model::cluster::Node;
use crate::model::container_id::ContainerId;
use crate::model::gate::probe_is_gate;
use crate::pod::container::{Container, ContainerKind};
use crate::pod::pair::{MOUNT_PATH, NATIVE_SUFFIX};
use crate::settings::required::Inserted;
use crate::startup::context::Context;
use crate::startup::lineup::Place;

/// How a classic sidecar is split.
pub(super) struct Split<'s, 'i> {
    place: Place<'i>,
    /// Where the native copy goes.
    target: Target,
    /// Where the `startupProbe` of the native copy comes from; none if the container has one.
    probe: Option<Source<'s>>,
    /// A shell that is in its image.
    shell: String,
}

/// Why no pair can be made of a sidecar whose image is unknown.
const NO_SHELL: &str = "its image may have no shell";

/// Where the native copy goes.
enum Target {
    /// Before this init container; none for the end.
    Before(Option<ContainerId>),
    /// In place of the one that an earlier repair added.
    Earlier(ContainerId),
}

impl<'s, 'i> Split<'s, 'i> {
    /// Plans the split among the init containers `init`.
    ///
    /// # Errors
    /// Why it cannot be split.
    pub(super) fn new(
        context: &Context<'_>,
        container: &Container<'s>,
        init: &'i [ContainerId],
    ) -> Result<Self, Refusal> {
        let pod = context.pod;
        placement::is_movable(pod, container, &context.settings.oldest_kubernetes)?;
        restarts_suffice(context, 0)?;
        no_node_refuses(context)?;
        let shell = shell_of(container).ok_or(NO_SHELL)?;
        let name = native_name(container);
        let (target, place) = match pod.native_copy_of(container) {
            Some(earlier) => (Target::Earlier(earlier.id), Place::of(init, earlier.id)),
            None if pod.has_container(&name) => {
                return Err(format!("another container is already named {name}").into());
            }
            None => {
                let place = placement::place(pod, container, init);
                (Target::Before(place.before()), place)
            }
        };
        let probe = match &container.fields.startup_probe {
            Some(probe) if probe_is_gate(probe) => None,
            Some(_) => return Err("its startupProbe holds nothing back".into()),
            // Without one, the classic copy might look before the native one is up.
            None => Some(Source::choose(context, container)?),
        };
        Ok(Self { place, target, probe, shell })
    }

    /// Checks that all start that did before.
    ///
    /// # Errors
    /// Who would wait for whom.
    pub(super) fn opens(&self, context: &Context<'_>, container: &Container<'_>) -> Result<(), Refusal> {
        probe_source::opens(self.probe.as_ref(), context, container, self.place)
    }

    /// The plan that splits the container.
    ///
    /// # Errors
    /// Why it cannot be split.
    pub(super) fn plan(
        self,
        context: &Context<'_>,
        container: &Container<'_>,
        draft: &Draft<'_>,
    ) -> Result<Plan, Refusal> {
        self.opens(context, container)?;
        let Self { target, probe, shell, .. } = self;

        let id = container.id;
        let origin = match &probe {
            Some(source) => format!("probe from {source}"),
            None => "keeping its startupProbe".to_owned(),
        };
        let probe = match probe {
            Some(source) => source.probe(|field| draft.get(id, field)),
            None => draft.get(id, "startupProbe"),
        };
        let whole =
            draft.container(id).as_ref().map(without_own_mount).ok_or("the container cannot be read")?;
        let restarts_always = !context.pod.should_complete;
        let Pair { native, classic, volume } =
            copies::pair(&whole, &shell, probe.ok_or(NO_PROBE)?, restarts_always)?;
        let mut edits = Vec::new();
        if !has_volume(draft, &volume)? {
            edits.push(Edit::AddVolume(volume));
        }
        edits.push(Edit::Rewrite { container: id, value: classic });
        edits.push(match target {
            Target::Earlier(earlier) => Edit::Rewrite { container: earlier, value: native },
            Target::Before(before) => Edit::AddInit { value: native, before },
        });
        let name = container.name();
        let what = format!("split sidecar {name} into native and classic copies, {origin}");
        Ok(Plan::new(what, edits))
    }
}

/// The edits that insert a sidecar as a pair, whose native copy goes to a place among the init containers. The classic copy goes last, so
/// that the first entry of `containers` stays the default one.
///
/// # Errors
/// Why it cannot be a pair.
pub(super) fn insertion(
    context: &Context<'_>,
    newcomer: &Container<'_>,
    inserted: Inserted<'_>,
    place: Place<'_>,
    draft: &Draft<'_>,
) -> Result<Vec<Edit>, Refusal> {
    restarts_suffice(context, 1)?;
    no_node_refuses(context)?;
    let shell = shell_of(newcomer).ok_or(NO_SHELL)?;
    let name = native_name(newcomer);
    if context.pod.has_container(&name) {
        return Err(format!("another container is already named {name}").into());
    }
    let probe = inserted.startup_probe().cloned().ok_or(NO_PROBE)?;
    let restarts_always = !context.pod.should_complete;
    let Pair { native, classic, volume } =
        copies::pair(&inserted.as_written(), &shell, probe, restarts_always)?;
    let mut edits = Vec::new();
    if !has_volume(draft, &volume)? {
        edits.push(Edit::AddVolume(volume));
    }
    edits.push(Edit::AddApp(classic));
    edits.push(Edit::AddInit { value: native, before: place.before() });
    Ok(edits)
}

/// The name of the native copy of a container.
fn native_name(container: &Container<'_>) -> String {
    format!("{}{NATIVE_SUFFIX}", &*container.fields.name)
}

/// Checks that no node in reach rejects Pods with sidecar containers.
///
/// # Errors
/// The node.
fn no_node_refuses(context: &Context<'_>) -> Result<(), Refusal> {
    match context.reach.nodes().find(|node| Node::refuses_sidecars(node)) {
        Some(node) => Err(format!("{node} rejects Pods with sidecar containers").into()),
        None => Ok(()),
    }
}

/// Checks that the Pod restarts the native copy, which exits once, and that its Job allows for that, with `more` pairs to come.
///
/// # Errors
/// Why not.
fn restarts_suffice(context: &Context<'_>, more: u64) -> Result<(), Refusal> {
    let pod = context.pod;
    if *pod.spec().restart_policy == *"Never" {
        return Err("with restartPolicy: Never, neither copy can take over from the other".into());
    }
    // Every container that may become a pair is counted.
    let may_be_pair = |other: &&Container<'_>| {
        matches!(other.kind, ContainerKind::ClassicSidecar(_) | ContainerKind::PairCopy)
    };
    if pod.spare_restarts < pod.containers.iter().filter(may_be_pair).count() as u64 + more {
        return Err(
            "the native copy restarts once, which counts towards the Job's backoffLimit and may exceed it"
                .into(),
        );
    }
    Ok(())
}

/// Whether the `emptyDir` that the two copies share is there already; its other fields may differ.
///
/// # Errors
/// Another volume has its name.
fn has_volume(draft: &Draft<'_>, volume: &Value) -> Result<bool, Refusal> {
    let medium = |volume: &Value| volume.get("emptyDir").map(|source| source.get("medium").cloned());
    match draft.volumes().iter().find(|other| other.get("name") == volume.get("name")) {
        Some(other) if medium(other) == medium(volume) => Ok(true),
        Some(_) => Err("another volume already has the name of the one that both copies would share".into()),
        None => Ok(false),
    }
}

/// A container without the volume that an earlier repair mounted: a second apply of the manifest reverts the command that the repair
/// set, and leaves the mount.
fn without_own_mount(container: &Map<String, Value>) -> Map<String, Value> {
    let mut container = container.clone();
    let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
    let volume = format!("{name}{NATIVE_SUFFIX}");
    let is_own = |mount: &Value| {
        mount.get("name").is_some_and(|name| *name == *volume)
            && mount.get("mountPath").is_some_and(|path| path == MOUNT_PATH)
    };
    if let Some(Value::Array(mounts)) = container.get_mut("volumeMounts") {
        mounts.retain(|mount| !is_own(mount));
        if mounts.is_empty() {
            container.shift_remove("volumeMounts");
        }
    }
    container
}

/// A shell that is certainly in a container's image: the one that the container runs, or `sh` if the catalogue says so.
fn shell_of(container: &Container<'_>) -> Option<String> {
    let own = container.fields.command.first().filter(|first| is_shell(first));
    let is_upstreams =
        container.row().is_some_and(|row| row.has_shell_in(container.fields, &container.repository));
    own.map(|first| first.as_ref().to_owned()).or_else(|| is_upstreams.then(|| "sh".to_owned()))
}
