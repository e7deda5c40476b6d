//! What is asked of the policy: one object, and what is about to happen to it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::model::object::{Object, Text, view};
use crate::model::template::Kind;

view! {
    /// The part of an `admission.k8s.io/v1` `AdmissionRequest` that a verdict depends on.
    Request {
        "kind" kind: GroupKind<'a>,
        "operation" operation: Text<'a>,
        "subResource" sub_resource: Text<'a>,
        "object" object: Option<Object<'a>>,
        /// The object as it was, where it is being changed.
        "oldObject" old_object: Option<Object<'a>>,
    }
}

view! {
    /// The kind of an object. Its version is left out: no rule depends on it.
    GroupKind {
        "group" group: Text<'a>,
        "kind" kind: Text<'a>,
    }
}

impl<'a> Request<'a> {
    /// Whether the policy has a say in this request, and then on which object of which kind.
    ///
    /// It has none where the containers do not change (deletion, connection, subresources, and the immutable Pods and Jobs
    /// when they are updated: denying that would block their finalizers and labels), where its denial would change nothing
    /// (a mirror Pod runs already, see `pkg/kubelet/pod/mirror_client.go`; a finished Pod and one being deleted never start
    /// again; one that has no uid yet only claims to be finished), and in objects that belong to another one: that other one
    /// would fight a change, and its Pods are judged.
    #[must_use]
    pub fn subject(&self) -> Option<(Kind, &Object<'a>)> {
        let kind = Kind::of(&self.kind.group, &self.kind.kind)?;
        let object = self.object.as_ref()?;
        is_judged(kind, &self.operation, &self.sub_resource, object).then_some((kind, object))
    }
}

/// Whether the policy has a say in what happens to an object, see [`Request::subject`].
pub(crate) fn is_judged(kind: Kind, operation: &str, sub_resource: &str, object: &Object<'_>) -> bool {
    let metadata = &object.metadata;
    let is_out_of_reach = if kind == Kind::Pod {
        metadata.annotations.get("kubernetes.io/config.mirror").is_some()
            || (matches!(&*object.status.phase, "Succeeded" | "Failed") && !metadata.uid.is_empty())
    } else {
        metadata.controller().is_some()
    };
    changes_containers(kind, operation, sub_resource)
        && metadata.deletion_timestamp.is_none()
        && !is_out_of_reach
}

/// Whether a request can change the containers of an object of that kind.
pub(crate) fn changes_containers(kind: Kind, operation: &str, sub_resource: &str) -> bool {
    let changes_template = match operation {
        "CREATE" => true,
        "UPDATE" => !matches!(kind, Kind::Pod | Kind::Job),
        _ => false,
    };
    changes_template && sub_resource.is_empty()
}
