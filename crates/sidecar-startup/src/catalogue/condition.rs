//! The conditions of the catalogue: a small closed set of questions to a container and its Pod.

use super::matches;
use crate::object::{ContainerFields, TextMap};
use crate::template::Kind;

/// A statement about a container and its Pod.
#[derive(Debug)]
pub enum Condition {
    /// A flag or a word of `command` or `args`, written without its dashes.
    Arg(&'static str, Test),
    /// An environment variable with a literal value.
    Env(&'static str, Test),
    /// An annotation of the Pod.
    Annotation(&'static str, Test),
    /// The kind of the object that the Pod template stands in.
    Kind(Kind),
    /// The image repository, by a glob.
    Image(&'static str),
}

/// What is asked of a value.
#[derive(Debug)]
pub enum Test {
    /// It is there; a flag may also stand alone or be `true`.
    Present,
    /// It is this.
    Is(&'static str),
    /// It contains this.
    Has(&'static str),
}

/// What stands around a container.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The kind of the object.
    pub kind: Kind,
    /// The annotations of the Pod.
    pub annotations: &'a TextMap<'a>,
}

impl Condition {
    /// Whether it holds for sure. What cannot be decided does not hold.
    #[must_use]
    pub fn holds(&self, container: &ContainerFields<'_>, repository: &str, around: Surroundings<'_>) -> bool {
        match self {
            Self::Arg(flag, test) => has_arg(container, flag, test),
            Self::Env(name, test) => container.variable(name).is_some_and(|value| test.accepts(&value)),
            Self::Annotation(key, test) => {
                around.annotations.get(key).is_some_and(|value| test.accepts(value))
            }
            Self::Kind(kind) => around.kind == *kind,
            Self::Image(glob) => matches(glob, repository),
        }
    }
}

impl Test {
    fn accepts(&self, value: &str) -> bool {
        match self {
            Self::Present => true,
            Self::Is(expected) => value == *expected,
            Self::Has(part) => value.contains(part),
        }
    }
}

/// Flags are read as Go programs read them: one dash or two, the value behind `=` or as the next word.
fn has_arg(container: &ContainerFields<'_>, flag: &str, test: &Test) -> bool {
    let mut words = container.command.iter().chain(&container.args).map(|word| &**word).peekable();
    while let Some(word) = words.next() {
        let bare = word.strip_prefix('-').map_or(word, |word| word.strip_prefix('-').unwrap_or(word));
        let holds = match (bare.strip_prefix(flag), test) {
            (Some("" | "=true"), Test::Present) => true,
            (Some(""), test) => words.peek().is_some_and(|value| test.accepts(value)),
            (Some(rest), test) => {
                !matches!(test, Test::Present)
                    && rest.strip_prefix('=').is_some_and(|value| test.accepts(value))
            }
            (None, _) => false,
        };
        if holds {
            return true;
        }
    }
    false
}
