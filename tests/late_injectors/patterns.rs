//! Regular expressions in RE2's syntax, for CEL's `matches` and `find`. Each accepts at most what the catalogue does: what is in doubt stays
//! as it is.

use std::collections::BTreeSet;

/// Any of several expressions.
pub(crate) fn any(alternatives: impl IntoIterator<Item = String>) -> String {
    let mut all: Vec<_> = alternatives.into_iter().collect();
    let mut seen = BTreeSet::new();
    all.retain(|text| seen.insert(text.clone()));
    format!("(?:{})", all.join("|"))
}

/// A text as it is. Dashes are only special in brackets.
pub(crate) fn literal(text: &str) -> String {
    regex::escape(text).replace(r"\-", "-")
}

/// A whole container name that fits one of these globs.
pub(crate) fn names(globs: &[&str]) -> String {
    let glob = |glob: &&str| literal(glob).replace(r"\*", ".*");
    format!("^{}$", any(globs.iter().map(glob)))
}

/// A whole image reference whose repository fits one of these globs. Docker Hub's repositories may have its registry in front.
pub(crate) fn repositories(globs: &[&str]) -> String {
    let glob = |glob: &&str| match glob.strip_prefix("*/") {
        Some(rest) => format!("(?:[^@]*/)?{}", part(rest)),
        None if glob.contains('/') => format!(r"(?:(?:index\.)?docker\.io/)?{}", part(glob)),
        None => format!(r"(?:(?:index\.)?docker\.io/)?(?:library/)?{}", part(glob)),
    };
    format!("^{}(?::[^:/@]*)?(?:@.*)?$", any(globs.iter().map(glob)))
}

/// A part of a repository, with wildcards that stay in one component of its path.
fn part(glob: &str) -> String {
    literal(glob).replace(r"\*", "[^:/@]*")
}

/// An image reference whose tag contains a text.
pub(crate) fn tag_with(part: &str) -> String {
    format!("^[^@]*:[^:/@]*{}[^:/@]*(?:@.*)?$", literal(part))
}

/// An image reference whose tag is this version or a later one, with the same prefix.
pub(crate) fn tag_since(version: &str) -> String {
    let start = version.find(|c: char| c.is_ascii_digit()).unwrap_or(version.len());
    let (prefix, numbers) = version.split_at(start);
    let mut numbers: Vec<u32> = numbers.split('.').map_while(|number| number.parse().ok()).collect();
    while numbers.len() > 1 && numbers.last() == Some(&0) {
        numbers.pop();
    }
    let prefix = if prefix.is_empty() { "v?".to_owned() } else { literal(prefix) };
    format!("^[^@]*:{prefix}{}(?:[^0-9.:/@][^:/@]*)?(?:@.*)?$", since(&numbers))
}

/// Numbers with dots between them that are at least these.
fn since(numbers: &[u32]) -> String {
    const MORE: &str = r"(?:\.[0-9]{1,5})*";
    match numbers {
        [] => String::new(),
        [last] => format!("{}{MORE}", at_least(*last)),
        [first, rest @ ..] => {
            any([format!("{}{MORE}", at_least(first + 1)), format!(r"{first}\.{}", since(rest))])
        }
    }
}

/// A number of at most five digits, without leading zeros, that is at least this.
fn at_least(number: u32) -> String {
    let digits = number.to_string();
    let longer = format!("[1-9][0-9]{{{},4}}", digits.len());
    let mut alternatives = vec![digits.clone()];
    for (place, digit) in digits.char_indices().filter(|(_, digit)| *digit != '9') {
        let (start, rest) = digits.split_at(place);
        let next = u32::from(digit) + 1;
        let next = char::from_u32(next).unwrap_or('9');
        alternatives.push(format!("{start}[{next}-9]{}", "[0-9]".repeat(rest.len() - 1)));
    }
    any(alternatives.into_iter().chain([longer]))
}

/// A flag, with one dash, two, or none, with or without a value.
pub(crate) fn flag(name: &str) -> String {
    // After the one letter of a flag, its value may follow at once.
    let glued = if name.len() == 1 { format!(r"|\n-{name}") } else { String::new() };
    format!(r"\n-{{0,2}}{}[=\n]{glued}", literal(name))
}

/// A flag that is given twice.
pub(crate) fn flag_twice(name: &str) -> String {
    let name = literal(name);
    format!(r"\n-{{0,2}}{name}[=\n](?:(?s:.*)\n)?-{{0,2}}{name}[=\n]")
}

/// A flag that is switched on.
pub(crate) fn flag_on(name: &str) -> String {
    format!(r"\n--?{}(?:={TRUE})?\n", literal(name))
}

/// A flag that is switched off.
pub(crate) fn flag_off(name: &str) -> String {
    format!(r"\n--?{}={FALSE}\n", literal(name))
}

/// A flag with a value, after `=` or as the next word.
pub(crate) fn flag_with(name: &str, value: &str) -> String {
    format!(r"\n--?{}[=\n]{value}\n", literal(name))
}

/// An environment variable, with or without a literal value.
pub(crate) fn variable(name: &str) -> String {
    format!(r"\n{}[=\n]", literal(name))
}

/// An environment variable that is listed twice.
pub(crate) fn variable_twice(name: &str) -> String {
    let name = literal(name);
    format!(r"\n{name}[=\n](?:(?s:.*)\n)?{name}[=\n]")
}

/// An environment variable with a value.
pub(crate) fn variable_with(name: &str, value: &str) -> String {
    format!(r"\n{}={value}\n", literal(name))
}

/// What Go reads as true and as false.
pub(crate) const TRUE: &str = "(?:1|t|T|TRUE|true|True)";
pub(crate) const FALSE: &str = "(?:0|f|F|FALSE|false|False)";

/// A port; those above are ephemeral.
pub(crate) const PORT: &str = "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4})";

/// Words by which a process may get other arguments than `command` and `args` show.
pub(crate) const OPAQUE: &str = r"\n(?:[^\n]*/)?(?:sh|ash|bash|dash|busybox)\n|\$\(";
