//! Image references.

use std::borrow::Cow;

/// The repository of an image reference: the registry and the path, without tag and digest.
///
/// The registry is lower-cased, since it is a host name. Docker Hub's registry and `library/` are removed:
/// `docker.io/library/nginx` becomes `nginx`, `index.docker.io/istio/proxyv2` becomes `istio/proxyv2`
/// (<https://github.com/distribution/reference/blob/main/normalize.go>).
///
/// ```
/// use sidecar_startup::model::image::repository;
/// assert_eq!(repository("Registry.example.com:5000/team/fluent-bit:3.1@sha256:00"), "registry.example.com:5000/team/fluent-bit");
/// assert_eq!(repository("docker.io/library/nginx:latest"), "nginx");
/// ```
#[must_use]
pub fn repository(reference: &str) -> Cow<'_, str> {
    let (repository, _) = split(reference);
    let Some((registry, path)) = repository.split_once('/') else {
        return Cow::Borrowed(repository);
    };
    if !is_registry(registry) {
        return Cow::Borrowed(repository.strip_prefix("library/").unwrap_or(repository));
    }
    if registry.eq_ignore_ascii_case("docker.io") || registry.eq_ignore_ascii_case("index.docker.io") {
        return Cow::Borrowed(path.strip_prefix("library/").unwrap_or(path));
    }
    if registry.bytes().any(|b| b.is_ascii_uppercase()) {
        return Cow::Owned(format!("{}/{path}", registry.to_ascii_lowercase()));
    }
    Cow::Borrowed(repository)
}

/// The name of the original, if a repository is a mirror that folds organisation and name into one, as Rancher's do: its path with
/// dashes for slashes, without `library/`.
///
/// ```
/// use sidecar_startup::model::image::mirrored;
/// assert_eq!(mirrored("rancher/mirrored-istio-proxyv2"), Some("istio-proxyv2"));
/// assert_eq!(mirrored("registry.example.com/rancher/mirrored-library-nginx"), Some("nginx"));
/// assert_eq!(mirrored("istio/proxyv2"), None);
/// ```
#[must_use]
pub fn mirrored(repository: &str) -> Option<&str> {
    let last = repository.rsplit('/').next()?;
    let name = last.strip_prefix("mirrored-")?;
    Some(name.strip_prefix("library-").unwrap_or(name))
}

/// The tag of an image reference, if it has one.
#[must_use]
pub fn tag(reference: &str) -> Option<&str> {
    split(reference).1
}

/// Splits a reference without its digest into repository and tag. A colon before the last slash belongs to the registry's port.
fn split(reference: &str) -> (&str, Option<&str>) {
    let reference = reference.split_once('@').map_or(reference, |(before, _)| before);
    match reference.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (reference, None),
    }
}

/// Whether the first component of a reference is a registry: it has a dot, a port or an upper-case letter, or is `localhost`.
fn is_registry(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.bytes().any(|b| b.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories() {
        for (reference, expected) in [
            ("nginx", "nginx"),
            ("nginx:1.27", "nginx"),
            ("library/nginx", "nginx"),
            ("istio/proxyv2:1.20.0", "istio/proxyv2"),
            ("docker.io/istio/proxyv2:1.20.0", "istio/proxyv2"),
            ("index.docker.io/library/redis", "redis"),
            ("localhost/a", "localhost/a"),
            ("localhost:5000/a:b", "localhost:5000/a"),
            ("GCR.io/team/a@sha256:0", "gcr.io/team/a"),
            ("a//b", "a//b"),
            ("", ""),
            (":", ""),
            ("@", ""),
        ] {
            assert_eq!(repository(reference), expected, "{reference}");
        }
    }

    #[test]
    fn tags() {
        for (reference, expected) in [
            ("nginx", None),
            ("nginx:1.27", Some("1.27")),
            ("localhost:5000/a", None),
            ("localhost:5000/a:b@sha256:0", Some("b")),
        ] {
            assert_eq!(tag(reference), expected, "{reference}");
        }
    }
}
