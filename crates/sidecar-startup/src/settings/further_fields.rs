//! The fields of a container that no rule reads. Repairs copy them from the settings into Pods, all of which the API server would reject
//! if one of them had the wrong type, such as a number without quotes as the value of a variable.

use serde_json::Value;

use crate::model::explain::type_name;
use crate::model::field::FieldPath;
use crate::model::read::{ReadError, ReadErrorKind};

/// The type of a field.
enum Type {
    Text,
    Boolean,
    Integer,
    /// An object, with the fields of it that are looked at.
    Object(&'static [(&'static str, Self)]),
    /// A list of such objects.
    List(&'static [(&'static str, Self)]),
}

/// Fields of `io.k8s.api.core.v1.Container`.
const CONTAINER: &[(&str, Type)] = &[
    ("env", Type::List(&[("name", Type::Text), ("value", Type::Text), ("valueFrom", Type::Object(&[]))])),
    ("envFrom", Type::List(&[])),
    ("imagePullPolicy", Type::Text),
    ("resources", Type::Object(&[("limits", Type::Object(&[])), ("requests", Type::Object(&[]))])),
    ("securityContext", Type::Object(SECURITY_CONTEXT)),
    ("volumeDevices", Type::List(&[])),
    ("volumeMounts", Type::List(VOLUME_MOUNT)),
    ("workingDir", Type::Text),
];

const SECURITY_CONTEXT: &[(&str, Type)] = &[
    ("allowPrivilegeEscalation", Type::Boolean),
    ("capabilities", Type::Object(&[])),
    ("privileged", Type::Boolean),
    ("readOnlyRootFilesystem", Type::Boolean),
    ("runAsGroup", Type::Integer),
    ("runAsNonRoot", Type::Boolean),
    ("runAsUser", Type::Integer),
    ("seccompProfile", Type::Object(&[])),
];

const VOLUME_MOUNT: &[(&str, Type)] =
    &[("mountPath", Type::Text), ("name", Type::Text), ("readOnly", Type::Boolean), ("subPath", Type::Text)];

/// The first of these fields that has the wrong type.
pub(super) fn error(container: &Value) -> Option<ReadError> {
    Type::Object(CONTAINER).error(container)
}

impl Type {
    /// The first place in a value that has another type; none if it is null, as if it were left out.
    fn error(&self, value: &Value) -> Option<ReadError> {
        let expected = match (self, value) {
            (_, Value::Null) | (Self::Text, Value::String(_)) | (Self::Boolean, Value::Bool(_)) => {
                return None;
            }
            (Self::Integer, Value::Number(number)) if number.is_i64() => return None,
            (Self::Object(types), Value::Object(fields)) => {
                return types.iter().find_map(|(key, field)| {
                    Some(field.error(fields.get(*key)?)?.below(&FieldPath::from([*key])))
                });
            }
            (Self::List(types), Value::Array(items)) => {
                let item = Self::Object(types);
                return items.iter().enumerate().find_map(|(index, value)| {
                    Some(item.error(value)?.below(&FieldPath::default().index(index)))
                });
            }
            (Self::Text, _) => "a string",
            (Self::Boolean, _) => "a boolean",
            (Self::Integer, _) => "an integer",
            (Self::Object(_), _) => "an object",
            (Self::List(_), _) => "a list",
        };
        let kind = ReadErrorKind::Type { expected: expected.to_owned(), found: type_name(value) };
        Some(ReadError { path: FieldPath::default(), kind })
    }
}
