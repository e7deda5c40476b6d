//! Places in an object, written as the API server writes them in its own errors.

use std::fmt;

/// One step from a value to a part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// A key of an object.
    Key(String),
    /// A place in a list, counted from 0.
    Index(usize),
}

/// A path from the root of an object to one of its fields. It may name a field that is not there.
///
/// It prints as `spec.initContainers[0].startupProbe`; a key that is no identifier, as in annotations, stands in brackets:
/// `metadata.annotations[proxy.istio.io/config]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(Vec<Segment>);

impl FieldPath {
    /// The path of the object itself.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The path of a field below this one.
    #[must_use]
    pub fn child(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    /// The path of an item of this list.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// The path that leads from here on along `rest`.
    #[must_use]
    pub fn join(&self, rest: &Self) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }

    /// The steps of the path, from the root.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The path as a JSON pointer (RFC 6901).
    #[must_use]
    pub fn to_pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in &self.0 {
            pointer.push('/');
            match segment {
                Segment::Key(key) => pointer += &key.replace('~', "~0").replace('/', "~1"),
                Segment::Index(index) => pointer += &index.to_string(),
            }
        }
        pointer
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }
}

impl FromIterator<Segment> for FieldPath {
    fn from_iter<T: IntoIterator<Item = Segment>>(segments: T) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl<const N: usize> From<[&str; N]> for FieldPath {
    fn from(keys: [&str; N]) -> Self {
        keys.as_slice().into()
    }
}

impl From<&[&str]> for FieldPath {
    fn from(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| Segment::Key((*key).to_owned())).collect())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if MAX_KEY < key.len() => {
                    let cut: String = key.chars().take(MAX_KEY).collect();
                    write!(f, "[{}…]", cut.escape_debug())?;
                }
                Segment::Key(key) if is_identifier(key) => {
                    let dot = if position == 0 { "" } else { "." };
                    write!(f, "{dot}{key}")?;
                }
                // Keys come from whoever wrote the object: no control character of theirs reaches a message.
                Segment::Key(key) => write!(f, "[{}]", key.escape_debug())?,
            }
        }
        Ok(())
    }
}

/// The most characters of a key that are said. No field, and hardly an annotation, has more.
const MAX_KEY: usize = 100;

fn is_identifier(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_the_api_server_does() {
        let containers = FieldPath::from(["spec", "template", "spec", "initContainers"]);
        assert_eq!(
            containers.index(1).child("startupProbe").to_string(),
            "spec.template.spec.initContainers[1].startupProbe"
        );
        let annotations = FieldPath::from(["metadata", "annotations"]);
        assert_eq!(
            annotations.child("proxy.istio.io/config").to_string(),
            "metadata.annotations[proxy.istio.io/config]"
        );
        assert_eq!(annotations.child("a/b").index(2).to_pointer(), "/metadata/annotations/a~1b/2");
        assert_eq!(annotations.child("a\nb").to_string(), "metadata.annotations[a\\nb]");
        assert_eq!(FieldPath::root().to_string(), "");
    }
}
