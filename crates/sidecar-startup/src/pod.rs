//! The containers of a Pod template, each with its kind and its field path.

pub mod container;
pub mod coordination;
pub mod ending;
pub(crate) mod listeners;
pub mod owner;
pub mod pair;
mod recognise;
mod signals;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use self::container::{Container, ContainerKind, Facts, List};
use self::owner::{Deadline, Owner, deadline, is_owned_by, job_spec, owner, service, spare_restarts};
use self::pair::NATIVE_SUFFIX;
pub use self::recognise::HELPERS_ANNOTATION;
use self::recognise::{Recogniser, kind_of_owner, may_have_helpers};
use self::signals::Signals;
use crate::catalogue;
use crate::catalogue::candidate::{Candidate, PodContext};
use crate::model::container_fields::ContainerFields;
use crate::model::container_id::ContainerId;
use crate::model::field::FieldPath;
use crate::model::object::{Object, Spec};
use crate::model::owners::Sender;
use crate::model::read::{ReadError, ReadErrorKind};
use crate::model::template::{Kind, PodTemplate};
use crate::model::view::TextMap;
use crate::settings::Settings;
use crate::settings::action::Need;
use crate::settings::sidecar::Sidecar;

/// How many of those that can write to a volume are looked at, so that large Pods are judged in linear time.
const MOST_WRITERS: usize = 20;

/// The containers of a Pod template, in Pod order: `initContainers`, then `containers`.
#[derive(Debug)]
pub struct Pod<'a> {
    /// The kind of the object that contains it.
    pub kind: Kind,
    /// The path of its template, which holds metadata and spec.
    template_path: FieldPath,
    /// The path of its spec.
    path: FieldPath,
    /// All containers.
    pub containers: Vec<Container<'a>>,
    /// The containers of each name, in Pod order, once something asks for them.
    by_name: OnceCell<BTreeMap<String, Vec<ContainerId>>>,
    /// Whether a controller orders them and ends its sidecars, once something asks for that; see `ending.rs`.
    is_orchestrated: OnceCell<bool>,
    /// Which sidecars they tell to quit, in the same way.
    quit_calls: OnceCell<Signals>,
    /// Which sidecars its applications wait for, in the same way.
    waits: OnceCell<Signals>,
    /// The ports that its containers declare.
    declared: OnceCell<BTreeSet<u16>>,
    /// For each volume, the containers that can write to it, in Pod order.
    writers: OnceCell<BTreeMap<String, Vec<ContainerId>>>,
    /// The volumes of type `emptyDir`.
    empty_dirs: OnceCell<BTreeSet<String>>,
    /// Whether it should run to completion, as a Job's does.
    pub should_complete: bool,
    /// How long its start may take, if anything limits that.
    pub deadline: Option<Deadline>,
    /// Whether a `DaemonSet` creates it, or is said to.
    is_of_daemon_set: bool,
    /// What owns the Pod, as far as that tells who waits for it to complete.
    pub owner: Owner,
    /// Whose exit codes its Job's `podFailurePolicy` goes by, see [`Spec::exit_code_rules`].
    pub exit_code_rules: Vec<Option<String>>,
    /// How many container restarts its Job certainly allows: a Job counts them, including those of sidecar containers, and fails at
    /// its `backoffLimit` (`pastBackoffLimitOnFailure` in `pkg/controller/job/job_controller.go`).
    pub spare_restarts: u64,
    /// The name of its own Service, where a StatefulSet or the Pod gives one; else empty.
    service: String,
    /// The first entry of `containers` that is not a sidecar.
    application: Option<ContainerId>,
    /// Whether its annotation may call sidecars helpers.
    may_have_helpers: bool,
    /// The Pod as the catalogue sees it.
    context: PodContext<'a>,
}

impl<'a> Pod<'a> {
    /// Reads the containers of a Pod template in an object of this kind.
    #[must_use]
    pub fn new(kind: Kind, object: &Object<'a>, template: &PodTemplate<'a>, settings: &'a Settings) -> Self {
        let kind_of_owner = kind_of_owner(object).unwrap_or(kind);
        let metadata = template.metadata;
        let context = PodContext::new(kind_of_owner, &metadata.annotations, &metadata.labels, template.spec);
        let owner = owner(kind, object);
        let may_have_helpers = may_have_helpers(owner, settings);
        let containers = Recogniser { context: &context, settings, may_have_helpers }.containers();
        let application = containers.iter().find(|container| container.is_app()).map(|app| app.id);
        Self {
            kind,
            path: template.path.child("spec"),
            template_path: template.path.clone(),
            containers,
            by_name: OnceCell::new(),
            is_orchestrated: OnceCell::new(),
            quit_calls: OnceCell::new(),
            waits: OnceCell::new(),
            declared: OnceCell::new(),
            writers: OnceCell::new(),
            empty_dirs: OnceCell::new(),
            should_complete: matches!(&*template.spec.restart_policy, "Never" | "OnFailure"),
            deadline: deadline(kind, object, template),
            is_of_daemon_set: kind_of_owner == Kind::DaemonSet || is_owned_by(object, "DaemonSet"),
            owner,
            exit_code_rules: job_spec(kind, object).map(Spec::exit_code_rules).unwrap_or_default(),
            spare_restarts: spare_restarts(kind, object),
            service: service(object, template).to_owned(),
            application,
            may_have_helpers,
            context,
        }
    }

    /// The name of its own Service, where a StatefulSet or the Pod gives one.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        Some(self.service.as_str()).filter(|service| !service.is_empty())
    }

    /// The ports that its containers declare.
    pub(crate) fn declared_ports(&self) -> &BTreeSet<u16> {
        self.declared.get_or_init(|| self.containers.iter().flat_map(Container::declared_ports).collect())
    }

    /// The containers that can write to a volume, in Pod order.
    pub(crate) fn writers_of(&self, volume: &str) -> &[ContainerId] {
        let writers = self.writers.get_or_init(|| {
            let mut writers: BTreeMap<String, Vec<ContainerId>> = BTreeMap::new();
            for container in &self.containers {
                for mount in container.fields.mount_list().iter().filter(|mount| !mount.is_read_only) {
                    let ids = writers.entry(mount.volume.to_string()).or_default();
                    if ids.last() != Some(&container.id) {
                        ids.push(container.id);
                    }
                }
            }
            writers
        });
        writers.get(volume).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a volume may hold files before a container starts: it is no `emptyDir`, or the words of an earlier container that can write to
    /// it name where that has it.
    pub(crate) fn may_hold_files(&self, volume: &str, container: &Container<'_>) -> bool {
        let empty_dirs = self.empty_dirs.get_or_init(|| self.spec().empty_dirs());
        let names_it = |writer: &Container<'_>| {
            let mounts = writer.fields.mount_list();
            let mut paths = mounts.iter().filter(|mount| *mount.volume == *volume).map(|mount| &*mount.path);
            paths.any(|path| writer.fields.words().any(|word| word.contains(path)))
        };
        let earlier =
            self.writers_of(volume).iter().take_while(|writer| **writer < container.id).take(MOST_WRITERS);
        !empty_dirs.contains(volume) || earlier.filter_map(|writer| self.get(*writer)).any(names_it)
    }

    /// A container of this Pod.
    #[must_use]
    pub fn get(&self, id: ContainerId) -> Option<&Container<'a>> {
        self.containers.get(id.position())
    }

    /// Its init containers and sidecar containers, in order.
    #[must_use]
    pub fn init_containers(&self) -> impl DoubleEndedIterator<Item = &Container<'a>> {
        self.containers.iter().take(self.spec().init_containers.len())
    }

    /// The entries of `containers`, in order.
    #[must_use]
    pub fn app_list(&self) -> impl DoubleEndedIterator<Item = &Container<'a>> {
        self.containers.iter().skip(self.spec().init_containers.len())
    }

    /// Whether something stops all classic sidecars of the Pod without being one of its containers.
    #[must_use]
    pub fn has_sidecars_ended(&self) -> bool {
        let Some(first) = self.containers.first() else { return false };
        catalogue::ends_all(Candidate { fields: first.fields, repository: "", pod: &self.context })
    }

    /// Whether it has a sidecar that a start-up rule may report, or one that lost its `restartPolicy`.
    #[must_use]
    pub fn has_sidecar(&self) -> bool {
        self.containers.iter().any(|container| match container.kind {
            ContainerKind::Init(facts) => facts.is_some(),
            _ => container.sidecar().is_some_and(|facts| facts.ceiling().is_some()),
        })
    }

    /// Whether its author may call a sidecar that holds the application a helper, by the annotation [`HELPERS_ANNOTATION`]: where the
    /// operator honours that, neither the settings nor the catalogue knows the sidecar, and no Job waits for the Pod.
    #[must_use]
    pub fn may_call_helper(&self, container: &Container<'_>) -> bool {
        let is_other = |facts: Facts| {
            facts.row.is_none() && facts.need == Need::AtStart && container.declaration.is_none()
        };
        self.may_have_helpers && container.sidecar().is_some_and(is_other)
    }

    /// Whether a `DaemonSet` creates it.
    #[must_use]
    pub fn is_of_daemon_set(&self) -> bool {
        self.is_of_daemon_set
    }

    /// The path of its spec.
    #[must_use]
    pub const fn path(&self) -> &FieldPath {
        &self.path
    }

    /// The path of its template, which holds metadata and spec.
    #[must_use]
    pub const fn template_path(&self) -> &FieldPath {
        &self.template_path
    }

    /// The path of one of its annotations.
    #[must_use]
    pub fn annotation_path(&self, key: &str) -> FieldPath {
        self.template_path.child("metadata").child("annotations").child(key)
    }

    /// Its annotations.
    #[must_use]
    pub const fn annotations(&self) -> &'a TextMap<'a> {
        self.context.annotations
    }

    /// Its labels.
    #[must_use]
    pub const fn labels(&self) -> &'a TextMap<'a> {
        self.context.labels
    }

    /// Its spec.
    #[must_use]
    pub const fn spec(&self) -> &'a Spec<'a> {
        self.context.spec
    }

    /// Whether it has a container with this name.
    #[must_use]
    pub fn has_container(&self, name: &str) -> bool {
        !self.named(name).is_empty()
    }

    /// The containers with this name, in Pod order.
    pub(crate) fn named(&self, name: &str) -> &[ContainerId] {
        let by_name = self.by_name.get_or_init(|| {
            let mut by_name: BTreeMap<String, Vec<ContainerId>> = BTreeMap::new();
            for container in &self.containers {
                by_name.entry(container.fields.name.to_string()).or_default().push(container.id);
            }
            by_name
        });
        by_name.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The sidecar container that an earlier repair moved out of `containers`, given the original entry: a second `kubectl apply` of
    /// the manifest adds that again. No apply adds two of one name, which the API server must see to refuse them.
    #[must_use]
    pub fn twin_of(&self, container: &Container<'_>) -> Option<ContainerId> {
        if !matches!(container.kind, ContainerKind::ClassicSidecar(_)) {
            return None;
        }
        let mut others = self.named(&container.fields.name).iter().filter(|other| **other != container.id);
        let twin = self.get(*others.next()?).filter(|_| others.next().is_none())?;
        (twin.is_native_sidecar() && twin.repository == container.repository).then_some(twin.id)
    }

    /// The native copy that was split from a container, whether the settings still make pairs or not.
    pub(crate) fn native_copy_of(&self, container: &Container<'_>) -> Option<&Container<'a>> {
        let name = &*container.fields.name;
        let mut copies = self.named(&format!("{name}{NATIVE_SUFFIX}")).iter().filter_map(|id| self.get(*id));
        copies.find(|copy| copy.is_init() && pair::original(copy.fields) == Some(name))
    }

    /// Whether it must have a sidecar of this entry of the setting `sidecars`, and has none. An ordinary init container, which runs to
    /// completion, is none, and of a placeholder only the name counts.
    #[must_use]
    pub fn lacks(&self, sidecar: &Sidecar) -> bool {
        let is_required =
            sidecar.required_in.as_ref().is_some_and(|required| required.pod_selector.matches(self.labels()));
        let is_it = |container: &Container<'_>| {
            let name = container.declared_name();
            match container.kind {
                ContainerKind::Init(None) => false,
                ContainerKind::InjectorPlaceholder if sidecar.r#match.selects_name(name) => true,
                _ => sidecar.r#match.matches(name, &container.repository),
            }
        };
        is_required && !self.containers.iter().any(is_it)
    }

    /// A container that is not in this Pod, as what it would be among its init containers.
    #[must_use]
    pub fn newcomer(&self, fields: &'a ContainerFields<'a>, settings: &'a Settings) -> Container<'a> {
        let recogniser =
            Recogniser { context: &self.context, settings, may_have_helpers: self.may_have_helpers };
        let (id, index) = (ContainerId::at(self.containers.len()), self.spec().init_containers.len());
        recogniser.container(id, fields, List::InitContainers, index)
    }

    /// The path of a container of this Pod in the object.
    #[must_use]
    pub fn path_of(&self, container: &Container<'_>) -> FieldPath {
        self.path.child(container.list.key()).index(container.index)
    }

    /// A container as the catalogue sees it.
    #[must_use]
    pub fn candidate<'c>(&'c self, container: &'c Container<'_>) -> Candidate<'c> {
        Candidate { fields: container.fields, repository: &container.repository, pod: &self.context }
    }

    /// How messages name the application: the first entry of `containers` that is not a sidecar.
    #[must_use]
    pub fn application(&self) -> String {
        let app = self.application.and_then(|app| self.get(app));
        app.map_or_else(|| "the application".to_owned(), |app| app.name().to_string())
    }
}

/// Reads an object of this kind, and looks at its Pod template. `sender` is who sent it.
///
/// # Errors
/// The object cannot be read, or has no Pod template.
pub(crate) fn with_pod<T>(
    kind: Kind,
    object: &str,
    settings: &Settings,
    sender: Sender,
    look: impl FnOnce(&Pod<'_>) -> T,
) -> Result<T, ReadError> {
    let mut object: Object<'_> = serde_json::from_str(object)
        .map_err(|_| ReadError { path: FieldPath::root(), kind: ReadErrorKind::Missing })?;
    object.doubt_owners(kind, sender);
    let template = PodTemplate::of(kind, &object)?;
    Ok(look(&Pod::new(kind, &object, &template, settings)))
}
