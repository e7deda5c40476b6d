//! The input of the catalogue: a container and its Pod.

use std::cell::OnceCell;
use std::collections::BTreeSet;

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
    pub pod: &'a PodContext<'a>,
}

/// The Pod that a container belongs to.
#[derive(Debug)]
pub struct PodContext<'a> {
    /// The kind of the object, or of the controller that owns the Pod.
    pub kind: Kind,
    /// The annotations of the Pod.
    pub annotations: &'a TextMap<'a>,
    /// The labels of the Pod.
    pub labels: &'a TextMap<'a>,
    /// The spec of the Pod.
    pub spec: &'a Spec<'a>,
    /// Whether an entry of `containers` is none of the catalogue's sidecars, once a row asks for that.
    pub(super) has_application: OnceCell<bool>,
    /// The names of its `hostPath` volumes, in the same way.
    host_paths: OnceCell<BTreeSet<String>>,
}

impl<'a> PodContext<'a> {
    /// A Pod of which nothing has been asked yet.
    pub(crate) const fn new(
        kind: Kind,
        annotations: &'a TextMap<'a>,
        labels: &'a TextMap<'a>,
        spec: &'a Spec<'a>,
    ) -> Self {
        Self {
            kind,
            annotations,
            labels,
            spec,
            has_application: OnceCell::new(),
            host_paths: OnceCell::new(),
        }
    }

    /// The names of its `hostPath` volumes.
    pub(super) fn host_paths(&self) -> &BTreeSet<String> {
        self.host_paths.get_or_init(|| {
            let mut names = BTreeSet::new();
            names.extend(self.spec.host_path_volumes());
            names
        })
    }

    /// Whether the Pod keeps running: its `restartPolicy` is `Always`, as it is by default.
    pub(super) fn runs_on(&self) -> bool {
        matches!(&*self.spec.restart_policy, "" | "Always")
    }
}
