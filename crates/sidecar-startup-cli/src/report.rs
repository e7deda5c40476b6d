//! The forms of the report.

mod entry;
mod github;
mod json;
mod junit;
mod sarif;
mod text;

pub(crate) use self::entry::{
    Entry, Excuse, Finding, INVALID, INVALID_ANNOTATION, Level, Named, Report, UNREADABLE,
};

/// The names of the forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// For people, with the lines of the manifests.
    Text,
    /// For tools.
    Json,
    /// For code scanning; SARIF 2.1.0.
    Sarif,
    /// For annotations in GitHub Actions.
    Github,
    /// For test reports.
    Junit,
}

impl Form {
    /// Begins a report. Text may be coloured, and quiet.
    pub(crate) fn begin(self, has_colours: bool, is_quiet: bool) -> Box<dyn Report> {
        match self {
            Self::Text => Box::new(text::Text::new(has_colours, is_quiet)),
            Self::Json => Box::new(json::Json::default()),
            Self::Sarif => Box::new(sarif::Sarif::new()),
            Self::Github => Box::new(github::Github),
            Self::Junit => Box::new(junit::Junit::new()),
        }
    }
}
