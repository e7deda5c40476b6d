//! Image references and globs, held against what Docker makes of a reference and against a glob that is tried in every way.

use std::sync::LazyLock;

use anyhow::{Context as _, ensure};
use regex::Regex;
use serde_json::json;
use sidecar_startup::Settings;
use sidecar_startup::model::{glob, image};

/// Matching is what it is said to be.
pub(crate) fn hold(bytes: &[u8]) -> anyhow::Result<()> {
    let text = String::from_utf8_lossy(bytes);
    let (pattern, reference) = text.split_once('\n').unwrap_or(("*", &text));
    let repository = image::repository(reference);
    ensure!(
        glob::matches(pattern, reference) == tried(pattern, reference),
        "{pattern:?} on {reference:?}: {}",
        glob::matches(pattern, reference)
    );
    if let Some((expected, tag)) = familiar(reference) {
        ensure!(repository == expected, "{reference:?} is {repository:?}, not {expected:?}");
        ensure!(
            image::tag(reference) == tag,
            "{reference:?} has tag {:?}, not {tag:?}",
            image::tag(reference)
        );
        ensure!(
            image::repository(&repository) == repository || is_twice_a_hub(&repository),
            "{repository:?} has another repository"
        );
        ensure!(glob::matches_repository(&repository, &repository), "{repository:?} does not match itself");
    }
    as_setting(pattern, reference, &repository).with_context(|| format!("{pattern:?} on {reference:?}"))
}

/// A path may have the name of the hub again, or of the folder for official images.
fn is_twice_a_hub(repository: &str) -> bool {
    ["docker.io/", "index.docker.io/", "library/"].iter().any(|prefix| repository.starts_with(prefix))
}

/// A glob that settings take matches what it is said to match, wherever it is used.
fn as_setting(pattern: &str, reference: &str, repository: &str) -> anyhow::Result<()> {
    let settings = json!({"sidecars": [{"match": {"images": [pattern]}}]});
    let Ok(settings) = Settings::from_value(&settings) else { return Ok(()) };
    let is_declared = settings.declaration("a", repository).is_some();
    // Docker Hub's short names are the same images.
    let pattern = image::repository(pattern);
    let bare = pattern.strip_prefix("*/").unwrap_or(&pattern);
    let mut is_meant = tried(&pattern, repository) || tried(bare, repository);
    if let Some(name) = image::mirrored(repository) {
        is_meant |= [&pattern, bare].iter().any(|pattern| tried(&pattern.replace('/', "-"), name));
    }
    ensure!(is_declared == is_meant, "matches: {is_declared}");
    let pod = json!({"initContainers": [{"name": "a", "image": reference, "restartPolicy": "Always"}], "containers": [{"name": "b"}]});
    let request =
        json!({"operation": "CREATE", "kind": {"group": "", "kind": "Pod"}, "object": {"spec": pod}});
    let settings =
        json!({"sidecars": [{"match": {"images": [pattern]}, "need": "None"}], "otherSidecars": "AtStart"});
    let answer = sidecar_startup::validate(&json!({"request": request, "settings": settings}).to_string());
    ensure!(!is_declared || answer.violations().is_empty(), "declared, but {}", answer.message());
    Ok(())
}

/// Whether a glob matches, by trying every length for every star.
fn tried(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Whether the rest of the pattern matches the rest of the text, from the ends on.
    let mut matches = vec![false; text.len() + 1];
    matches[text.len()] = true;
    for part in pattern.iter().rev() {
        let before = matches.clone();
        for at in (0..=text.len()).rev() {
            matches[at] = match part {
                '*' => before[at] || (at < text.len() && matches[at + 1]),
                _ => at < text.len() && (*part == '?' || *part == text[at]) && before[at + 1],
            };
        }
    }
    matches[0]
}

/// What Docker calls an image, and its tag; none where the reference is invalid. The grammar is that of
/// `github.com/distribution/reference` (`regexp.go`, `normalize.go`).
fn familiar(reference: &str) -> Option<(String, Option<&str>)> {
    static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let domain = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?";
        let part = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
        let path = format!("{part}(?:/{part})*");
        let digest = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
        Regex::new(&format!(r"^((?:{domain}/)?{path})(?::(\w[\w.-]{{0,127}}))?(?:@{digest})?$")).ok()
    });
    let found = REFERENCE.as_ref()?.captures(reference)?;
    let name = found.get(1)?.as_str();
    let (domain, path) = match name.split_once('/') {
        Some((first, rest)) if is_domain(first) => (first.to_ascii_lowercase(), rest),
        _ => ("docker.io".to_owned(), name),
    };
    // The path of a reference has no capitals.
    let part = path.split('/').next()?;
    if part.contains(|c: char| c.is_ascii_uppercase() || c == ':' || c == '[') {
        return None;
    }
    let is_hub = matches!(&*domain, "docker.io" | "index.docker.io");
    let familiar = match path.strip_prefix("library/") {
        Some(name) if is_hub => name.to_owned(),
        _ if is_hub => path.to_owned(),
        _ => format!("{domain}/{path}"),
    };
    Some((familiar, found.get(2).map(|tag| tag.as_str())))
}

fn is_domain(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.to_lowercase() != first
}
