//! Deserializes the settings from a JSON value, with errors that name the field but never repeat a value.
//!
//! The errors of `serde_json` quote what they found, so a secret in the wrong field would end up in a message. Those of this
//! deserializer contain the field path, what was expected, and only the JSON type of what was found.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, IntoDeserializer, Unexpected, value::StrDeserializer};
use serde_json::{Map, Value};

use crate::model::field::FieldPath;

/// Why a value could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// The field.
    pub path: FieldPath,
    /// What is wrong with it.
    pub kind: ReadErrorKind,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// A required field is missing.
    Missing,
    /// The field is not one of the known fields.
    UnknownField {
        /// The known fields.
        known: &'static [&'static str],
        /// The most similar known field, if any is similar.
        nearest: Option<&'static str>,
    },
    /// The value is not one of the supported values.
    UnknownValue {
        /// The supported values.
        known: &'static [&'static str],
        /// The most similar supported value, if any is similar.
        nearest: Option<&'static str>,
    },
    /// The value has the wrong type.
    Type {
        /// The expected type, such as "a string".
        expected: String,
        /// The type found, such as "a list".
        found: &'static str,
    },
    /// The value has the right type, but is not allowed; the text says why.
    Invalid(String),
}

/// Deserializes a `T` from `value`, borrowing from it.
///
/// # Errors
/// The first field that is unknown or invalid.
pub fn from_value<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T, ReadError> {
    T::deserialize(Reader { value })
}

/// The string at a JSON pointer; empty if there is none.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

impl ReadError {
    /// An error at the value being read. Each enclosing list or object prepends its index or key.
    fn here(kind: ReadErrorKind) -> Self {
        Self { path: FieldPath::root(), kind }
    }

    /// The same error with `parent` prepended to its path.
    #[must_use]
    pub fn below(self, parent: &FieldPath) -> Self {
        Self { path: parent.join(&self.path), kind: self.kind }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path != FieldPath::root() {
            write!(f, "{}: ", self.path)?;
        }
        match &self.kind {
            ReadErrorKind::Missing => f.write_str("Required value"),
            ReadErrorKind::UnknownField { known, nearest } => {
                f.write_str("Forbidden: unknown field")?;
                write_known(f, *nearest, "known fields", known)
            }
            ReadErrorKind::UnknownValue { known, nearest } => {
                f.write_str("Unsupported value")?;
                write_known(f, *nearest, "supported values", known)
            }
            ReadErrorKind::Type { expected, found } => {
                write!(f, "Invalid value: expected {expected}, but found {found}")
            }
            ReadErrorKind::Invalid(detail) => write!(f, "Invalid value: {detail}"),
        }
    }
}

/// Suggests `nearest` or, without it, lists everything known after `label`.
fn write_known(
    f: &mut fmt::Formatter<'_>,
    nearest: Option<&str>,
    label: &str,
    known: &[&str],
) -> fmt::Result {
    if let Some(nearest) = nearest {
        return write!(f, "; did you mean \"{nearest}\"?");
    }
    write!(f, "; {label}: ")?;
    for (position, name) in known.iter().enumerate() {
        write!(f, "{}\"{name}\"", if position == 0 { "" } else { ", " })?;
    }
    Ok(())
}

/// The name in `known` that `found` is most likely a typo of: the same apart from case, or at least two thirds similar.
#[must_use]
pub fn nearest(found: &str, known: &[&'static str]) -> Option<&'static str> {
    let found = found.to_ascii_lowercase();
    known
        .iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(&found, &name.to_ascii_lowercase()), *name))
        .filter(|(similarity, _)| 0.66 < *similarity)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::here(ReadErrorKind::Invalid(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let expected = expected.to_string();
        let expected = if is_integer_type(&expected) { "an integer".to_owned() } else { expected };
        Self::here(ReadErrorKind::Type { expected, found: type_name(found) })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let of_type = expected.to_string();
        match found {
            Unexpected::Signed(..0) if is_integer_type(&of_type) && of_type.starts_with('u') => {
                Self::custom("must be at least 0")
            }
            Unexpected::Signed(..0) if is_integer_type(&of_type) => Self::custom("is too small"),
            Unexpected::Signed(_) | Unexpected::Unsigned(_) if is_integer_type(&of_type) => {
                Self::custom("is too large")
            }
            _ => Self::invalid_type(found, expected),
        }
    }

    fn invalid_length(_: usize, expected: &dyn de::Expected) -> Self {
        Self::here(ReadErrorKind::Invalid(format!("expected {expected}")))
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        Self::here(ReadErrorKind::UnknownValue { known, nearest: nearest(variant, known) })
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::here(ReadErrorKind::UnknownField { known, nearest: nearest(field, known) })
    }

    fn missing_field(field: &'static str) -> Self {
        Self { path: FieldPath::root().child(field), kind: ReadErrorKind::Missing }
    }
}

fn is_integer_type(name: &str) -> bool {
    matches!(name, "i32" | "i64" | "u16" | "u32" | "u64")
}

fn type_name(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "an integer",
        Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) => "a string",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "a list",
        Unexpected::Map => "an object",
        _ => "something else",
    }
}

/// Deserializes a JSON value. Accepts only objects for structs: serde's derived visitors would accept lists, too.
struct Reader<'de> {
    value: &'de Value,
}

impl<'de> de::Deserializer<'de> for Reader<'de> {
    type Error = ReadError;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => {
                if let Some(value) = number.as_i64() {
                    visitor.visit_i64(value)
                } else if let Some(value) = number.as_u64() {
                    visitor.visit_u64(value)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
                }
            }
            Value::String(value) => visitor.visit_borrowed_str(value),
            Value::Array(items) => visitor.visit_seq(Items { items: items.iter().enumerate() }),
            Value::Object(fields) => visit_object(fields, visitor),
        }
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.value {
            Value::String(variant) => {
                let variant: StrDeserializer<'_, ReadError> = variant.as_str().into_deserializer();
                visitor.visit_enum(variant)
            }
            _ => Err(self.mismatch(&"a string")),
        }
    }

    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            Value::Object(fields) => visit_object(fields, visitor),
            _ => Err(self.mismatch(&"an object")),
        }
    }

    fn deserialize_seq<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            Value::Array(_) => self.deserialize_any(visitor),
            _ => Err(self.mismatch(&"a list")),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        tuple tuple_struct identifier ignored_any
    }
}

impl Reader<'_> {
    fn mismatch(&self, expected: &dyn de::Expected) -> ReadError {
        let found = match self.value {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(number) if number.is_f64() => Unexpected::Float(0.0),
            Value::Number(_) => Unexpected::Signed(0),
            Value::String(_) => Unexpected::Str(""),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        de::Error::invalid_type(found, expected)
    }
}

fn visit_object<'de, V: de::Visitor<'de>>(
    fields: &'de Map<String, Value>,
    visitor: V,
) -> Result<V::Value, ReadError> {
    visitor.visit_map(Fields { fields: fields.iter(), at: None })
}

struct Items<'de> {
    items: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
}

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = ReadError;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        let Some((index, value)) = self.items.next() else {
            return Ok(None);
        };
        seed.deserialize(Reader { value }).map(Some).map_err(|e| e.below(&FieldPath::root().index(index)))
    }
}

struct Fields<'de> {
    fields: serde_json::map::Iter<'de>,
    at: Option<(&'de String, &'de Value)>,
}

impl<'de> de::MapAccess<'de> for Fields<'de> {
    type Error = ReadError;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        self.at = self.fields.next();
        let Some((key, _)) = self.at else { return Ok(None) };
        let name = de::value::BorrowedStrDeserializer::new(key);
        seed.deserialize(name).map(Some).map_err(|e: ReadError| e.below(&FieldPath::root().child(key)))
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let Some((key, value)) = self.at else {
            return Err(de::Error::custom("a value was requested before its key"));
        };
        seed.deserialize(Reader { value }).map_err(|e| e.below(&FieldPath::root().child(key)))
    }
}
