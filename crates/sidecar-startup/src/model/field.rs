//! Field paths, in the notation of the API server's own errors.

use std::fmt;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// A key of an object.
    Key(String),
    /// An index of a list, from 0.
    Index(usize),
}

/// A path from the root of an object to a field, which need not exist.
///
/// It is displayed as `spec.initContainers[0].startupProbe`. A key that is not an identifier, such as that of an annotation, is in
/// brackets: `metadata.annotations[proxy.istio.io/config]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(Vec<Segment>);

impl FieldPath {
    /// The path of the object itself.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The path of the field `key` of the object at this path.
    #[must_use]
    pub fn child(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    /// The path of an item of the list at this path; `index` is from 0.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// This path followed by `rest`.
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
                // Keys are user input: keep control characters out of messages.
                Segment::Key(key) => write!(f, "[{}]", key.escape_debug())?,
            }
        }
        Ok(())
    }
}

/// Longer keys are cut in messages. No field, and hardly any annotation, is longer.
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
