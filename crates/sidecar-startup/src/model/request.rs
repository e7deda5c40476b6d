//! The admission request: an object, and the operation on it.

use serde_json::Value;

use crate::model::object::Object;
use crate::model::owners::Sender;
use crate::model::template::Kind;
use crate::model::view::{Text, view};

view! {
    /// The fields of an `admission.k8s.io/v1` `AdmissionRequest` that the verdict depends on.
    Request {
        "kind" kind: GroupKind<'a>,
        "operation" operation: Text<'a>,
        "subResource" sub_resource: Text<'a>,
        /// The object's namespace; empty if it has none.
        "namespace" namespace: Text<'a>,
        "object" object: Option<Object<'a>>,
        /// The existing object, on `UPDATE`.
        "oldObject" old_object: Option<Object<'a>>,
        "userInfo" user_info: UserInfo<'a>,
    }
}

view! {
    /// Who sends a request.
    UserInfo {
        "username" username: Text<'a>,
    }
}

view! {
    /// The kind of an object, without the version: no rule depends on it.
    GroupKind {
        "group" group: Text<'a>,
        "kind" kind: Text<'a>,
    }
}

/// The request, as JSON, that the API server would send when an object of this kind is created. `object` is its JSON, which is taken as it
/// is.
#[must_use]
pub fn of_creation(group: &str, kind: &str, namespace: &str, object: &str) -> String {
    let [group, kind, namespace] = [group, kind, namespace].map(|text| Value::from(text).to_string());
    format!(
        r#"{{"uid":"00000000-0000-0000-0000-000000000000","kind":{{"group":{group},"version":"","kind":{kind}}},"resource":{{"group":{group},"version":"","resource":""}},"operation":"CREATE","namespace":{namespace},"userInfo":{{}},"object":{object}}}"#
    )
}

/// The payload of `validate`: a request and the settings, both as JSON.
#[must_use]
pub fn payload(request: &str, settings: &str) -> String {
    format!(r#"{{"request":{request},"settings":{settings}}}"#)
}

impl<'a> Request<'a> {
    /// Who sends it.
    #[must_use]
    pub fn sender(&self) -> Sender {
        Sender::of(&self.user_info.username)
    }

    /// Takes the owners in its objects that are not believed for none that control them.
    pub fn doubt_owners(&mut self) {
        let Some(kind) = Kind::of(&self.kind.group, &self.kind.kind) else { return };
        let sender = self.sender();
        for object in [&mut self.object, &mut self.old_object].into_iter().flatten() {
            object.doubt_owners(kind, sender);
        }
    }

    /// The object to judge and its kind; `None` if the request is not judged.
    ///
    /// A request is not judged if
    /// - it cannot change containers: `DELETE`, `CONNECT`, subresources, and updates of Pods and Jobs, whose containers are
    ///   immutable. Denying those updates would block changes of finalizers and labels.
    /// - a denial would have no effect: a mirror Pod already runs (`pkg/kubelet/pod/mirror_client.go`), and a finished Pod, or an
    ///   object being deleted, never starts again. A Pod without a uid is only claimed to be finished, so it is judged.
    /// - the object has a controller, unless it is a Pod: the controller would revert a change, and the Pods are judged anyway. An
    ///   owner that is not believed is none (`model/owners.rs`).
    #[must_use]
    pub fn subject(&self) -> Option<(Kind, &Object<'a>)> {
        let kind = Kind::of(&self.kind.group, &self.kind.kind)?;
        let object = self.object.as_ref()?;
        is_judged(kind, &self.operation, &self.sub_resource, object).then_some((kind, object))
    }
}

/// Whether an operation on an object is judged, see [`Request::subject`].
pub(crate) fn is_judged(kind: Kind, operation: &str, sub_resource: &str, object: &Object<'_>) -> bool {
    let metadata = &object.metadata;
    let is_beyond_control = if kind == Kind::Pod {
        metadata.annotations.get("kubernetes.io/config.mirror").is_some()
            || (matches!(&*object.status.phase, "Succeeded" | "Failed") && !metadata.uid.is_empty())
    } else {
        metadata.controller().is_some()
    };
    changes_containers(kind, operation, sub_resource)
        && metadata.deletion_timestamp.is_none()
        && !is_beyond_control
}

/// Whether a request can change the containers of an object of this kind.
pub(crate) fn changes_containers(kind: Kind, operation: &str, sub_resource: &str) -> bool {
    let changes_template = match operation {
        "CREATE" => true,
        "UPDATE" => !matches!(kind, Kind::Pod | Kind::Job),
        _ => false,
    };
    changes_template && sub_resource.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_sent_at_creation_is_read() {
        let text = of_creation("apps", "Deployment", "a \"b\"", r#"{"spec": {}}"#);
        let request: Request<'_> = serde_json::from_str(&text).unwrap();
        let GroupKind { group, kind, .. } = &request.kind;
        assert_eq!((&**group, &**kind, &*request.namespace), ("apps", "Deployment", "a \"b\""));
        assert!(request.subject().is_some());
    }
}
