//! The input of the catalogue: a container and its Pod.

use crate::model::container_fields::ContainerFields;
use crate::model::object::Spec;
use crate::model::template::Kind;
use crate::model::view::TextMap;

/// A container to compare with the rows of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The fields of the container.
    pub fields: &'a ContainerFields<'a>,
    /// Its image repository, as [`crate::model::image::repository`] returns it.
    pub repository: &'a str,
    /// The Pod that it belongs to.
    pub pod: PodContext<'a>,
}

/// The Pod that a container belongs to.
#[derive(Debug, Clone, Copy)]
pub struct PodContext<'a> {
    /// The kind of the object, or of the controller that owns the Pod.
    pub kind: Kind,
    /// The annotations of the Pod.
    pub annotations: &'a TextMap<'a>,
    /// The labels of the Pod.
    pub labels: &'a TextMap<'a>,
    /// The spec of the Pod.
    pub spec: &'a Spec<'a>,
}

impl PodContext<'_> {
    /// Whether the Pod keeps running: its `restartPolicy` is `Always`, as it is by default.
    pub(super) fn runs_on(&self) -> bool {
        matches!(&*self.spec.restart_policy, "" | "Always")
    }
}
