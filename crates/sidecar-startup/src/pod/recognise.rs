//! What each container is.

use std::cell::OnceCell;

use super::container::{Container, ContainerKind, Facts, List, RecognisedBy};
use super::owner::Owner;
use super::pair;
use crate::catalogue;
use crate::catalogue::candidate::{Candidate, PodContext};
use crate::catalogue::pause::is_pause;
use crate::catalogue::row::Row;
use crate::command::{Ends, handles_files, is_to_run_on, may_leave_behind, outcome};
use crate::model::container_fields::ContainerFields;
use crate::model::container_id::ContainerId;
use crate::model::image;
use crate::model::object::Object;
use crate::model::template::Kind;
use crate::settings::Settings;
use crate::settings::action::Need;
use crate::settings::annotations::Honour;
use crate::settings::sidecar::Sidecar;

/// Lists the containers of a Pod that are sidecars, separated by commas.
const SIDECARS_ANNOTATION: &str = "sidecar-startup/sidecars";

/// Lists those that are only helpers, in the same way.
pub const HELPERS_ANNOTATION: &str = "sidecar-startup/helpers";

/// Determines what the containers of a Pod are.
pub(super) struct Recogniser<'r, 'a> {
    pub(super) context: &'r PodContext<'a>,
    pub(super) settings: &'a Settings,
    /// Whether the Pod may call its own sidecars helpers.
    pub(super) may_have_helpers: bool,
}

impl<'a> Recogniser<'_, 'a> {
    /// All containers, in Pod order.
    pub(super) fn containers(&self) -> Vec<Container<'a>> {
        let spec = self.context.spec;
        let mut containers = Vec::with_capacity(spec.init_containers.len() + spec.containers.len());
        for (list, entries) in
            [(List::InitContainers, &spec.init_containers), (List::Containers, &spec.containers)]
        {
            for (index, fields) in entries.iter().enumerate() {
                let id = ContainerId::at(containers.len());
                containers.push(self.container(id, fields, list, index));
            }
        }
        // Some container has to be the application. If every entry looks like a sidecar, as in a gateway, the first candidates are
        // those that only the Pod's own annotation calls sidecars, or that annotation could hide the others.
        make_application_of(&mut containers, |_, facts| facts.recognised_by == RecognisedBy::Annotation);
        // Next are those that have the name of a well-known sidecar but another image, or that name could hide the others.
        make_application_of(&mut containers, |container, facts| {
            let is_known = |row: &Row| row.images.is_empty() || row.has_image(&container.repository);
            facts.recognised_by == RecognisedBy::Catalogue && !facts.row.is_some_and(is_known)
        });
        // Next are those that nothing waits for, such as a proxy for inbound requests.
        make_application_of(&mut containers, |_, facts| facts.need == Need::None);
        make_application_of(&mut containers, |_, facts| facts.need == Need::Helper);
        make_application_of(&mut containers, |_, _| true);
        containers
    }

    /// What an entry of a list is.
    pub(super) fn container(
        &self,
        id: ContainerId,
        fields: &'a ContainerFields<'a>,
        list: List,
        index: usize,
    ) -> Container<'a> {
        let repository = image::repository(&fields.image);
        let copy_of = match list {
            List::InitContainers if self.settings.nodes.makes_pairs() => pair::original(fields),
            _ => None,
        };
        let declaration = self.settings.declaration(copy_of.unwrap_or(&fields.name), &repository);
        let candidate = Candidate { fields, repository: &repository, pod: self.context };
        let kind = match list {
            List::InitContainers => self.kind_of_init(candidate, declaration),
            List::Containers => self.kind_of_app(candidate, declaration),
        };
        let uses_host_network = self.context.spec.host_network;
        Container {
            id,
            fields,
            repository,
            declaration,
            kind,
            copy_of,
            list,
            index,
            uses_host_network,
            waits: OnceCell::new(),
        }
    }

    fn kind_of_init(&self, candidate: Candidate<'_>, declaration: Option<&Sidecar>) -> ContainerKind {
        if candidate.fields.restart_policy.as_deref() != Some("Always") {
            return ContainerKind::Init(self.never_completes(candidate));
        }
        let row = catalogue::describe(candidate);
        if row.is_some_and(|row| row.is_placeholder(candidate)) {
            return ContainerKind::InjectorPlaceholder;
        }
        let declared = declaration.map(|sidecar| sidecar.need);
        let known = declared.or(row.map(|row| self.need_of(row)));
        let need = known.unwrap_or_else(|| self.need_of_other(candidate.fields));
        ContainerKind::Sidecar(Facts { need, row, recognised_by: RecognisedBy::RestartPolicy })
    }

    fn kind_of_app(&self, candidate: Candidate<'_>, declaration: Option<&Sidecar>) -> ContainerKind {
        let fields = candidate.fields;
        if self.settings.nodes.makes_pairs() && pair::is_classic_copy_in(self.context.spec, fields) {
            return ContainerKind::PairCopy;
        }
        let (need, row, recognised_by) = if let Some(sidecar) = declaration {
            (sidecar.need, catalogue::describe(candidate), RecognisedBy::Setting)
        } else if self.is_annotated(&fields.name) {
            let row = catalogue::describe(candidate);
            let is_helper = row.is_none() && self.is_called_helper(&fields.name);
            let need = if is_helper { Need::Helper } else { Need::AtStart };
            let is_known = catalogue::recognise(candidate).is_some();
            (need, row, if is_known { RecognisedBy::Catalogue } else { RecognisedBy::Annotation })
        } else if let Some(row) = catalogue::recognise(candidate) {
            (self.need_of(row), Some(row), RecognisedBy::Catalogue)
        } else {
            return ContainerKind::App;
        };
        if row.is_some_and(|row| row.is_placeholder(candidate)) {
            return ContainerKind::InjectorPlaceholder;
        }
        ContainerKind::ClassicSidecar(Facts { need, row, recognised_by })
    }

    /// What is known about an ordinary init container that never runs to completion. A declaration in the settings counts only if it
    /// matches by name: an init container may use a sidecar's image for a task.
    fn never_completes(&self, candidate: Candidate<'_>) -> Option<Facts> {
        let Candidate { fields, repository, .. } = candidate;
        // Names are not proof: a task that is seen to end does, such as one that copies the sidecar's binary.
        let words: Vec<&str> = fields.words().collect();
        if outcome(&words).ends != Ends::Unknown || handles_files(&words) || may_leave_behind(&words) {
            return None;
        }
        if let Some(row) = catalogue::never_completes(candidate) {
            let need = self.need_of(row);
            return Some(Facts { need, row: Some(row), recognised_by: RecognisedBy::Catalogue });
        }
        // Who declares it by its name need not know with which arguments the product ends, or that its image is used for a task.
        let may_end =
            |row: &Row| row.may_be_task(candidate) || !row.is_run_by(fields) || row.may_end(candidate);
        let may_be_task = || match catalogue::describe(candidate) {
            Some(row) => may_end(row),
            None => catalogue::has_image_of_other(candidate),
        };
        if catalogue::is_related(&fields.name) || may_be_task() {
            return None;
        }
        // A glob such as `*-proxy` also fits `wait-for-proxy`, whose command shows what it does, but cannot be interpreted.
        let runs_its_image = fields.command.is_empty() && fields.args.is_empty();
        let is_any = runs_its_image || is_to_run_on(&words);
        let is_its = |declared: &&Sidecar| {
            let by = &declared.r#match;
            by.goes_by_name()
                && by.matches(&fields.name, repository)
                && (is_any || by.is_specific(&fields.name))
        };
        if let Some(sidecar) = self.settings.sidecars.iter().find(is_its) {
            return Some(Facts { need: sidecar.need, row: None, recognised_by: RecognisedBy::Setting });
        }
        let annotated = Facts { need: Need::AtStart, row: None, recognised_by: RecognisedBy::Annotation };
        self.is_annotated(&fields.name).then_some(annotated)
    }

    /// How much the application needs a sidecar of this row in this Pod.
    fn need_of(&self, row: &Row) -> Need {
        let init_containers = self.context.spec.init_containers.iter();
        let mut tasks = init_containers.filter(|init| init.restart_policy.as_deref() != Some("Always"));
        if tasks.any(|task| row.is_served_by(task)) { Need::None } else { row.need }
    }

    /// How much the application needs a sidecar container that neither the settings nor the catalogue knows.
    fn need_of_other(&self, fields: &ContainerFields<'_>) -> Need {
        if self.is_called_helper(&fields.name) {
            return Need::Helper;
        }
        self.settings.other_sidecars.need(|| {
            let has_probe = [&fields.startup_probe, &fields.readiness_probe, &fields.liveness_probe];
            let hooks = fields.lifecycle.as_ref();
            let has_hook = hooks.is_some_and(|hooks| hooks.post_start.is_some() || hooks.pre_stop.is_some());
            !fields.ports.is_empty() || has_probe.into_iter().any(Option::is_some) || has_hook
        })
    }

    fn is_annotated(&self, name: &str) -> bool {
        self.is_listed(SIDECARS_ANNOTATION, name)
    }

    fn is_called_helper(&self, name: &str) -> bool {
        self.may_have_helpers && self.is_listed(HELPERS_ANNOTATION, name)
    }

    fn is_listed(&self, annotation: &str, name: &str) -> bool {
        let list = self.context.annotations.get(annotation).unwrap_or_default();
        list.split(',').any(|listed| !name.is_empty() && listed.trim() == name)
    }
}

/// If there is no application, treats these classic sidecars as applications.
fn make_application_of(containers: &mut [Container<'_>], those: impl Fn(&Container<'_>, Facts) -> bool) {
    if containers
        .iter()
        .any(|container| container.is_app() && !is_pause(container.fields, &container.repository))
    {
        return;
    }
    for container in containers {
        if matches!(container.kind, ContainerKind::ClassicSidecar(facts) if those(container, facts)) {
            container.kind = ContainerKind::App;
        }
    }
}

/// Whether a Pod may call its own sidecars helpers: in a Job, a helper could keep it from completing.
pub(super) fn may_have_helpers(owner: Owner, settings: &Settings) -> bool {
    settings.annotations.helpers == Honour::Honoured && owner != Owner::Job
}

/// The kind of the controller that owns a Pod, as far as the catalogue asks for it.
pub(super) fn kind_of_owner(object: &Object<'_>) -> Option<Kind> {
    let owner = object.metadata.controller()?;
    Kind::of("apps", &owner.kind)
}
