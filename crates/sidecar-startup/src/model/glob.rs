//! Globs for container names and image repositories.

use serde::de::{Deserialize, Deserializer, Error};

use crate::model::image;

/// Whether the whole of `text` matches a pattern in which `*` stands for any number of characters, including none and `/`, and `?`
/// for exactly one.
///
/// The patterns of the catalogue are constants that every container of every request is compared with. Glob crates compile a
/// pattern first, which would cost more than the rest of the policy.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    // Most names differ from a pattern in their first or their last character.
    let is_other =
        |expected: Option<u8>, found: Option<u8>| expected != found && !matches!(expected, Some(b'*' | b'?'));
    if is_other(pattern.bytes().next(), text.bytes().next())
        || is_other(pattern.bytes().next_back(), text.bytes().next_back())
    {
        return false;
    }
    if !pattern.contains(['*', '?']) {
        return pattern == text;
    }
    let (mut pattern, mut text) = (pattern, text);
    // For the last `*`: the pattern after it, and the text that it may still consume.
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

/// A glob on container names or namespaces, both of which are RFC 1123 labels.
#[derive(Debug, Clone)]
pub struct NameGlob(String);

impl NameGlob {
    /// Whether a name matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        matches(&self.0, name)
    }

    /// The glob as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether every name matches: the glob consists of wildcards only.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.bytes().all(|b| matches!(b, b'*' | b'?'))
    }
}

impl<'de> Deserialize<'de> for NameGlob {
    /// Refuses a glob that cannot match any name, since that must be a mistake.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let glob = String::deserialize(deserializer)?;
        if glob.is_empty() || !glob.bytes().all(|b| is_name_byte(b) || b == b'*' || b == b'?') {
            return Err(D::Error::custom(
                "must consist of lower-case letters, digits, \"-\", \"*\" and \"?\"",
            ));
        }
        Ok(Self(glob))
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// A glob on image repositories.
#[derive(Debug, Clone)]
pub struct ImageGlob(String);

impl ImageGlob {
    /// Whether an image repository, as returned by [`image::repository`], matches; see [`matches_repository`].
    #[must_use]
    pub fn matches(&self, repository: &str) -> bool {
        matches_repository(&self.0, repository)
    }

    /// The glob, as it is compared with image repositories.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether every image matches: the glob consists of wildcards and slashes only.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.bytes().all(|b| matches!(b, b'*' | b'?' | b'/'))
    }
}

/// Whether an image repository matches a pattern. A leading `*/` also matches a repository without a path. A mirror matches the
/// patterns of its original: `rancher/mirrored-istio-proxyv2` those of `istio/proxyv2`.
#[must_use]
pub fn matches_repository(pattern: &str, repository: &str) -> bool {
    let bare = pattern.strip_prefix("*/");
    let is_folded = |pattern: &str, name| matches(&pattern.replace('/', "-"), name);
    matches(pattern, repository)
        || bare.is_some_and(|bare| matches(bare, repository))
        || image::mirrored(repository)
            .is_some_and(|name| is_folded(pattern, name) || bare.is_some_and(|bare| is_folded(bare, name)))
}

impl<'de> Deserialize<'de> for ImageGlob {
    /// Normalizes an image reference to its repository. Refuses a tag or digest, which would have no effect, and a glob that cannot
    /// match any repository.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let glob = String::deserialize(deserializer)?;
        if image::tag(&glob).is_some() || glob.contains('@') {
            return Err(D::Error::custom("must not have a tag or digest"));
        }
        let repository = image::repository(&glob).into_owned();
        if repository.starts_with(['*', '?']) && repository.len() != glob.len() {
            return Err(D::Error::custom(
                "must not have a wildcard right after docker.io/ or library/: other registries would match as well",
            ));
        }
        if repository.is_empty() || !repository.bytes().all(|b| is_name_byte(b) || b"*?._/:".contains(&b)) {
            return Err(D::Error::custom(
                "must consist of lower-case letters, digits, \"-\", \".\", \"_\", \"/\", \":\", \"*\" and \"?\"",
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
    }

    #[test]
    fn repositories() {
        for (pattern, repository, expected) in [
            ("*/proxyv2", "proxyv2", true),
            ("*/proxyv2", "rancher/mirrored-istio-proxyv2", true),
            ("istio/proxyv2", "registry.example.com/rancher/mirrored-istio-proxyv2", true),
            ("*/istio/proxyv2", "rancher/mirrored-istio-proxyv2", true),
            ("*/pause", "rancher/mirrored-pause", true),
            ("nginx", "rancher/mirrored-library-nginx", true),
            ("rancher/*", "rancher/mirrored-istio-proxyv2", true),
            ("*/proxyv2", "rancher/mirrored-istio-proxyv2-tools", false),
            ("*/proxyv2", "rancher/mirrored-istioproxyv2", false),
            ("*/proxyv2", "mirrored-istio/pilot", false),
            ("other/proxyv2", "rancher/mirrored-istio-proxyv2", false),
        ] {
            assert_eq!(matches_repository(pattern, repository), expected, "{pattern} {repository}");
        }
    }
}
