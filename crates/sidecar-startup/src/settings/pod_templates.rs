//! Where kinds that are not built in keep their Pod templates.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// Where a kind keeps its Pod templates.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawPodTemplates")]
pub struct PodTemplates {
    /// The API group.
    group: String,
    /// The kind.
    kind: String,
    /// The path to the Pod templates.
    pub path: TemplatePath,
}

impl PodTemplates {
    /// Whether this entry is for the kind `kind` of the API group `group`, in any version.
    #[must_use]
    pub fn is_of(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawPodTemplates {
    api_version: String,
    kind: String,
    path: TemplatePath,
}

impl TryFrom<RawPodTemplates> for PodTemplates {
    type Error = &'static str;

    fn try_from(raw: RawPodTemplates) -> Result<Self, Self::Error> {
        let RawPodTemplates { api_version, kind, path } = raw;
        match api_version.split_once('/') {
            Some((group, version)) if group.contains('.') && version.starts_with('v') && !kind.is_empty() => {
                Ok(Self { group: group.to_owned(), kind, path })
            }
            _ => Err(
                "apiVersion must have the form group.example.com/v1, and kind must not be empty; built-in kinds need no entry",
            ),
        }
    }
}

/// A JSON pointer (RFC 6901) in which `*` stands for every item of a list or every field of an object.
#[derive(Debug, Clone)]
pub struct TemplatePath(Vec<String>);

impl TemplatePath {
    /// The unescaped steps of the path, from the root of the object.
    #[must_use]
    pub fn steps(&self) -> &[String] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for TemplatePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.strip_prefix('/') {
            Some(steps) if !steps.split('/').any(str::is_empty) => {
                Ok(Self(steps.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect()))
            }
            _ => Err(D::Error::custom("must be a path such as /spec/template or /spec/tasks/*/template")),
        }
    }
}
