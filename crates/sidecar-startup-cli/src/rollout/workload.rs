//! A workload, and what is known about it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sidecar_startup::RuleId;
use sidecar_startup::model::image;

use crate::judge::Remark;
use crate::object::Object;

/// Identifies a workload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(super) namespace: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// A violation, whatever its place: the rule, and the container if one breaks it.
pub(super) type Fault = (RuleId, Option<String>);

/// A container's name, and its image without tag and digest.
pub(super) type Container = (String, String);

/// What is known about a workload.
#[derive(Debug, Default)]
pub(super) struct Workload {
    /// Its Pods.
    pub(super) pods: BTreeSet<String>,
    /// Those of them that would be denied.
    pub(super) denied_pods: BTreeSet<String>,
    /// Why it or its Pods would be denied, with the container's image.
    pub(super) faults: BTreeMap<Fault, Option<String>>,
    /// Whether it or a Pod of it would be denied as no object of its kind.
    pub(super) is_invalid: bool,
    /// What repairs would do.
    pub(super) outcome: Outcome,
    /// Why something stays.
    pub(super) reasons: BTreeMap<Fault, String>,
}

/// What repairs would do with what is denied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// Nothing is denied.
    #[default]
    Admitted,
    /// `fix: Safe` repairs it.
    Safe,
    /// `fix: All` repairs it.
    All,
    /// It stays.
    Stays,
}

impl Id {
    pub(super) fn of(object: &Object<'_>, namespace: Option<&str>) -> Self {
        Self {
            namespace: namespace.unwrap_or_default().to_owned(),
            kind: object.head.kind().to_owned(),
            name: object.head.name().to_owned(),
        }
    }
}

pub(super) fn fault(remark: &Remark) -> Option<Fault> {
    Some((remark.rule?, remark.container.clone()))
}

/// The image repository of the container that a remark is about.
pub(super) fn image_of(object: &Value, remark: &Remark) -> Option<String> {
    let name = remark.container.as_deref()?;
    let mut pointer = remark.pointer.as_str();
    loop {
        let container = object.pointer(pointer);
        if let Some(container) = container.filter(|it| it.get("name").and_then(Value::as_str) == Some(name)) {
            let image = container.get("image").and_then(Value::as_str)?;
            return Some(image::repository(image).into_owned());
        }
        pointer = pointer.rsplit_once('/')?.0;
    }
}
