//! The Pod template of each kind.

use crate::model::field::FieldPath;
use crate::model::object::{Metadata, Object, Spec, Template};
use crate::model::read::{ReadError, ReadErrorKind};

/// A kind that is a Pod or creates Pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `v1`
    Pod,
    /// `v1`
    PodTemplate,
    /// `v1`
    ReplicationController,
    /// `apps/v1`
    Deployment,
    /// `apps/v1`
    ReplicaSet,
    /// `apps/v1`
    StatefulSet,
    /// `apps/v1`
    DaemonSet,
    /// `batch/v1`
    Job,
    /// `batch/v1`
    CronJob,
    /// A kind of the setting `podTemplates`. Each of its Pod templates is wrapped in an object like a `PodTemplate`.
    Custom,
}

impl Kind {
    /// The built-in kind with this API group and kind, in any version; `None` for all others.
    #[must_use]
    pub fn of(group: &str, kind: &str) -> Option<Self> {
        Some(match (group, kind) {
            ("", "Pod") => Self::Pod,
            ("", "PodTemplate") => Self::PodTemplate,
            ("", "ReplicationController") => Self::ReplicationController,
            ("apps", "Deployment") => Self::Deployment,
            ("apps", "ReplicaSet") => Self::ReplicaSet,
            ("apps", "StatefulSet") => Self::StatefulSet,
            ("apps", "DaemonSet") => Self::DaemonSet,
            ("batch", "Job") => Self::Job,
            ("batch", "CronJob") => Self::CronJob,
            _ => return None,
        })
    }
}

/// The metadata and spec of the Pods that an object creates; for a Pod, its own.
#[derive(Debug, Clone)]
pub struct PodTemplate<'a> {
    /// The path of the Pod template; the root for a Pod.
    pub path: FieldPath,
    /// Its `metadata`.
    pub metadata: &'a Metadata<'a>,
    /// Its `spec`.
    pub spec: &'a Spec<'a>,
}

impl<'a> PodTemplate<'a> {
    /// The Pod template of an object.
    ///
    /// # Errors
    /// The object has no Pod template; the error names the first missing field on the path to it.
    pub fn of(kind: Kind, object: &'a Object<'a>) -> Result<Self, ReadError> {
        let root = FieldPath::root();
        if matches!(kind, Kind::PodTemplate | Kind::Custom) {
            return Self::at(root.child("template"), object.template.as_deref());
        }
        let path = root.child("spec");
        let spec = require(object.spec.as_deref(), &path)?;
        match kind {
            Kind::Pod => Ok(Self { path: root, metadata: &object.metadata, spec }),
            Kind::CronJob => {
                let path = path.child("jobTemplate");
                let job = require(spec.job_template.as_deref(), &path)?;
                let path = path.child("spec");
                let spec = require(job.spec.as_deref(), &path)?;
                Self::at(path.child("template"), spec.template.as_deref())
            }
            _ => Self::at(path.child("template"), spec.template.as_deref()),
        }
    }

    fn at(path: FieldPath, template: Option<&'a Template<'a>>) -> Result<Self, ReadError> {
        let template = require(template, &path)?;
        let spec = require(template.spec.as_deref(), &path.child("spec"))?;
        Ok(Self { path, metadata: &template.metadata, spec })
    }
}

fn require<'a, T>(value: Option<&'a T>, path: &FieldPath) -> Result<&'a T, ReadError> {
    value.ok_or_else(|| ReadError { path: path.clone(), kind: ReadErrorKind::Missing })
}
