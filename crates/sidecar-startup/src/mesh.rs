//! What a Pod asks of Istio's injector.
//!
//! The annotation `proxy.istio.io/config` holds YAML or JSON. A parser for all of YAML would make the module a quarter larger for
//! the sake of one field, so the text is read only as far as the question goes: whether that field is `true` anywhere in it. What
//! is not even in balance is no YAML.

use crate::object::TextMap;

/// The annotation with the configuration of Istio's proxy, in YAML or JSON.
pub const CONFIG: &str = "proxy.istio.io/config";

/// The field of the configuration that asks to hold the application until the proxy is ready.
const HOLD: &str = "holdApplicationUntilProxyStarts";

/// Whether the configuration asks to hold the application until the proxy is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It does.
    Asked,
    /// It does not, or there is none.
    NotAsked,
    /// It is neither YAML nor JSON.
    Unreadable,
}

/// What the annotations of a Pod ask for.
#[must_use]
pub fn hold_of(annotations: &TextMap<'_>) -> Hold {
    let config = annotations.get(CONFIG).unwrap_or_default();
    if !is_in_balance(config) {
        Hold::Unreadable
    } else if config.lines().any(asks_to_hold) {
        Hold::Asked
    } else {
        Hold::NotAsked
    }
}

/// Whether a line holds `holdApplicationUntilProxyStarts: true`, in block or in flow style, with or without quotes.
fn asks_to_hold(line: &str) -> bool {
    let line = line.split_once(" #").map_or(line, |(text, _)| text);
    let Some((before, rest)) = line.split_once(HOLD) else { return false };
    let (before, is_quoted) = match before.trim_end().strip_suffix(['"', '\'']) {
        Some(before) => (before, true),
        None => (before, false),
    };
    // A key stands at the start of a line, or behind what begins an entry.
    let is_key = before.trim().is_empty() || before.trim_end().ends_with(['{', ',']);
    let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest).trim_start();
    let Some(value) = rest.strip_prefix(':') else { return false };
    let is_separated = is_quoted || value.starts_with(char::is_whitespace);
    let word = value.trim_start().split(|c: char| !c.is_ascii_alphanumeric()).next();
    is_key && is_separated && matches!(word, Some("true" | "True" | "TRUE"))
}

/// Whether brackets and quotes are closed again. A quote opens a string only where a value or a key begins.
fn is_in_balance(text: &str) -> bool {
    let mut open = Vec::new();
    for line in text.lines() {
        let mut quote = None;
        let mut before = ' ';
        let mut characters = line.chars();
        while let Some(c) = characters.next() {
            match quote {
                Some('"') if c == '\\' => {
                    characters.next();
                }
                Some(end) => quote = (c != end).then_some(end),
                None => match c {
                    '#' if before.is_whitespace() => break,
                    '"' | '\'' if before.is_whitespace() || "{[,:".contains(before) => quote = Some(c),
                    '{' => open.push('}'),
                    '[' => open.push(']'),
                    '}' | ']' if open.pop() != Some(c) => return false,
                    _ => {}
                },
            }
            before = c;
        }
        if quote.is_some() {
            return false;
        }
    }
    open.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations() {
        for (config, expected) in [
            ("holdApplicationUntilProxyStarts: true", Hold::Asked),
            ("concurrency: 2\nholdApplicationUntilProxyStarts: true\n", Hold::Asked),
            ("holdApplicationUntilProxyStarts: true # wait\n", Hold::Asked),
            ("{\"holdApplicationUntilProxyStarts\": true, \"concurrency\": 2}", Hold::Asked),
            ("{holdApplicationUntilProxyStarts: true}", Hold::Asked),
            ("{\n  \"holdApplicationUntilProxyStarts\": true\n}", Hold::Asked),
            ("holdApplicationUntilProxyStarts: false", Hold::NotAsked),
            ("# holdApplicationUntilProxyStarts: true", Hold::NotAsked),
            ("holdApplicationUntilProxyStarts: trueish", Hold::NotAsked),
            ("holdApplicationUntilProxyStarts: True", Hold::Asked),
            ("holdApplicationUntilProxyStarts:true", Hold::NotAsked),
            ("{\"holdApplicationUntilProxyStarts\":true}", Hold::Asked),
            ("a: b: holdApplicationUntilProxyStarts: true", Hold::NotAsked),
            ("A: 'x{y'\nholdApplicationUntilProxyStarts: true", Hold::Asked),
            ("A: \"x\\\"{\"\nB: 1", Hold::NotAsked),
            ("concurrency: 2", Hold::NotAsked),
            ("", Hold::NotAsked),
            ("proxyMetadata:\n  NAME: it's", Hold::NotAsked),
            ("a: [b", Hold::Unreadable),
            ("{\"a\": 1]", Hold::Unreadable),
            ("a: \"b", Hold::Unreadable),
        ] {
            let text = serde_json::json!({ CONFIG: config }).to_string();
            assert_eq!(hold_of(&serde_json::from_str(&text).unwrap()), expected, "{config}");
        }
    }
}
