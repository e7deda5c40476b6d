//! The fields of a container that no rule reads. Repairs copy them from the settings into Pods, all of which the API server would reject
//! if one of them were wrong, such as a number without quotes as the value of a variable.

use serde_json::Value;

use crate::model::api_rules::invalid;
use crate::model::explain::type_name;
use crate::model::field::FieldPath;
use crate::model::read::{ReadError, ReadErrorKind};
use crate::model::resources::Quantity;

/// The type of a field.
enum Type {
    Text,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    Boolean,
    Integer,
    /// An object of amounts of resources.
    Quantities,
    /// An object, with the fields of it that are looked at.
    Object(&'static [(&'static str, Self)]),
    /// A list of such objects.
    List(&'static [(&'static str, Self)]),
}

/// Fields of `io.k8s.api.core.v1.Container`.
const CONTAINER: &[(&str, Type)] = &[
    ("env", Type::List(&[("name", Type::Text), ("value", Type::Text), ("valueFrom", Type::Object(&[]))])),
    ("envFrom", Type::List(&[])),
    ("imagePullPolicy", Type::OneOf(&["Always", "IfNotPresent", "Never"])),
    ("ports", Type::List(&[("protocol", Type::OneOf(&["TCP", "UDP", "SCTP"]))])),
    ("resources", Type::Object(&[("limits", Type::Quantities), ("requests", Type::Quantities)])),
    ("securityContext", Type::Object(SECURITY_CONTEXT)),
    ("terminationMessagePolicy", Type::OneOf(&["File", "FallbackToLogsOnError"])),
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
            (Self::OneOf(allowed), Value::String(text)) => {
                let is_allowed = text.is_empty() || allowed.contains(&text.as_str());
                return (!is_allowed).then(|| {
                    invalid(FieldPath::default(), &format!("must be one of {}", allowed.join(", ")))
                });
            }
            (Self::Quantities, Value::Object(amounts)) => {
                let (name, _) = amounts.iter().find(|(_, amount)| Quantity::of(amount).is_none())?;
                let detail = "must be an amount such as 100m, 0.5 or 64Mi";
                return Some(invalid(FieldPath::from([name.as_str()]), detail));
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
            (Self::Text | Self::OneOf(_), _) => "a string",
            (Self::Boolean, _) => "a boolean",
            (Self::Integer, _) => "an integer",
            (Self::Object(_) | Self::Quantities, _) => "an object",
            (Self::List(_), _) => "a list",
        };
        let kind = ReadErrorKind::Type { expected: expected.to_owned(), found: type_name(value) };
        Some(ReadError { path: FieldPath::default(), kind })
    }
}
