//! The paths that some texts name, for many to be looked up.

use std::borrow::Cow;

/// Some texts, with the paths that they name.
pub(crate) struct Paths<'t> {
    texts: Vec<Cow<'t, str>>,
    /// The words of the texts that may be paths, sorted.
    words: Vec<String>,
}

impl<'t> Paths<'t> {
    /// The paths in these texts.
    pub(crate) fn of(texts: Vec<Cow<'t, str>>) -> Self {
        let mut words: Vec<String> =
            texts.iter().flat_map(|text| words_of(text)).map(str::to_owned).collect();
        words.sort_unstable();
        Self { texts, words }
    }

    /// Whether a text names a path below this one.
    pub(crate) fn has_below(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        if !path.chars().all(is_of_path) {
            // Hardly any path has other characters.
            return self.texts.iter().any(|text| is_below(text, path));
        }
        let is_first_below = |least: char| {
            let least = format!("{path}/{least}");
            let first = self.words.partition_point(|word| *word < least);
            self.words.get(first).is_some_and(|word| goes_on(word, path))
        };
        // Among the characters of paths, `$` is the first, and `/`, which leads to no file, comes right before `0`.
        !path.is_empty() && (is_first_below('$') || is_first_below('0'))
    }
}

/// The words of a text with which a path may begin, as in `/run/a.sock`, `--socket=/run/a.sock` and `unix:///run/a.sock`.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let addresses = text.split("://").skip(1).filter_map(|address| words(address).next());
    words(text).chain(addresses).filter(|word| word.contains('/'))
}

/// The longest parts of a text that may be paths, each with the `$` of a variable that it ends with.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split_inclusive(|c| !is_of_path(c));
    words.map(|word| word.strip_suffix(|c| !is_of_path(c) && c != '$').unwrap_or(word))
}

/// Whether paths usually have this character.
fn is_of_path(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/')
}

/// Whether a text that begins with a path goes on below it.
fn goes_on(text: &str, path: &str) -> bool {
    let below = text.strip_prefix(path).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
    below.starts_with(|c: char| is_of_path(c) && c != '/' || c == '$')
}

/// Whether a text names a path below this one.
fn is_below(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let (before, rest) = text.split_at_checked(at).unwrap_or_default();
        let is_start = before.ends_with("://") || !before.ends_with(is_of_path);
        is_start && goes_on(rest, path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_texts_name_a_path_below_another() {
        for (text, path, expected) in [
            ("/run/a.sock", "/run", true),
            ("/run/a.sock", "/run//", true),
            ("--socket=/run/a.sock", "/run", true),
            ("unix:///run/a.sock", "/run", true),
            ("see:/run/a", "/run", true),
            ("x:////run/a", "//run", true),
            ("/a://run/b", "run", true),
            ("a/run/b", "/run", false),
            ("//run/b", "/run", false),
            ("//run/b", "//run", true),
            ("a//run/b", "/run", false),
            ("/run/$NAME", "/run", true),
            ("$DIR/run/a", "/run", false),
            ("$(DIR)/run/a", "/run", true),
            ("/run/", "/run", false),
            ("/run//a", "/run", false),
            ("/run//a /run/.b", "/run", true),
            ("/run//a /run/b", "/run", true),
            ("/run//a /run/-b", "/run", true),
            ("/running/a", "/run", false),
            ("/run/é", "/run", false),
            ("é/run/a", "/run", true),
            ("cat '/my files/a'", "/my files", true),
            ("/run/a", "", false),
            ("/run/a", "/", false),
        ] {
            assert_eq!(Paths::of(vec![text.into()]).has_below(path), expected, "{text} {path}");
            let path = path.trim_end_matches('/');
            assert_eq!(!path.is_empty() && is_below(text, path), expected, "{text} {path}");
        }
    }
}
