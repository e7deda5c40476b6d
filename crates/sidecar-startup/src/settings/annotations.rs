//! Which annotations of a Pod count.

use serde::Deserialize;

/// Which annotations of a Pod count. No annotation can weaken a rule unless the operator opens it here.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Annotations {
    /// `sidecar-startup/helpers`, by which a Pod calls its own sidecars helpers.
    pub helpers: Honour,
}

/// Whether an annotation counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Honour {
    /// It does not.
    #[default]
    Ignored,
    /// It does.
    Honoured,
}
