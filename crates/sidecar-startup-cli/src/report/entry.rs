//! What a report is made of.

use std::io::{self, Write};

use manifest::Position;

use crate::instead::Instead;
use crate::object::Object;
use crate::totals::Totals;

/// What happened to an object or a file.
pub(crate) struct Entry<'e> {
    /// The file; `-` for standard input.
    pub(crate) file: &'e str,
    /// The object; none if it cannot be read.
    pub(crate) object: Option<Named<'e>>,
    /// Whether it is denied.
    pub(crate) is_denied: bool,
    /// The repairs that the policy would make.
    pub(crate) fixes: &'e [String],
    /// What was found.
    pub(crate) findings: &'e [Finding],
}

/// The names of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'e> {
    /// The kind.
    pub(crate) kind: &'e str,
    /// The namespace, if it is known.
    pub(crate) namespace: Option<&'e str>,
    /// The name.
    pub(crate) name: &'e str,
}

impl<'e> Named<'e> {
    /// The names of an object in a namespace.
    pub(crate) fn of(object: &'e Object<'_>, namespace: Option<&'e str>) -> Self {
        Self { kind: object.head.kind(), namespace, name: object.head.name() }
    }

    /// The name, after the namespace if that is known.
    pub(crate) fn full_name(&self) -> String {
        self.namespace.map_or_else(|| self.name.to_owned(), |namespace| format!("{namespace}/{}", self.name))
    }
}

/// One thing found.
pub(crate) struct Finding {
    /// How bad it is.
    pub(crate) level: Level,
    /// Why it does not count, if so.
    pub(crate) excuse: Option<Excuse>,
    /// The id of its rule, or of what is wrong with the input: one of the constants below.
    pub(crate) id: &'static str,
    /// Where.
    pub(crate) position: Option<Position>,
    /// The line at the position.
    pub(crate) line: Option<String>,
    /// The field, as the policy writes it.
    pub(crate) field: String,
    /// The container that breaks the rule, if one does.
    pub(crate) container: Option<String>,
    /// What is wrong, and what to do.
    pub(crate) detail: String,
    /// The same as the policy says it, with the field, the rule and where to find help.
    pub(crate) message: String,
    /// Where to find help, by the settings; empty if they do not say.
    pub(crate) help: String,
    /// Why there is nothing to write instead.
    pub(crate) refusal: Option<String>,
    /// What to write instead.
    pub(crate) instead: Vec<Instead>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Nothing could be judged.
    Error,
    /// The object is denied.
    Denied,
    /// The object is allowed all the same.
    Warning,
}

/// Why a finding does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Excuse {
    /// An annotation silences the rule.
    Ignored,
    /// It is in the baseline.
    Known,
}

impl Finding {
    /// Whether it counts.
    pub(crate) const fn counts(&self) -> bool {
        self.excuse.is_none()
    }
}

/// The id of findings about what cannot be read.
pub(crate) const UNREADABLE: &str = "unreadable";
/// The id of findings about annotations of this command that have no effect.
pub(crate) const INVALID_ANNOTATION: &str = "invalid-annotation";
/// The id of findings about objects that the API server would reject.
pub(crate) const INVALID: &str = "invalid-object";

/// A form of the report. All but the text go through the same entries.
pub(crate) trait Report {
    /// Adds an entry.
    fn add(&mut self, entry: &Entry<'_>, output: &mut dyn Write) -> io::Result<()>;

    /// Ends the report.
    fn end(&mut self, totals: &Totals, output: &mut dyn Write) -> io::Result<()>;
}
