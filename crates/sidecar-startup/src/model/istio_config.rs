//! Istio's annotation `proxy.istio.io/config`, which holds YAML or JSON.
//!
//! Only one field matters, and a YAML parser would make the policy's module a quarter larger. So the text is searched for a line
//! that sets `holdApplicationUntilProxyStarts`. Text with unbalanced brackets or quotes is not YAML. A repair adds the field at the
//! start, or changes `false` to `true`, and leaves all other bytes alone.

use super::view::TextMap;

/// The annotation with the configuration of Istio's proxy.
pub const CONFIG: &str = "proxy.istio.io/config";

/// The field of the configuration that asks to hold the application until the proxy is ready.
const HOLD: &str = "holdApplicationUntilProxyStarts";

/// Whether the configuration asks to hold the application until the proxy is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It asks for it.
    Asked,
    /// It does not ask for it, or there is no configuration.
    NotAsked,
    /// The configuration is neither YAML nor JSON.
    Unreadable,
}

/// The configuration with `holdApplicationUntilProxyStarts: true`. `None` if its syntax is not understood.
#[must_use]
pub fn with_hold(config: &str) -> Option<String> {
    let asking =
        match config.lines().filter(|line| !is_comment(line)).filter(|line| line.contains(HOLD)).count() {
            0 => with_field(config)?,
            1 => {
                let (before, rest) = config.rsplit_once(HOLD)?;
                let value =
                    rest.find("false").or_else(|| rest.find("False")).or_else(|| rest.find("FALSE"))?;
                let (between, value) = rest.split_at_checked(value)?;
                let is_value = between.trim_start_matches(['"', '\'']).trim() == ":";
                let after = value.get("false".len()..).filter(|_| is_value)?;
                format!("{before}{HOLD}{between}true{after}")
            }
            _ => return None,
        };
    (is_balanced(&asking) && asking.lines().any(asks_to_hold)).then_some(asking)
}

/// The configuration with the field inserted as its first.
fn with_field(config: &str) -> Option<String> {
    let mut start = 0;
    let mut lines = config.split_inclusive('\n').peekable();
    while let Some(line) =
        lines.next_if(|line| line.trim().is_empty() || is_comment(line) || line.trim() == "---")
    {
        start += line.len();
    }
    let Some(first) = lines.next() else {
        let newline = if config.is_empty() || config.ends_with('\n') { "" } else { "\n" };
        return Some(format!("{config}{newline}{HOLD}: true"));
    };
    let (before, rest) = config.split_at_checked(start)?;
    let content = first.trim_start();
    if let Some(entries) = content.strip_prefix('{') {
        return with_flow_entry(config, start + (first.len() - entries.len()));
    }
    let indentation = first.strip_suffix(content)?;
    let is_indented_by_spaces = indentation.chars().all(|c| c == ' ');
    (is_block_entry(content) && is_indented_by_spaces)
        .then(|| format!("{before}{indentation}{HOLD}: true\n{rest}"))
}

/// The configuration, an object in flow style, with the field inserted at `start`, just after the opening brace.
fn with_flow_entry(config: &str, start: usize) -> Option<String> {
    let (before, after) = config.split_at_checked(start)?;
    let is_empty = after.trim_start().starts_with('}');
    let space: String = after.chars().take_while(|c| c.is_whitespace()).collect();
    let separator = match (is_empty, space.as_str()) {
        (true, _) => "",
        (false, "") => ", ",
        (false, _) => ",",
    };
    Some(format!("{before}{space}\"{HOLD}\": true{separator}{after}"))
}

/// Whether a line begins an entry of an object in block style: a key, a colon, and a space or nothing.
fn is_block_entry(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, value)| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./\"'".contains(c);
        !key.starts_with(['-', '.', '/'])
            && !key.is_empty()
            && key.chars().all(is_plain)
            && (value.starts_with([' ', '\n']) || value.is_empty())
    })
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// Whether the annotations of a Pod ask to hold the application.
#[must_use]
pub fn hold_of(annotations: &TextMap<'_>) -> Hold {
    let config = annotations.get(CONFIG).unwrap_or_default();
    if !is_balanced(config) {
        Hold::Unreadable
    } else if config.lines().any(asks_to_hold) {
        Hold::Asked
    } else {
        Hold::NotAsked
    }
}

/// Whether a line contains `holdApplicationUntilProxyStarts: true`, in block or in flow style, with or without quotes.
fn asks_to_hold(line: &str) -> bool {
    let line = line.split_once(" #").map_or(line, |(text, _)| text);
    let Some((before, rest)) = line.split_once(HOLD) else { return false };
    let (before, is_quoted) = match before.trim_end().strip_suffix(['"', '\'']) {
        Some(before) => (before, true),
        None => (before, false),
    };
    // A key is at the start of a line, or after a brace or comma.
    let is_key = before.trim().is_empty() || before.trim_end().ends_with(['{', ',']);
    let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest).trim_start();
    let Some(value) = rest.strip_prefix(':') else { return false };
    let is_separated = is_quoted || value.starts_with(char::is_whitespace);
    let word = value.trim_start().split(|c: char| !c.is_ascii_alphanumeric()).next();
    is_key && is_separated && matches!(word, Some("true" | "True" | "TRUE"))
}

/// Whether brackets and quotes are balanced. A quote opens a string only at the start of a key or value.
fn is_balanced(text: &str) -> bool {
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

    #[test]
    fn configurations_are_kept() {
        for (config, expected) in [
            ("", Some("holdApplicationUntilProxyStarts: true")),
            ("# none\n", Some("# none\nholdApplicationUntilProxyStarts: true")),
            ("concurrency: 2\n", Some("holdApplicationUntilProxyStarts: true\nconcurrency: 2\n")),
            ("---\n  concurrency: 2", Some("---\n  holdApplicationUntilProxyStarts: true\n  concurrency: 2")),
            (
                "proxyMetadata:\n  A: b\n",
                Some("holdApplicationUntilProxyStarts: true\nproxyMetadata:\n  A: b\n"),
            ),
            ("{}", Some("{\"holdApplicationUntilProxyStarts\": true}")),
            ("{\"concurrency\": 2}", Some("{\"holdApplicationUntilProxyStarts\": true, \"concurrency\": 2}")),
            (
                "{\n  \"concurrency\": 2\n}",
                Some("{\n  \"holdApplicationUntilProxyStarts\": true,\n  \"concurrency\": 2\n}"),
            ),
            (
                "holdApplicationUntilProxyStarts: false # no",
                Some("holdApplicationUntilProxyStarts: true # no"),
            ),
            (
                "{\"holdApplicationUntilProxyStarts\":false,\"a\":1}",
                Some("{\"holdApplicationUntilProxyStarts\":true,\"a\":1}"),
            ),
            ("- a\n", None),
            ("concurrency", None),
            ("&anchor a: 1", None),
            ("\tconcurrency: 2", None),
            ("holdApplicationUntilProxyStarts: maybe", None),
            ("a: [b", None),
        ] {
            assert_eq!(with_hold(config).as_deref(), expected, "{config}");
        }
    }
}
