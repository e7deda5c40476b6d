//! One container of a Pod, and what it is.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use k8s_openapi::api::core::v1::Probe;

use crate::catalogue::row::Row;
use crate::command::{Ask, local_waits, never_ends};
use crate::model::container_fields::ContainerFields;
use crate::model::container_id::ContainerId;
use crate::model::timing::Timing;
use crate::settings::action::{Action, Need};
use crate::settings::sidecar::Sidecar;

/// One entry of `initContainers` or `containers`.
#[derive(Debug)]
pub struct Container<'a> {
    /// Which container of the Pod it is.
    pub id: ContainerId,
    /// The entry's fields.
    pub fields: &'a ContainerFields<'a>,
    /// The repository of its image.
    pub repository: Cow<'a, str>,
    /// The entry of the setting `sidecars` that matches its name and image.
    pub declaration: Option<&'a Sidecar>,
    /// What it is.
    pub kind: ContainerKind,
    /// The name of the container that a repair split it from, if it is the native copy of a pair and the settings make pairs.
    pub(crate) copy_of: Option<&'a str>,
    /// The list that contains it.
    pub(super) list: List,
    /// Its index in its list.
    pub(super) index: usize,
    /// Whether its Pod is on the node's network.
    pub(crate) uses_host_network: bool,
    /// What its command waits for, see [`Self::awaited_ports`].
    pub(super) waits: OnceCell<Vec<Ask>>,
}

/// One of the two lists of containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    InitContainers,
    Containers,
}

impl List {
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::InitContainers => "initContainers",
            Self::Containers => "containers",
        }
    }
}

/// What an entry is. List and `restartPolicy` decide together: the same value means something else in the other list.
#[derive(Debug, Clone, Copy)]
pub enum ContainerKind {
    /// An init container: it must run to completion before the next container starts. It has facts if it is a sidecar that never
    /// completes.
    Init(Option<Facts>),
    /// A sidecar container: an entry of `initContainers` with `restartPolicy: Always`.
    Sidecar(Facts),
    /// An entry of `containers` that is recognised as a sidecar.
    ClassicSidecar(Facts),
    /// Any other entry of `containers`.
    App,
    /// A placeholder that an injector fills in and may move.
    InjectorPlaceholder,
    /// The classic copy of a pair that a repair created: the sidecar where the kubelet does not support sidecar containers.
    PairCopy,
}

/// What is known about a sidecar.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// How much the application needs it at start-up.
    pub need: Need,
    /// Its row in the catalogue.
    pub row: Option<&'static Row>,
    /// How it was recognised.
    pub recognised_by: RecognisedBy,
}

impl Facts {
    /// The strictest action that a start-up rule may take for the sidecar; none if no rule reports it.
    #[must_use]
    pub const fn ceiling(&self) -> Option<Action> {
        self.need.ceiling()
    }
}

/// How an entry was recognised as a sidecar.
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

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.recognised_by, self.row) {
            (RecognisedBy::RestartPolicy, _) => f.write_str("restartPolicy: Always"),
            (RecognisedBy::Setting, _) => f.write_str("declared in the setting sidecars"),
            (RecognisedBy::Annotation, _) => f.write_str("named in the annotation sidecar-startup/sidecars"),
            (RecognisedBy::Catalogue, Some(row)) => write!(f, "{} in the built-in catalogue", row.name),
            (RecognisedBy::Catalogue, None) => f.write_str("in the built-in catalogue"),
        }
    }
}

impl<'a> Container<'a> {
    /// What is known about it, if it is a sidecar that runs beside the application.
    #[must_use]
    pub const fn sidecar(&self) -> Option<Facts> {
        match self.kind {
            ContainerKind::Sidecar(facts) | ContainerKind::ClassicSidecar(facts) => Some(facts),
            ContainerKind::Init(_)
            | ContainerKind::App
            | ContainerKind::InjectorPlaceholder
            | ContainerKind::PairCopy => None,
        }
    }

    /// Its row in the catalogue, if it is a well-known sidecar that runs beside the application.
    #[must_use]
    pub fn row(&self) -> Option<&'static Row> {
        self.sidecar().and_then(|facts| facts.row)
    }

    /// Whether it is a sidecar to which the traffic of the Pod is redirected.
    #[must_use]
    pub fn redirects_traffic(&self) -> bool {
        self.row().is_some_and(|row| row.redirects_traffic)
    }

    /// Whether its `startupProbe` is the very one of the catalogue. The port may differ.
    #[must_use]
    pub fn has_known_probe(&self) -> bool {
        self.fields.startup_probe.as_ref().is_some_and(|probe| self.is_known_probe(probe))
    }

    /// Whether a probe is the one that the catalogue has for it. The port may differ.
    #[must_use]
    pub fn is_known_probe(&self, probe: &Probe) -> bool {
        let known = self.row().and_then(|row| row.startup_probe.as_ref());
        let known = known.and_then(|known| serde_json::from_str::<Probe>(known.what).ok());
        let path = |probe: &Probe| probe.http_get.as_ref().map(|request| request.path.clone());
        known.is_some_and(|known| {
            Timing::of(&known) == Timing::of(probe) && path(&known) == path(probe) && known.exec == probe.exec
        })
    }

    /// Whether it is Istio's proxy.
    #[must_use]
    pub fn is_istio_proxy(&self) -> bool {
        self.row().is_some_and(Row::is_istio_proxy)
    }

    /// Whether it is an entry of `initContainers`.
    #[must_use]
    pub fn is_init(&self) -> bool {
        self.list == List::InitContainers
    }

    /// Whether it declares a port. That is informational: it may listen on others, and on none of these.
    #[must_use]
    pub fn declares(&self, port: i32) -> bool {
        self.fields.ports.iter().any(|declared| declared.container_port == port)
    }

    /// The ports that it declares, of whatever protocol.
    pub fn declared_ports(&self) -> impl Iterator<Item = u16> {
        self.fields.ports.iter().filter_map(|port| u16::try_from(port.container_port).ok())
    }

    /// The ports of its own Pod for which its command may wait before its work, see [`local_waits`]. The command is read once, since each
    /// start order that a repair tries asks again.
    #[must_use]
    pub fn awaited_ports(&self) -> &[Ask] {
        self.waits.get_or_init(|| local_waits(&self.fields.words().collect::<Vec<_>>()))
    }

    /// Whether it is an app container.
    #[must_use]
    pub const fn is_app(&self) -> bool {
        matches!(self.kind, ContainerKind::App)
    }

    /// Whether it is an init container, which runs to completion.
    #[must_use]
    pub const fn is_init_task(&self) -> bool {
        matches!(self.kind, ContainerKind::Init(_))
    }

    /// Whether it is an init container that never runs to completion: a sidecar, or a command that is seen never to end.
    #[must_use]
    pub fn never_completes(&self) -> bool {
        match self.kind {
            ContainerKind::Init(facts) => {
                facts.is_some() || never_ends(&self.fields.words().collect::<Vec<_>>())
            }
            _ => false,
        }
    }

    /// Whether it is a sidecar container.
    #[must_use]
    pub const fn is_native_sidecar(&self) -> bool {
        matches!(self.kind, ContainerKind::Sidecar(_))
    }

    /// Whether its first start comes before that of another container of its Pod.
    #[must_use]
    pub fn is_before(&self, other: &Self) -> bool {
        self.id < other.id
    }

    /// Its name in the settings, which do not know about copies.
    pub(crate) fn declared_name(&self) -> &'a str {
        self.copy_of.unwrap_or(&self.fields.name)
    }

    /// Its name, for messages.
    #[must_use]
    pub fn name(&self) -> Name<'a> {
        Name(&self.fields.name)
    }
}

/// A container's name as shown in messages: in quotes, on one line, and no longer than a valid name can be.
#[derive(Debug, Clone, Copy)]
pub struct Name<'a>(&'a str);

/// The maximum length of a container name (RFC 1123 label).
const MAX_NAME: usize = 63;

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut: String = self.0.chars().take(MAX_NAME).collect();
        let ellipsis = if cut.len() < self.0.len() { "…" } else { "" };
        write!(f, "\"{}{ellipsis}\"", cut.escape_debug())
    }
}
