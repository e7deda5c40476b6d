//! Choices of containers.

use serde::Deserialize;

use crate::model::glob::{ImageGlob, NameGlob};

/// Chooses containers by name, by image, or, where both are given, by both.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Globs")]
pub struct ContainerMatch(Globs);

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Globs {
    /// On the container name.
    container_names: Vec<NameGlob>,
    /// On the image repository, without tag and digest.
    images: Vec<ImageGlob>,
}

impl TryFrom<Globs> for ContainerMatch {
    type Error = &'static str;

    fn try_from(globs: Globs) -> Result<Self, Self::Error> {
        if globs.container_names.is_empty() && globs.images.is_empty() {
            return Err("must hold containerNames or images");
        }
        Ok(Self(globs))
    }
}

impl ContainerMatch {
    /// Whether a container with that name and that image repository is chosen.
    #[must_use]
    pub fn matches(&self, name: &str, repository: &str) -> bool {
        let Globs { container_names, images } = &self.0;
        (container_names.is_empty() || container_names.iter().any(|glob| glob.matches(name)))
            && (images.is_empty() || images.iter().any(|glob| glob.matches(repository)))
    }

    /// Whether the name of a container counts.
    #[must_use]
    pub fn goes_by_name(&self) -> bool {
        let Globs { container_names, .. } = &self.0;
        !container_names.is_empty() && !container_names.iter().any(NameGlob::is_everything)
    }

    /// Whether it chooses every container there is.
    pub(super) fn is_everything(&self) -> bool {
        let Globs { container_names, images } = &self.0;
        (container_names.is_empty() || container_names.iter().any(NameGlob::is_everything))
            && (images.is_empty() || images.iter().any(ImageGlob::is_everything))
    }
}
