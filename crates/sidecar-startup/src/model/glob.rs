//! Globs for container names and image repositories.

use serde::de::{Deserialize, Deserializer, Error};

use crate::model::image;

/// Whether the whole of `text` fits a pattern in which `*` stands for any characters, none and `/` included, and `?` for exactly
/// one.
///
/// The patterns of the catalogue are constants that are held against every container of every request. They are matched as they
/// stand: what the crates for globs make of a pattern first would cost more than all else that the policy does.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return pattern == text;
    }
    let (mut pattern, mut text) = (pattern, text);
    // Where the last star was: what follows it in the pattern, and the text from which it may still take more.
    let mut star: Option<(&str, &str)> = None;
    loop {
        let mut rest = pattern.chars();
        let mut tail = text.chars();
        match (rest.next(), tail.next()) {
            (Some('*'), _) => {
                pattern = rest.as_str();
                star = Some((pattern, text));
                continue;
            }
            (Some('?'), Some(_)) => {}
            (Some(expected), Some(found)) if expected == found => {}
            (None, None) => return true,
            (_, _) => {
                let Some((after, from)) = star else { return false };
                let mut from = from.chars();
                if from.next().is_none() {
                    return false;
                }
                star = Some((after, from.as_str()));
                (pattern, text) = (after, from.as_str());
                continue;
            }
        }
        (pattern, text) = (rest.as_str(), tail.as_str());
    }
}

/// A glob on container names.
#[derive(Debug, Clone)]
pub struct NameGlob(String);

impl NameGlob {
    /// Whether a container of that name is meant.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        matches(&self.0, name)
    }

    /// Whether every name fits.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.bytes().all(|b| matches!(b, b'*' | b'?'))
    }
}

impl<'de> Deserialize<'de> for NameGlob {
    /// Refuses what could match no container name: the writer meant something else by it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let glob = String::deserialize(deserializer)?;
        if glob.is_empty() || !glob.bytes().all(|b| is_of_name(b) || b == b'*' || b == b'?') {
            return Err(D::Error::custom(
                "a glob on container names consists of lower-case letters, digits, \"-\", \"*\" and \"?\"",
            ));
        }
        Ok(Self(glob))
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// A glob on image repositories.
#[derive(Debug, Clone)]
pub struct ImageGlob(String);

impl ImageGlob {
    /// Whether an image of that repository is meant, as [`image::repository`] gives it. A leading `*/` fits a repository
    /// without a path, too.
    #[must_use]
    pub fn matches(&self, repository: &str) -> bool {
        matches_repository(&self.0, repository)
    }

    /// Whether every image fits.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.bytes().all(|b| matches!(b, b'*' | b'?' | b'/'))
    }
}

/// Whether an image repository fits a pattern; a leading `*/` fits a repository without a path, too.
#[must_use]
pub fn matches_repository(pattern: &str, repository: &str) -> bool {
    matches(pattern, repository) || pattern.strip_prefix("*/").is_some_and(|bare| matches(bare, repository))
}

impl<'de> Deserialize<'de> for ImageGlob {
    /// Takes a reference as it stands in a manifest and makes a repository of it; refuses a tag, which never counts, and what
    /// could match no repository.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let glob = String::deserialize(deserializer)?;
        if image::tag(&glob).is_some() || glob.contains('@') {
            return Err(D::Error::custom("a glob on images has neither tag nor digest"));
        }
        let repository = image::repository(&glob).into_owned();
        if repository.starts_with(['*', '?']) && repository.len() != glob.len() {
            return Err(D::Error::custom(
                "Docker Hub's registry is left out of a glob: any other would fit as well",
            ));
        }
        if repository.is_empty() || !repository.bytes().all(|b| is_of_name(b) || b"*?._/:".contains(&b)) {
            return Err(D::Error::custom(
                "a glob on images consists of lower-case letters, digits, \"-\", \".\", \"_\", \"/\", \":\", \"*\" and \"?\"",
            ));
        }
        Ok(Self(repository))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("a*", "a", true),
            ("a?", "ab", true),
            ("a?", "a", false),
            ("?b*d", "abcd", true),
            ("*/proxyv2", "docker.io/istio/proxyv2", true),
            ("*/proxyv2", "proxyv2", false),
            ("*/*-reloader", "a/b/config-reloader", true),
            ("*a*b*", "xaxxbx", true),
            ("*a*b*", "xbxxax", false),
            ("*b", "abb", true),
            ("**", "", true),
            ("*ä?", "xäö", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert!(matches_repository("*/proxyv2", "proxyv2"));
    }
}
