//! Views: structs with the fields that the rules need, borrowed from the input.
//!
//! A view ignores all other fields. Views are read-only and never serialized: fields that a view does not know would be lost.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Defines a view: a struct with its `Deserialize`, which accepts objects only, ignores unknown fields, treats `null` as absent, and
/// uses the last of duplicate keys.
macro_rules! view {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $field_doc:literal])* $key:literal $field:ident: $type:ty,)* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name<'a> {
            $(
                #[doc = concat!("`", $key, "`")]
                ///
                $(#[doc = $field_doc])*
                pub $field: $type,
            )*
            marker: std::marker::PhantomData<&'a ()>,
        }

        impl<'de: 'a, 'a> serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;

                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $name<'de>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut view = $name::default();
                        while let Some(key) = map.next_key::<$crate::model::view::Text<'de>>()? {
                            match &*key {
                                $($key => view.$field = map.next_value::<Option<_>>()?.unwrap_or_default(),)*
                                _ => {
                                    map.next_value::<serde::de::IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(view)
                    }
                }

                deserializer.deserialize_map(Fields)
            }
        }
    };
}

pub(crate) use view;

/// The unparsed JSON of a field that few requests need. Environment variables are often most of a Pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread<'a>(&'a str);

impl Default for Unread<'_> {
    fn default() -> Self {
        Self("null")
    }
}

impl<'a> Unread<'a> {
    /// Deserializes it; `null` gives the default. `None` if it has another type.
    pub(super) fn read<T: Deserialize<'a> + Default>(&self) -> Option<T> {
        serde_json::from_str::<Option<T>>(self.0).ok().map(Option::unwrap_or_default)
    }

    /// Whether its text has this part, a key that nobody escapes: a quick look before it is read.
    pub(super) fn mentions(&self, key: &str) -> bool {
        self.0.contains(key)
    }

    /// Parses it into a JSON value.
    pub(super) fn value(&self) -> Value {
        serde_json::from_str(self.0).unwrap_or_default()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Unread<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self(raw.get()))
    }
}

/// The items of a list; none for any other value.
pub(super) fn items(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

/// A string, borrowed from the input unless it contains escape sequences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        self
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;

        impl<'de> Visitor<'de> for Borrow {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(value)))
            }

            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(value.to_owned())))
            }
        }

        deserializer.deserialize_str(Borrow)
    }
}

/// Annotations or labels, in the order of the input.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TextMap<'a>(Vec<(Text<'a>, Text<'a>)>);

impl TextMap<'_> {
    /// All keys and values, including duplicate keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The last value of `key`, if any.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(k, _)| &**k == key).map(|(_, value)| &**value)
    }
}

/// The copy of the whole object that `kubectl apply` stores. Views skip it: it is large, and no rule needs it.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl<'de: 'a, 'a> Deserialize<'de> for TextMap<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = TextMap<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    if &*key == LAST_APPLIED {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        pairs.push((key, map.next_value::<Option<Text<'de>>>()?.unwrap_or_default()));
                    }
                }
                Ok(TextMap(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}
