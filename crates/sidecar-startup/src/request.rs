//! What is asked of the policy: one object, and what is about to happen to it.

use serde_json::Value;

use crate::object::{Object, Text, view};
use crate::read::{self, ReadError};
use crate::template::Kind;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;

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
    /// again), and in objects that belong to another one: that other one would fight a change, and its Pods are judged.
    #[must_use]
    pub fn subject(&self) -> Option<(Kind, &Object<'a>)> {
        let kind = self.kind_that_changes()?;
        let object = self.object.as_ref()?;
        let metadata = &object.metadata;
        let is_out_of_reach = if kind == Kind::Pod {
            metadata.annotations.get("kubernetes.io/config.mirror").is_some()
                || matches!(&*object.status.phase, "Succeeded" | "Failed")
        } else {
            metadata.owner_references.iter().any(|owner| owner.controller)
        };
        let is_judged = metadata.deletion_timestamp.is_none() && !is_out_of_reach;
        is_judged.then_some((kind, object))
    }

    /// The kind of the object, if it is one whose containers this request can change.
    fn kind_that_changes(&self) -> Option<Kind> {
        let kind = Kind::of(&self.kind.group, &self.kind.kind)?;
        let changes_containers = match &*self.operation {
            "CREATE" => true,
            "UPDATE" => !matches!(kind, Kind::Pod | Kind::Job),
            _ => false,
        };
        (changes_containers && self.sub_resource.is_empty()).then_some(kind)
    }

    /// Finds out why a request cannot be read: the bytes that made `serde_json` fail are JSON all the same, and `request` is
    /// what stands in them. Nothing, where the policy has no say in the request; the object may then look like anything.
    #[must_use]
    pub fn explain(request: &mut Value) -> Option<ReadError> {
        let fields = request.as_object_mut();
        let object = fields.and_then(|fields| {
            fields.remove("oldObject");
            fields.remove("object")
        });
        match read::from_value::<Request<'_>>(request) {
            Err(error) => Some(error.below(&["request"].into())),
            Ok(request) => {
                request.kind_that_changes()?;
                read::from_value::<Option<Object<'_>>>(&object.unwrap_or_default()).err()
            }
        }
    }
}
