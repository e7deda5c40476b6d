//! JSON of which only the parts that a repair looks at are read. All else stays as it was sent: nothing is lost, no number is written
//! differently, and large objects cost little.

use std::{fmt, mem};

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON value.
#[derive(Debug)]
pub(super) enum Outline<'t> {
    /// One that was not read.
    Text(&'t RawValue),
    /// An object, by its fields in order.
    Object(Vec<(String, Outline<'t>)>),
    /// An array.
    Array(Vec<Outline<'t>>),
    /// One that a repair has set.
    Value(Value),
}

impl Default for Outline<'_> {
    fn default() -> Self {
        Self::Value(Value::Null)
    }
}

impl<'t> Outline<'t> {
    /// Reads a JSON object down to the containers of the Pod template at a path; none if there is something else on the way.
    pub(super) fn of(text: &'t str, template: &[&str]) -> Option<Self> {
        Self::read(text, Level::Template(template))
    }

    fn read(text: &'t str, level: Level<'_>) -> Option<Self> {
        level.deserialize(&mut serde_json::Deserializer::from_str(text)).ok()
    }

    /// Replaces the value at a path and returns what was there. Anything on the way that is not an object becomes one.
    pub(super) fn replace(&mut self, path: &[impl AsRef<str>], value: Self) -> Self {
        let Some((key, below)) = path.split_first() else { return mem::replace(self, value) };
        let mut fields = mem::take(self).into_fields();
        // Of duplicate keys, the last counts.
        let field = fields.iter_mut().rev().find(|(name, _)| name == key.as_ref());
        let old = if let Some((_, field)) = field {
            field.replace(below, value)
        } else {
            let mut field = Self::default();
            field.replace(below, value);
            fields.push((key.as_ref().to_owned(), field));
            Self::default()
        };
        *self = Self::Object(fields);
        old
    }

    fn into_fields(self) -> Vec<(String, Self)> {
        match self {
            Self::Object(fields) => fields,
            Self::Value(Value::Object(fields)) => {
                fields.into_iter().map(|(key, value)| (key, Self::Value(value))).collect()
            }
            Self::Text(text) => {
                Self::read(text.get(), Level::Fields).map(Self::into_fields).unwrap_or_default()
            }
            Self::Value(_) | Self::Array(_) => Vec::new(),
        }
    }

    /// The value at a path, as far as objects were read.
    pub(super) fn at(&self, path: &[impl AsRef<str>]) -> Option<&Self> {
        path.iter().try_fold(self, |outline, key| match outline {
            Self::Object(fields) => {
                fields.iter().rev().find_map(|(name, field)| (name == key.as_ref()).then_some(field))
            }
            _ => None,
        })
    }

    /// The value, read.
    pub(super) fn to_value(&self) -> Option<Value> {
        serde_json::to_value(self).ok()
    }
}

impl Serialize for Outline<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Object(fields) => serializer.collect_map(fields.iter().map(|(key, value)| (key, value))),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

/// How far a value is read.
#[derive(Debug, Clone, Copy)]
enum Level<'p> {
    /// An object above a Pod template, at this path from it, or the template itself.
    Template(&'p [&'p str]),
    /// The spec of a Pod.
    Spec,
    /// A list of containers.
    Items,
    /// An object, not further than its fields.
    Fields,
}

impl Level<'_> {
    /// How far a field is read; none if it stays text.
    fn below(self, key: &str) -> Option<Self> {
        match self {
            Self::Template([]) => (key == "spec").then_some(Self::Spec),
            Self::Template([step, rest @ ..]) => (*step == key).then_some(Self::Template(rest)),
            Self::Spec => matches!(key, "initContainers" | "containers").then_some(Self::Items),
            Self::Items | Self::Fields => None,
        }
    }
}

impl<'t> DeserializeSeed<'t> for Level<'_> {
    type Value = Outline<'t>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Outline<'t>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Level<'_> {
    type Value = Outline<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what leads to containers")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Outline<'t>, A::Error> {
        let mut fields = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = match self.below(&key) {
                Some(level) => map.next_value_seed(level)?,
                None => Outline::Text(map.next_value()?),
            };
            fields.push((key, value));
        }
        Ok(Outline::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> Result<Outline<'t>, A::Error> {
        if !matches!(self, Level::Items) {
            return Err(A::Error::custom("a list leads to no containers"));
        }
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(Outline::Text(item));
        }
        Ok(Outline::Array(items))
    }

    fn visit_unit<E: Error>(self) -> Result<Outline<'t>, E> {
        Ok(Outline::Value(Value::Null))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A template at `spec.template` with fields that no type knows, in an order and notation of their own.
    const OBJECT: &str = r#"{"z": 1.50, "spec": {"template": {"spec": {"containers": [{"name" : "a", "x": 1e3}], "y": {"b": [ ]}}},
        "paused": true}, "metadata": {"name": "n"}}"#;

    fn outline(text: &str) -> Option<Outline<'_>> {
        Outline::of(text, &["spec", "template"])
    }

    fn written(outline: &Outline<'_>) -> String {
        serde_json::to_string(outline).unwrap()
    }

    #[test]
    fn what_is_not_read_stays_as_it_was_written() {
        assert_eq!(
            written(&outline(OBJECT).unwrap()),
            r#"{"z":1.50,"spec":{"template":{"spec":{"containers":[{"name" : "a", "x": 1e3}],"y":{"b": [ ]}}},"paused":true},"metadata":{"name": "n"}}"#
        );
    }

    #[test]
    fn values_are_replaced_and_created() {
        let mut outline = outline(OBJECT).unwrap();
        let old = outline.replace(&["spec", "template", "spec", "containers"], Outline::Array(Vec::new()));
        assert!(matches!(old, Outline::Array(items) if items.len() == 1));
        assert_eq!(
            outline.replace(&["metadata", "name"], Outline::Value(1.into())).to_value(),
            Some("n".into())
        );
        outline.replace(&["metadata", "name", "below"], Outline::Value(true.into()));
        outline.replace(&["new", "below"], Outline::Value(2.into()));
        assert_eq!(
            written(&outline),
            r#"{"z":1.50,"spec":{"template":{"spec":{"containers":[],"y":{"b": [ ]}}},"paused":true},"metadata":{"name":{"below":true}},"new":{"below":2}}"#
        );
    }

    #[test]
    fn of_duplicate_keys_the_last_counts() {
        let mut outline = outline(r#"{"a": 1, "a": 2, "spec": {}}"#).unwrap();
        assert_eq!(outline.at(&["a"]).and_then(Outline::to_value), Some(2.into()));
        assert_eq!(outline.replace(&["a"], Outline::Value(3.into())).to_value(), Some(2.into()));
    }

    #[test]
    fn nothing_else_may_be_on_the_way() {
        for text in [
            r#"{"spec": []}"#,
            r#"{"spec": {"template": "a"}}"#,
            "[]",
            r#"{"spec": {"template": {"spec": 1}}}"#,
        ] {
            assert!(outline(text).is_none(), "{text}");
        }
        let without = outline(r#"{"spec": {"template": null}}"#).unwrap();
        assert!(without.at(&["spec", "template", "spec"]).is_none());
    }
}
