//! The containers of a Pod template, each with its kind and its field path.

use crate::catalogue::{self, Row, Surroundings};
use crate::field::{FieldPath, Segment};
use crate::image;
use crate::object::{ContainerFields, TextMap};
use crate::settings::{Action, Need, Settings};
use crate::template::{Kind, PodTemplate};

/// Names the containers of a Pod, separated by commas, that are sidecars.
const SIDECARS_ANNOTATION: &str = "sidecar-startup/sidecars";

/// The containers of a Pod template, in Pod order: `initContainers`, then `containers`.
#[derive(Debug)]
pub struct Pod<'a> {
    /// The path of its spec.
    path: FieldPath,
    /// All containers.
    pub containers: Vec<Container<'a>>,
}

/// One entry of `initContainers` or `containers`.
#[derive(Debug)]
pub struct Container<'a> {
    /// What the entry says.
    pub fields: &'a ContainerFields<'a>,
    /// What it is.
    pub kind: ContainerKind,
    /// Its place in its list.
    index: usize,
}

/// What an entry is. Position and `restartPolicy` decide together: the same value in the other list means something else.
#[derive(Debug, Clone, Copy)]
pub enum ContainerKind {
    /// Runs to completion before the next one starts.
    Init,
    /// An entry of `initContainers` with `restartPolicy: Always`.
    Sidecar(Facts),
    /// An entry of `containers` that is recognised as a sidecar.
    ClassicSidecar(Facts),
    /// Any other entry of `containers`.
    App,
    /// A placeholder that an injector will fill in and move.
    Stub,
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
    /// Looks at the containers of a Pod template of an object of that kind.
    #[must_use]
    pub fn new(kind: Kind, template: &PodTemplate<'a>, settings: &Settings) -> Self {
        let annotations = &template.metadata.annotations;
        let around = Surroundings { kind, annotations };
        let init = template.spec.init_containers.iter().enumerate().map(|(index, fields)| Container {
            fields,
            kind: kind_of_init(fields, settings, around),
            index,
        });
        let apps = template.spec.containers.iter().enumerate().map(|(index, fields)| Container {
            fields,
            kind: kind_of_app(fields, settings, around),
            index,
        });
        let mut containers: Vec<_> = init.chain(apps).collect();
        // Something has to be the application. Where everything looks like a sidecar, as in a gateway, nothing is one.
        if !containers.iter().any(|container| matches!(container.kind, ContainerKind::App)) {
            for container in &mut containers {
                if matches!(container.kind, ContainerKind::ClassicSidecar(_)) {
                    container.kind = ContainerKind::App;
                }
            }
        }
        Self { path: template.path.child("spec"), containers }
    }

    /// Where a container of this Pod stands in the object.
    #[must_use]
    pub fn path_of(&self, container: &Container<'_>) -> FieldPath {
        let list = match container.kind {
            ContainerKind::Init | ContainerKind::Sidecar(_) => "initContainers",
            ContainerKind::ClassicSidecar(_) | ContainerKind::App | ContainerKind::Stub => "containers",
        };
        self.path.child(list).index(container.index)
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

    /// What messages call the application: its first container.
    #[must_use]
    pub fn application(&self) -> Name<'_> {
        let is_app = |container: &&Container<'_>| matches!(container.kind, ContainerKind::App);
        Name(self.containers.iter().find(is_app).map_or("the application", |app| &app.fields.name))
    }
}

fn kind_of_init(
    fields: &ContainerFields<'_>,
    settings: &Settings,
    around: Surroundings<'_>,
) -> ContainerKind {
    if fields.restart_policy.as_deref() != Some("Always") {
        return ContainerKind::Init;
    }
    let repository = image::repository(&fields.image);
    let row = catalogue::describe(fields, &repository);
    if row.is_some_and(|row| row.is_stub(fields, &repository, around)) {
        return ContainerKind::Stub;
    }
    let need =
        declared_need(fields, &repository, settings).or(row.map(|row| row.need)).unwrap_or(Need::AtStart);
    ContainerKind::Sidecar(Facts { need, row, recognised_by: RecognisedBy::RestartPolicy })
}

fn kind_of_app(fields: &ContainerFields<'_>, settings: &Settings, around: Surroundings<'_>) -> ContainerKind {
    let repository = image::repository(&fields.image);
    let (need, row, recognised_by) = if let Some(need) = declared_need(fields, &repository, settings) {
        (need, catalogue::describe(fields, &repository), RecognisedBy::Setting)
    } else if is_annotated(&fields.name, around.annotations) {
        (Need::AtStart, catalogue::describe(fields, &repository), RecognisedBy::Annotation)
    } else if let Some(row) = catalogue::recognise(fields, &repository, around) {
        (row.need, Some(row), RecognisedBy::Catalogue)
    } else {
        return ContainerKind::App;
    };
    if row.is_some_and(|row| row.is_stub(fields, &repository, around)) {
        return ContainerKind::Stub;
    }
    ContainerKind::ClassicSidecar(Facts { need, row, recognised_by })
}

/// What the operator says of a container.
fn declared_need(fields: &ContainerFields<'_>, repository: &str, settings: &Settings) -> Option<Need> {
    let declaration =
        settings.sidecars.iter().find(|sidecar| sidecar.r#match.matches(&fields.name, repository));
    declaration.map(|sidecar| sidecar.need)
}

fn is_annotated(name: &str, annotations: &TextMap<'_>) -> bool {
    let list = annotations.get(SIDECARS_ANNOTATION).unwrap_or_default();
    list.split(',').any(|listed| !name.is_empty() && listed.trim() == name)
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
