//! Selects containers by name and image.

use std::fmt;

use serde::Deserialize;

use crate::model::glob::{ImageGlob, NameGlob};

/// Selects containers by name, by image, or by both if both are given.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Globs")]
pub struct ContainerMatch(Globs);

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Globs {
    /// Globs on the container name.
    container_names: Vec<NameGlob>,
    /// Globs on the image repository, without tag and digest.
    images: Vec<ImageGlob>,
}

impl TryFrom<Globs> for ContainerMatch {
    type Error = &'static str;

    fn try_from(globs: Globs) -> Result<Self, Self::Error> {
        if globs.container_names.is_empty() && globs.images.is_empty() {
            return Err("must have containerNames or images");
        }
        Ok(Self(globs))
    }
}

/// The globs: `name log-shipper or *-shipper and image */fluent-bit`.
impl fmt::Display for ContainerMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Globs { container_names, images } = &self.0;
        let names: Vec<_> = container_names.iter().map(NameGlob::as_str).collect();
        let images: Vec<_> = images.iter().map(ImageGlob::as_str).collect();
        let lists = [("name", names), ("image", images)].into_iter().filter(|(_, globs)| !globs.is_empty());
        let lists: Vec<_> = lists.map(|(field, globs)| format!("{field} {}", globs.join(" or "))).collect();
        f.write_str(&lists.join(" and "))
    }
}

impl ContainerMatch {
    /// Whether a container with this name and image repository is selected.
    #[must_use]
    pub fn matches(&self, name: &str, repository: &str) -> bool {
        let Globs { container_names, images } = &self.0;
        (container_names.is_empty() || container_names.iter().any(|glob| glob.matches(name)))
            && (images.is_empty() || images.iter().any(|glob| glob.matches(repository)))
    }

    /// Whether the name decides: there are name globs, and none of them fits every name.
    #[must_use]
    pub fn goes_by_name(&self) -> bool {
        let Globs { container_names, .. } = &self.0;
        !container_names.is_empty() && !container_names.iter().any(NameGlob::is_everything)
    }

    /// Whether it goes by more than a part of this name: by the whole name, or by the image as well.
    #[must_use]
    pub fn is_specific(&self, name: &str) -> bool {
        let Globs { container_names, images } = &self.0;
        !images.is_empty() || container_names.iter().any(|glob| glob.as_str() == name)
    }

    /// Whether it selects a container with this name by that alone, whatever the image.
    #[must_use]
    pub fn selects_name(&self, name: &str) -> bool {
        self.0.container_names.iter().any(|glob| glob.matches(name))
    }

    /// Whether it selects every container.
    pub(super) fn is_everything(&self) -> bool {
        let Globs { container_names, images } = &self.0;
        (container_names.is_empty() || container_names.iter().any(NameGlob::is_everything))
            && (images.is_empty() || images.iter().any(ImageGlob::is_everything))
    }
}
