//! A container as the catalogue looks at it.

use crate::model::object::{ContainerFields, Spec, TextMap};
use crate::model::template::Kind;

/// A container as the catalogue looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// What the container says.
    pub fields: &'a ContainerFields<'a>,
    /// Its image repository.
    pub repository: &'a str,
    /// The Pod around it.
    pub pod: PodContext<'a>,
}

/// The Pod around a container.
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
