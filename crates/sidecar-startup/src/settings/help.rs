//! Where a denied user finds help.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// The maximum length, in characters. A denial has about 900, since events are cut at 1,024; the rest is for what is wrong, and a
/// single violation takes up to 500.
const MAX: usize = 200;

/// A line that every denial ends with, such as `Questions: #platform`. Empty if there is none, as in a form where it was cleared.
#[derive(Debug, Clone, Default)]
pub struct Help(String);

/// Sets it apart from the violation before it.
const SEPARATOR: &str = "; ";

impl Help {
    /// The line.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.0
    }

    /// How many characters it adds to a message.
    #[must_use]
    pub fn length(&self) -> usize {
        self.to_string().chars().count()
    }
}

/// The end of a message.
impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(line) = self;
        if line.is_empty() { Ok(()) } else { write!(f, "{SEPARATOR}{line}") }
    }
}

impl<'de> Deserialize<'de> for Help {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let line = text.trim();
        let length = line.chars().count();
        let ends_line = |c: char| matches!(c, '\u{2028}' | '\u{2029}');
        if line.chars().any(|c| c.is_control() || ends_line(c)) {
            return Err(D::Error::custom("must be a single line without control characters"));
        }
        if MAX < length {
            return Err(D::Error::custom(format!(
                "must have at most {MAX} characters, but has {length}: a denial's message is short, and must say what is wrong; \
                 give a link"
            )));
        }
        Ok(Self(line.to_owned()))
    }
}
