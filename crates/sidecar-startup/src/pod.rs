//! The containers of a Pod template, each with its kind and its field path.

mod kind;
mod owner;

use k8s_openapi::api::core::v1::Probe;
use serde_json::Value;

use self::kind::{kind_of_app, kind_of_init, kind_of_owner, make_application_of};
use self::owner::{deadline, job_spec, owner, spare_restarts};
use crate::catalogue::{self, Candidate, Row, Surroundings};
use crate::field::{FieldPath, Segment};
use crate::image;
use crate::mesh::{self, Hold};
use crate::object::{ContainerFields, Object, Spec, TextMap};
use crate::probe::Source;
use crate::sequence::Timing;
use crate::settings::{Action, Need, Settings};
use crate::template::{Kind, PodTemplate};

pub use self::owner::{Deadline, Owner};

/// Says whether the application is to be held back for its classic sidecars.
const HOLD_ANNOTATION: &str = "sidecar-startup/hold-application";

/// The containers of a Pod template, in Pod order: `initContainers`, then `containers`.
#[derive(Debug)]
pub struct Pod<'a> {
    /// The kind of the object that it stands in.
    pub kind: Kind,
    /// The path of its spec.
    path: FieldPath,
    /// All containers.
    pub containers: Vec<Container<'a>>,
    /// Whether it should run to completion, as a Job's does.
    pub should_complete: bool,
    /// How long its start may take, as far as something sets a limit.
    pub deadline: Option<Deadline>,
    /// What owns the Pod, as far as it matters whether it completes.
    pub owner: Owner,
    /// Whether its Job goes by exit codes without saying of which container.
    pub fails_by_any_exit_code: bool,
    /// How many restarts of its containers its Job surely lets it have: a Job counts them, also those of sidecar containers, and gives
    /// up at its `backoffLimit` (`pastBackoffLimitOnFailure` in `pkg/controller/job/job_controller.go`).
    pub spare_restarts: u64,
    /// Where the first entry of `containers` stands that is no sidecar.
    application: Option<usize>,
    /// What stands around the containers.
    around: Surroundings<'a>,
}

/// One entry of `initContainers` or `containers`.
#[derive(Debug)]
pub struct Container<'a> {
    /// What the entry says.
    pub fields: &'a ContainerFields<'a>,
    /// What it is.
    pub kind: ContainerKind,
    /// The list that it stands in.
    list: List,
    /// Its place in its list.
    index: usize,
}

/// One of the two lists of containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum List {
    InitContainers,
    Containers,
}

impl List {
    const fn key(self) -> &'static str {
        match self {
            Self::InitContainers => "initContainers",
            Self::Containers => "containers",
        }
    }
}

/// What an entry is. Position and `restartPolicy` decide together: the same value in the other list means something else.
#[derive(Debug, Clone, Copy)]
pub enum ContainerKind {
    /// Has to run to completion before the next one starts; with what is known of it where it is a sidecar, and never will.
    Init(Option<Facts>),
    /// An entry of `initContainers` with `restartPolicy: Always`.
    Sidecar(Facts),
    /// An entry of `containers` that is recognised as a sidecar.
    ClassicSidecar(Facts),
    /// Any other entry of `containers`.
    App,
    /// A placeholder that an injector will fill in and move.
    Stub,
    /// The classic copy of a pair that a repair has made: the sidecar where the kubelet does not know sidecar containers.
    Copy,
}

/// What is known of a sidecar.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// How much the application needs it at start.
    pub need: Need,
    /// Its row in the catalogue.
    pub row: Option<&'static Row>,
    /// What makes an entry of `containers` one.
    pub recognised_by: RecognisedBy,
}

/// What makes an entry a sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecognisedBy {
    /// `restartPolicy: Always` among the init containers.
    RestartPolicy,
    /// The setting `sidecars`.
    Setting,
    /// The annotation `sidecar-startup/sidecars` of the Pod.
    Annotation,
    /// The catalogue.
    Catalogue,
}

impl<'a> Pod<'a> {
    /// Looks at the containers of a Pod template that stands in an object of that kind.
    #[must_use]
    pub fn new(kind: Kind, object: &Object<'a>, template: &PodTemplate<'a>, settings: &Settings) -> Self {
        let around = Surroundings {
            kind: kind_of_owner(object).unwrap_or(kind),
            annotations: &template.metadata.annotations,
            labels: &template.metadata.labels,
            spec: template.spec,
        };
        let init = template.spec.init_containers.iter().enumerate().map(|(index, fields)| Container {
            fields,
            kind: kind_of_init(fields, settings, around),
            list: List::InitContainers,
            index,
        });
        let apps = template.spec.containers.iter().enumerate().map(|(index, fields)| Container {
            fields,
            kind: kind_of_app(fields, settings, around),
            list: List::Containers,
            index,
        });
        let mut containers: Vec<_> = init.chain(apps).collect();
        // Something has to be the application. Where everything looks like a sidecar, as in a gateway, nothing is one; but what
        // only the Pod's own annotation calls one is the application first, or the annotation would hide the others.
        let by_annotation = |facts: Facts| facts.recognised_by == RecognisedBy::Annotation;
        make_application_of(&mut containers, by_annotation);
        // Then what nothing waits for, such as a proxy for inbound requests.
        make_application_of(&mut containers, |facts| facts.need == Need::None);
        make_application_of(&mut containers, |facts| facts.need == Need::Helper);
        make_application_of(&mut containers, |_| true);
        let application =
            containers.iter().position(|container| matches!(container.kind, ContainerKind::App));
        let deadline = deadline(kind, object, template);
        let fails_by_any_exit_code = job_spec(kind, object).is_some_and(Spec::fails_by_any_exit_code);
        let should_complete = matches!(&*template.spec.restart_policy, "Never" | "OnFailure");
        Self {
            kind,
            path: template.path.child("spec"),
            containers,
            should_complete,
            deadline,
            owner: owner(kind, object),
            fails_by_any_exit_code,
            spare_restarts: spare_restarts(kind, object),
            application,
            around,
        }
    }

    /// Whether something in the Pod ends all its classic sidecars, though it has no container of its own there.
    #[must_use]
    pub fn has_sidecars_ended(&self) -> bool {
        let Some(first) = self.containers.first() else { return false };
        catalogue::ends_all(Candidate { fields: first.fields, repository: "", around: self.around })
    }

    /// Whether there is a sidecar of which a start-up rule may speak, or one that lost its `restartPolicy`.
    #[must_use]
    pub fn has_sidecar(&self) -> bool {
        self.containers.iter().any(|container| match container.kind {
            ContainerKind::Init(facts) => facts.is_some(),
            _ => container.sidecar().is_some_and(|facts| facts.ceiling().is_some()),
        })
    }

    /// Whether a `DaemonSet` creates it.
    #[must_use]
    pub fn is_of_daemon_set(&self) -> bool {
        self.around.kind == Kind::DaemonSet
    }

    /// The path of its spec.
    #[must_use]
    pub const fn path(&self) -> &FieldPath {
        &self.path
    }

    /// The path of its metadata.
    #[must_use]
    pub fn metadata_path(&self) -> FieldPath {
        let above = self.path.segments().split_last().map_or(&[][..], |(_, above)| above);
        above.iter().cloned().collect::<FieldPath>().child("metadata")
    }

    /// Its annotations.
    #[must_use]
    pub const fn annotations(&self) -> &'a TextMap<'a> {
        self.around.annotations
    }

    /// Its labels.
    #[must_use]
    pub const fn labels(&self) -> &'a TextMap<'a> {
        self.around.labels
    }

    /// Its spec.
    #[must_use]
    pub const fn spec(&self) -> &'a Spec<'a> {
        self.around.spec
    }

    /// Whether the annotations of the Pod ask that the application be held back for a classic sidecar.
    #[must_use]
    pub fn asks_to_be_held(&self, sidecar: &Container<'_>) -> bool {
        if let Some(switch) = self.annotations().get(HOLD_ANNOTATION) {
            return switch == "true";
        }
        let row = sidecar.sidecar().and_then(|facts| facts.row);
        row.is_some_and(|row| row.name == mesh::ISTIO_PROXY)
            && mesh::hold_of(self.annotations()) == Hold::Asked
    }

    /// Whether a container has the very `startupProbe` that upstream ships. Its port may be another one.
    #[must_use]
    pub fn has_known_probe(&self, container: &Container<'_>) -> bool {
        let known =
            container.sidecar().and_then(|facts| facts.row).and_then(|row| row.startup_probe.as_ref());
        let known = known.and_then(|known| serde_json::from_str::<Probe>(known.what).ok());
        known.zip(container.fields.startup_probe.as_ref()).is_some_and(|(known, own)| {
            let path = |probe: &Probe| probe.http_get.as_ref().map(|request| request.path.clone());
            Timing::of(&known) == Timing::of(own) && path(&known) == path(own) && known.exec == own.exec
        })
    }

    /// The container that a path leads to, or into.
    #[must_use]
    pub fn container_at(&self, path: &FieldPath) -> Option<&Container<'a>> {
        self.containers.get(self.place_of(path)?)
    }

    /// Where among all containers the one stands that a path leads to, or into.
    #[must_use]
    pub fn place_of(&self, path: &FieldPath) -> Option<usize> {
        match self.rank(path) {
            (1, index) => Some(index),
            (2, index) => Some(self.spec().init_containers.len() + index),
            _ => None,
        }
    }

    /// The sidecar container that an entry of `containers` was made before: a second `kubectl apply` of the manifest adds the
    /// entry again, beside what a repair has made of it.
    #[must_use]
    pub fn twin_of(&self, container: &Container<'_>) -> Option<usize> {
        let repository = image::repository(&container.fields.image);
        let is_twin = |other: &Container<'_>| {
            matches!(other.kind, ContainerKind::Sidecar(_))
                && other.fields.name == container.fields.name
                && image::repository(&other.fields.image) == repository
        };
        let is_classic = matches!(container.kind, ContainerKind::ClassicSidecar(_));
        is_classic.then(|| self.containers.iter().position(is_twin)).flatten()
    }

    /// Where a container of this Pod stands in the object.
    #[must_use]
    pub fn path_of(&self, container: &Container<'_>) -> FieldPath {
        self.path.child(container.list.key()).index(container.index)
    }

    /// The `startupProbe` that a sidecar container could have. It may repeat what stands in the object, so it is only for
    /// whoever holds that: the compiled module proposes none.
    #[must_use]
    pub fn startup_probe_for(&self, container: &Container<'_>, settings: &Settings) -> Option<Value> {
        if cfg!(target_family = "wasm") {
            return None;
        }
        let own = |field: &str| serde_json::to_value(container.fields.probe(field)?).ok();
        Source::find(self, container, settings, container.index).ok()?.probe(own, settings)
    }

    /// A container as the catalogue looks at it; `repository` is that of its image.
    #[must_use]
    pub fn candidate<'c>(&'c self, container: &Container<'c>, repository: &'c str) -> Candidate<'c>
    where
        'a: 'c,
    {
        Candidate { fields: container.fields, repository, around: self.around }
    }

    /// Whether a container has the hook that upstream makes its gate, to the word.
    #[must_use]
    pub fn has_known_gate(&self, container: &Container<'_>) -> bool {
        let ContainerKind::Sidecar(Facts { row: Some(row), .. }) = container.kind else { return false };
        let hook = container.fields.post_start();
        let Some(command) = hook.and_then(|hook| hook.exec.as_ref()).and_then(|exec| exec.command.as_deref())
        else {
            return false;
        };
        let known = row.wait_command.as_ref().map(|wait| wait.what).unwrap_or_default();
        let is_native_gate = row.native_gate.is_some_and(|word| command.iter().any(|listed| listed == word))
            && row.has_image(&image::repository(&container.fields.image));
        is_native_gate || (!known.is_empty() && command.iter().map(String::as_str).eq(known.iter().copied()))
    }

    /// What messages call the application that a container keeps from starting: one behind it, if there is one.
    #[must_use]
    pub fn application_after(&self, container: &Container<'_>) -> String {
        let mut apps = self.containers.iter().filter(|other| matches!(other.kind, ContainerKind::App));
        let behind = apps.find(|app| self.is_before(container, app));
        behind.map_or_else(|| self.application(), |app| app.name().to_string())
    }

    /// Whether the first start of one container comes before that of another.
    #[must_use]
    pub fn is_before(&self, one: &Container<'_>, other: &Container<'_>) -> bool {
        (one.list, one.index) < (other.list, other.index)
    }

    /// Sorts paths in Pod order: those of the Pod as a whole, then those of its containers.
    #[must_use]
    pub fn rank(&self, path: &FieldPath) -> (usize, usize) {
        let below = path.segments().get(self.path.segments().len()..).unwrap_or_default();
        match below {
            [Segment::Key(list), Segment::Index(index), ..] if list == "initContainers" => (1, *index),
            [Segment::Key(list), Segment::Index(index), ..] if list == "containers" => (2, *index),
            _ => (0, 0),
        }
    }

    /// What messages call the application: the first entry of `containers` that is no sidecar.
    #[must_use]
    pub fn application(&self) -> String {
        let app = self.application.and_then(|index| self.containers.get(index));
        app.map_or_else(|| "the application".to_owned(), |app| app.name().to_string())
    }
}

impl std::fmt::Display for RecognisedBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::RestartPolicy => "by its restartPolicy",
            Self::Setting => "by the setting sidecars",
            Self::Annotation => "by the annotation sidecar-startup/sidecars",
            Self::Catalogue => "as a well-known one",
        })
    }
}

impl Facts {
    /// The most that a start-up rule may do about the sidecar; nothing where none may speak of it.
    #[must_use]
    pub fn ceiling(&self) -> Option<Action> {
        match self.need {
            Need::AtStart => Some(Action::Deny),
            Need::Helper => Some(Action::Warn),
            Need::None => None,
        }
    }
}

impl Container<'_> {
    /// What is known of it, where it is a sidecar that runs beside the application.
    #[must_use]
    pub const fn sidecar(&self) -> Option<Facts> {
        match self.kind {
            ContainerKind::Sidecar(facts) | ContainerKind::ClassicSidecar(facts) => Some(facts),
            ContainerKind::Init(_) | ContainerKind::App | ContainerKind::Stub | ContainerKind::Copy => None,
        }
    }

    /// Whether it answers at this path only once the application does, so that a gate there never opens.
    #[must_use]
    pub fn follows_application(&self, pod: &Pod<'_>, path: &str) -> bool {
        let known = self
            .sidecar()
            .and_then(|facts| facts.row)
            .and_then(|row| Some((row, row.follows_application.as_ref()?)));
        let repository = image::repository(&self.fields.image);
        let candidate = Candidate { fields: self.fields, repository: &repository, around: pod.around };
        known.is_some_and(|(row, known)| known.what == path && known.proven(row, candidate).is_some())
    }

    /// Whether it is a sidecar to which the traffic of the Pod is redirected.
    #[must_use]
    pub fn redirects_traffic(&self) -> bool {
        self.sidecar().and_then(|facts| facts.row).is_some_and(|row| row.redirects_traffic)
    }

    /// Whether it is an entry of `initContainers`.
    #[must_use]
    pub fn is_init(&self) -> bool {
        self.list == List::InitContainers
    }

    /// Its name, for messages.
    #[must_use]
    pub fn name(&self) -> Name<'_> {
        Name(&self.fields.name)
    }
}

/// A container's name as it stands in a message: in quotes, on one line, and no longer than a valid name can be.
#[derive(Debug, Clone, Copy)]
pub struct Name<'a>(&'a str);

/// The most characters that a container name may have (RFC 1123 label).
const MAX_NAME: usize = 63;

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cut: String = self.0.chars().take(MAX_NAME).collect();
        let ellipsis = if cut.len() < self.0.len() { "…" } else { "" };
        write!(f, "\"{}{ellipsis}\"", cut.escape_debug())
    }
}
