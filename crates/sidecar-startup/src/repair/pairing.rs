//! Makes a pair of a classic sidecar, for a Pod that may land on nodes that know sidecar containers and on nodes that do not.
//!
//! What the two copies are, and why there is never more than one sidecar, stands in [`universal`]. The pair costs its requests
//! twice.

use serde_json::{Map, Value};

use crate::cluster::Node;
use crate::edit::Draft;
use crate::gate::probe_is_gate;
use crate::image;
use crate::pod::{Container, ContainerKind, Pod};
use crate::probe::Source;
use crate::repair::universal::{self, Pair};
use crate::repair::{Refusal, conversion, safety};
use crate::settings::{OldNodes, Settings};

/// Whether a classic sidecar becomes a pair: where the Pod may land on an old node, and where it was one already, whatever the nodes
/// are by now. A second apply takes back what made the classic copy of the container; moved beside the native copy, it would be a
/// second sidecar.
pub(crate) fn is_wanted(pod: &Pod<'_>, container: &Container<'_>, settings: &Settings) -> bool {
    let is_needed =
        settings.nodes.old_nodes == OldNodes::Universal && settings.nodes.old_in_reach(pod).is_some();
    is_needed || universal::native_copy_of(pod, container).is_some()
}

/// How a classic sidecar becomes a pair.
pub(crate) struct Plan<'s> {
    /// The place of the native copy that an earlier repair has made.
    earlier: Option<usize>,
    /// The place among the init containers that the native copy gets.
    place: usize,
    /// Where the `startupProbe` of the native copy comes from, unless the container has one.
    probe: Option<Source<'s>>,
    /// The shell that its image has.
    shell: String,
}

impl<'s> Plan<'s> {
    /// Plans the pair, where the init containers are `init` by then.
    ///
    /// # Errors
    /// Why there can be none.
    pub(crate) fn new(
        pod: &Pod<'_>,
        container: &Container<'_>,
        settings: &'s Settings,
        init: &[usize],
    ) -> Result<Self, Refusal> {
        conversion::is_movable(pod, container)?;
        if *pod.spec().restart_policy == *"Never" {
            return Err("with restartPolicy: Never, no copy could take over".into());
        }
        // Whatever else may become a pair is counted as one.
        let pairs = pod
            .containers
            .iter()
            .filter(|other| matches!(other.kind, ContainerKind::ClassicSidecar(_) | ContainerKind::Copy));
        if pod.spare_restarts < pairs.count() as u64 {
            return Err(
                "the restart that makes its native copy one counts towards the backoffLimit of the Job, which may not allow for it"
                    .into(),
            );
        }
        let mut nodes = settings.nodes.in_reach(pod);
        if let Some(node) = nodes.find(|node| Node::refuses_sidecars(node)) {
            return Err(format!("{node} refuses Pods with sidecar containers").into());
        }
        let shell = shell_of(container).ok_or("its image is not known to have a shell")?;
        safety::gates_open(pod, container)?;
        let name = format!("{}{}", &*container.fields.name, universal::NATIVE_SUFFIX);
        let earlier = universal::native_copy_of(pod, container);
        if earlier.is_none() && pod.containers.iter().any(|other| *other.fields.name == *name) {
            return Err(format!("another container has the name {name}").into());
        }
        let place = earlier.unwrap_or_else(|| conversion::place(pod, container, settings, init));
        if earlier.is_none() {
            safety::may_pass(pod, container, init.get(place..).unwrap_or_default())?;
        }
        let probe = match &container.fields.startup_probe {
            Some(probe) if probe_is_gate(probe) => {
                safety::has_network(pod, container, place)?;
                None
            }
            Some(_) => return Err("its startupProbe is no gate".into()),
            // Without one, the classic copy might look before the native one is there.
            None => Some(Source::find(pod, container, settings, place)?),
        };
        Ok(Self { earlier, place, probe, shell })
    }

    /// Makes the pair of the container at `of`, and says what was done.
    ///
    /// # Errors
    /// Why there can be none.
    pub(crate) fn carry_out(
        self,
        pod: &Pod<'_>,
        container: &Container<'_>,
        of: usize,
        settings: &Settings,
        draft: &mut Draft<'_>,
    ) -> Result<String, Refusal> {
        let Self { earlier, place, probe, shell } = self;
        let origin = probe.as_ref().map_or_else(|| "itself".to_owned(), ToString::to_string);
        let probe = match probe {
            Some(source) => source.probe(|field| draft.get(of, field).cloned(), settings),
            None => draft.get(of, "startupProbe").cloned(),
        };
        let whole = draft.container(of).map(without_own_mount).ok_or("it cannot be read")?;
        let restarts_always = !pod.should_complete;
        let Pair { native, classic, volume } =
            universal::pair(&whole, &shell, probe.ok_or("no startupProbe can be derived")?, restarts_always)?;
        draft.add_volume(volume)?;
        draft.put(of, classic);
        match earlier {
            Some(earlier) => draft.put(earlier, native),
            None => draft.add_init(place, native),
        }
        Ok(format!(
            "made a pair of sidecar {}, for old and new nodes, with a startupProbe from {origin}",
            container.name()
        ))
    }
}

/// A container without the volume that an earlier repair has mounted: a second apply of the manifest takes back the command that the
/// repair has set, and leaves the mount.
fn without_own_mount(container: &Map<String, Value>) -> Map<String, Value> {
    let mut container = container.clone();
    let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
    let volume = format!("{name}{}", universal::NATIVE_SUFFIX);
    let is_own = |mount: &Value| {
        mount.get("name").is_some_and(|name| *name == *volume)
            && mount.get("mountPath").is_some_and(|path| path == universal::MOUNT_PATH)
    };
    if let Some(Value::Array(mounts)) = container.get_mut("volumeMounts") {
        mounts.retain(|mount| !is_own(mount));
        if mounts.is_empty() {
            container.shift_remove("volumeMounts");
        }
    }
    container
}

/// The shell that the image of a container surely has: the one that the container starts, else that of upstream's image.
fn shell_of(container: &Container<'_>) -> Option<String> {
    let fields = container.fields;
    let own = fields
        .command
        .first()
        .filter(|first| universal::is_shell(first))
        .map(|first| first.as_ref().to_owned());
    let row = container.sidecar().and_then(|facts| facts.row);
    let is_upstreams =
        row.is_some_and(|row| row.has_shell && row.has_image(&image::repository(&fields.image)));
    own.or_else(|| is_upstreams.then(|| "sh".to_owned()))
}
