//! Positions in a text, and errors at them.

use std::fmt;

use saphyr::Marker;

/// Deeper nesting is rejected, as in `serde_json`.
pub(crate) const MAX_DEPTH: usize = 127;

/// A position in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, starting at 1.
    pub line: usize,
    /// The column in characters, starting at 1.
    pub column: usize,
}

/// Why a text could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The position of the error.
    pub position: Position,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.position.line, self.position.column, self.message)
    }
}

impl std::error::Error for Error {}

/// An error at a place.
pub(crate) fn error_at(marker: Marker, message: &str) -> Error {
    Error { position: position(marker), message: message.to_owned() }
}

/// The position of a place.
pub(crate) fn position(marker: Marker) -> Position {
    Position { line: marker.line(), column: marker.col() + 1 }
}
