//! The flags in a container's `command` and `args`, as the programs of the catalogue read them.

use crate::command::is_shell;
use crate::model::container_fields::ContainerFields;

/// Whether a flag is given as `false`, or not given and `is_unset_elsewhere`.
pub(super) fn is_off(
    fields: &ContainerFields<'_>,
    flag: &str,
    is_unset_elsewhere: impl FnOnce() -> bool,
) -> bool {
    let given = switch(fields, flag);
    given == Some(false) || (given.is_none() && is_not_given(fields, flag) && is_unset_elsewhere())
}

/// Whether a flag is certainly not given.
pub(super) fn is_not_given(fields: &ContainerFields<'_>, flag: &str) -> bool {
    forms(fields.words(), flag).next().is_none() && value_of_arg(fields, flag).is_none() && !is_opaque(fields)
}

/// What follows a word in `command` and `args`: nothing, or `=` and a value. `--` ends no flags: it
/// may be an init program's, with the program that it starts after it.
pub(crate) fn forms<'w>(words: impl Iterator<Item = &'w str>, flag: &str) -> impl Iterator<Item = &'w str> {
    let forms = words.filter_map(move |word| without_dashes(word).strip_prefix(flag));
    forms.filter(|rest| rest.is_empty() || rest.starts_with('='))
}

/// Whether a word or flag is there, alone or as `true`; `None` if it is not there, or has another value. Of a repeated flag the last
/// counts.
pub(super) fn switch(fields: &ContainerFields<'_>, flag: &str) -> Option<bool> {
    switch_in(fields.words(), flag)
}

/// The same for these words.
pub(super) fn switch_in<'w>(words: impl Iterator<Item = &'w str>, flag: &str) -> Option<bool> {
    match forms(words, flag).last()? {
        "" => Some(true),
        rest => as_bool(rest.strip_prefix('=')?),
    }
}

/// A boolean as Go reads it (`strconv.ParseBool`).
pub(crate) fn as_bool(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// The value of a flag, after `=`, as the next word, or right after a flag of one letter. Of a repeated flag the last counts, as in Go's
/// flag and pflag.
pub(super) fn value_of_arg<'a>(container: &'a ContainerFields<'_>, flag: &str) -> Option<&'a str> {
    value_in(container.words(), flag)
}

/// The same for these words.
pub(super) fn value_in<'w>(mut words: impl Iterator<Item = &'w str>, flag: &str) -> Option<&'w str> {
    let mut last = None;
    while let Some(word) = words.next() {
        match without_dashes(word).strip_prefix(flag) {
            Some("") if word.starts_with('-') => {
                last = words.next().filter(|value| !value.starts_with('-'));
            }
            Some(rest) if rest.starts_with('=') => last = rest.strip_prefix('='),
            Some(rest) if flag.len() == 1 && word.starts_with('-') && !word.starts_with("--") => {
                last = Some(rest);
            }
            _ => {}
        }
    }
    last
}

/// Whether the process may get other arguments than `command` and `args` show: through a shell, a script
/// or `$(VAR)`.
pub(super) fn is_opaque(container: &ContainerFields<'_>) -> bool {
    let is_busybox = |word: &str| word.rsplit('/').next() == Some("busybox");
    // An image's own `docker-entrypoint.sh` passes its arguments on.
    let is_script = |word: &str| {
        word.rsplit_once('.')
            .is_some_and(|(name, extension)| extension == "sh" && !name.ends_with("-entrypoint"))
    };
    container.words().any(|word| is_shell(word) || is_busybox(word) || is_script(word) || word.contains("$("))
}

/// Strips one or two leading dashes: Go programs accept either.
fn without_dashes(word: &str) -> &str {
    word.strip_prefix("--").or_else(|| word.strip_prefix('-')).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags() {
        let text = r#"{"command": ["tini", "--", "/proxy", "--address", "0.0.0.0", "-p5432"],
            "args": ["-port=80", "--check", "--quiet=F", "--last", "router"]}"#;
        let container: ContainerFields<'_> = serde_json::from_str(text).unwrap();
        for (flag, is_there, value) in [
            ("address", Some(true), Some("0.0.0.0")),
            ("port", None, Some("80")),
            ("p", None, Some("ort=80")),
            ("check", Some(true), None),
            ("quiet", Some(false), Some("F")),
            ("last", Some(true), Some("router")),
            ("router", Some(true), None),
            ("addr", None, None),
        ] {
            assert_eq!(switch(&container, flag), is_there, "{flag}");
            assert_eq!(value_of_arg(&container, flag), value, "{flag}");
        }
        assert!(!is_opaque(&container));
    }
}
