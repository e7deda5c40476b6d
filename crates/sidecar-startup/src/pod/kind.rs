//! What each container is.

use super::{Container, ContainerKind, Facts, RecognisedBy};
use crate::catalogue::{self, Candidate, Row, Surroundings};
use crate::image;
use crate::object::{ContainerFields, Object, TextMap};
use crate::repair::universal;
use crate::settings::{Need, Settings};
use crate::template::Kind;

/// Names the containers of a Pod, separated by commas, that are sidecars.
const SIDECARS_ANNOTATION: &str = "sidecar-startup/sidecars";

/// Where there is no application, makes applications of those sidecars in `containers`.
pub(super) fn make_application_of(containers: &mut [Container<'_>], those: impl Fn(Facts) -> bool) {
    // A pause container keeps a Pod alive, and is nobody's application.
    let is_pause = |image: &str| image::repository(image).rsplit('/').next() == Some("pause");
    let is_app = |container: &Container<'_>| {
        matches!(container.kind, ContainerKind::App) && !is_pause(&container.fields.image)
    };
    if containers.iter().any(is_app) {
        return;
    }
    for container in containers {
        if matches!(container.kind, ContainerKind::ClassicSidecar(facts) if those(facts)) {
            container.kind = ContainerKind::App;
        }
    }
}

/// The kind of the controller that owns a Pod, as far as the catalogue asks for it.
pub(super) fn kind_of_owner(object: &Object<'_>) -> Option<Kind> {
    let owner = object.metadata.controller()?;
    Kind::of("apps", &owner.kind)
}

pub(super) fn kind_of_init(
    fields: &ContainerFields<'_>,
    settings: &Settings,
    around: Surroundings<'_>,
) -> ContainerKind {
    let is_sidecar = fields.restart_policy.as_deref() == Some("Always");
    let repository = image::repository(&fields.image);
    let candidate = Candidate { fields, repository: &repository, around };
    if !is_sidecar {
        return ContainerKind::Init(never_completes(candidate, settings));
    }
    let row = catalogue::describe(candidate);
    if row.is_some_and(|row| row.is_stub(candidate)) {
        return ContainerKind::Stub;
    }
    let declared =
        settings.declaration(universal::declared_name(fields), &repository).map(|sidecar| sidecar.need);
    let need = declared.or(row.map(|row| need_of(row, around))).unwrap_or_default();
    ContainerKind::Sidecar(Facts { need, row, recognised_by: RecognisedBy::RestartPolicy })
}

pub(super) fn kind_of_app(
    fields: &ContainerFields<'_>,
    settings: &Settings,
    around: Surroundings<'_>,
) -> ContainerKind {
    let is_native_copy = |other: &ContainerFields<'_>| {
        universal::original(other) == Some(&*fields.name) && other.restart_policy.as_deref() == Some("Always")
    };
    if universal::is_classic_copy(&fields.command) && around.spec.init_containers.iter().any(is_native_copy) {
        return ContainerKind::Copy;
    }
    let repository = image::repository(&fields.image);
    let candidate = Candidate { fields, repository: &repository, around };
    let (need, row, recognised_by) = if let Some(sidecar) = settings.declaration(&fields.name, &repository) {
        (sidecar.need, catalogue::describe(candidate), RecognisedBy::Setting)
    } else if is_annotated(&fields.name, around.annotations) {
        (Need::AtStart, catalogue::describe(candidate), RecognisedBy::Annotation)
    } else if let Some(row) = catalogue::recognise(candidate) {
        (need_of(row, around), Some(row), RecognisedBy::Catalogue)
    } else {
        return ContainerKind::App;
    };
    if row.is_some_and(|row| row.is_stub(candidate)) {
        return ContainerKind::Stub;
    }
    ContainerKind::ClassicSidecar(Facts { need, row, recognised_by })
}

/// What is known of an ordinary init container that never runs to completion. An operator's declaration says so only where it
/// goes by the name: an init container may well use a sidecar's image for a task.
fn never_completes(candidate: Candidate<'_>, settings: &Settings) -> Option<Facts> {
    let Candidate { fields, repository, around } = candidate;
    if let Some(row) = catalogue::never_completes(candidate) {
        let need = need_of(row, around);
        return Some(Facts { need, row: Some(row), recognised_by: RecognisedBy::Catalogue });
    }
    if catalogue::is_related(&fields.name) {
        return None;
    }
    let mut declarations = settings.sidecars.iter().filter(|sidecar| sidecar.r#match.goes_by_name());
    if let Some(sidecar) = declarations.find(|sidecar| sidecar.r#match.matches(&fields.name, repository)) {
        return Some(Facts { need: sidecar.need, row: None, recognised_by: RecognisedBy::Setting });
    }
    let is_annotated = is_annotated(&fields.name, around.annotations);
    is_annotated.then_some(Facts { need: Need::AtStart, row: None, recognised_by: RecognisedBy::Annotation })
}

/// What the application needs of a sidecar of that row in this Pod.
fn need_of(row: &Row, around: Surroundings<'_>) -> Need {
    let mut ordinary =
        around.spec.init_containers.iter().filter(|init| init.restart_policy.as_deref() != Some("Always"));
    if ordinary.any(|init| row.is_served_by(init)) { Need::None } else { row.need }
}

fn is_annotated(name: &str, annotations: &TextMap<'_>) -> bool {
    let list = annotations.get(SIDECARS_ANNOTATION).unwrap_or_default();
    list.split(',').any(|listed| !name.is_empty() && listed.trim() == name)
}
