//! Istio's annotation `proxy.istio.io/config`, which holds YAML or JSON.
//!
//! Only one field matters, and a YAML parser would make the policy's module a quarter larger. So [`mapping`] finds that field and
//! passes over the rest. A repair adds it as the first one, or changes `false` to `true`, and leaves all other bytes alone.
//!
//! Istio converts the text to JSON with `sigs.k8s.io/yaml` and reads that with `jsonpb`, which takes a field by its JSON or its
//! original name, and refuses a string for a boolean (`ApplyYAML` in `pkg/util/protomarshal/protomarshal.go`, istio 0098d99).

mod mapping;

use self::mapping::{Mapping, Start};
use super::view::TextMap;

/// The annotation with the configuration of Istio's proxy.
pub const CONFIG: &str = "proxy.istio.io/config";

/// The field of the configuration that asks to hold the application until the proxy is ready.
const HOLD: &str = "holdApplicationUntilProxyStarts";

/// The names of that field.
const NAMES: [&str; 2] = [HOLD, "hold_application_until_proxy_starts"];

/// Whether the configuration asks to hold the application until the proxy is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It asks for it.
    Asked,
    /// It does not ask for it, or there is no configuration.
    NotAsked,
    /// The configuration is not YAML as far as it is understood here, or the field is not a boolean.
    Unreadable,
}

/// Whether the annotations of a Pod ask to hold the application.
#[must_use]
pub fn hold_of(annotations: &TextMap<'_>) -> Hold {
    hold_in(annotations.get(CONFIG).unwrap_or_default())
}

fn hold_in(config: &str) -> Hold {
    let Some(Mapping { value, .. }) = Mapping::read(config, &NAMES) else { return Hold::Unreadable };
    let Some(value) = value else { return Hold::NotAsked };
    match config.get(value).and_then(boolean) {
        Some(true) => Hold::Asked,
        Some(false) => Hold::NotAsked,
        None => Hold::Unreadable,
    }
}

/// A boolean of YAML 1.1 (`resolve.go` of `go.yaml.in/yaml/v2`).
fn boolean(word: &str) -> Option<bool> {
    match word {
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// The configuration with `holdApplicationUntilProxyStarts: true`. `None` if its syntax is not understood.
#[must_use]
pub fn with_hold(config: &str) -> Option<String> {
    let Mapping { start, value } = Mapping::read(config, &NAMES)?;
    let asking = match (value, start) {
        (Some(value), _) => {
            boolean(config.get(value.clone())?)?;
            format!("{}true{}", config.get(..value.start)?, config.get(value.end..)?)
        }
        (None, Start::Empty) => {
            let newline = if config.is_empty() || config.ends_with('\n') { "" } else { "\n" };
            format!("{config}{newline}{HOLD}: true")
        }
        (None, Start::Flow(start)) => with_flow_entry(config, start)?,
        (None, Start::Block(line, indentation)) => {
            let (before, rest) = config.split_at_checked(line)?;
            format!("{before}{:indentation$}{HOLD}: true\n{rest}", "")
        }
    };
    (hold_in(&asking) == Hold::Asked).then_some(asking)
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
            ("holdApplicationUntilProxyStarts: trueish", Hold::Unreadable),
            ("holdApplicationUntilProxyStarts: True", Hold::Asked),
            ("holdApplicationUntilProxyStarts:true", Hold::Unreadable),
            ("{\"holdApplicationUntilProxyStarts\":true}", Hold::Asked),
            ("\"concurrency\":2\nholdApplicationUntilProxyStarts: true", Hold::Unreadable),
            ("'concurrency' 2: 1\nholdApplicationUntilProxyStarts: true", Hold::Unreadable),
            ("a: b: holdApplicationUntilProxyStarts: true", Hold::NotAsked),
            ("A: 'x{y'\nholdApplicationUntilProxyStarts: true", Hold::Asked),
            ("A: \"x\\\"{\"\nB: 1", Hold::NotAsked),
            ("concurrency: 2", Hold::NotAsked),
            ("", Hold::NotAsked),
            ("proxyMetadata:\n  NAME: it's", Hold::NotAsked),
            ("a: [b", Hold::Unreadable),
            ("{\"a\": 1]", Hold::Unreadable),
            ("{a: 1}\nb", Hold::Unreadable),
            ("{a: 1} ---", Hold::Unreadable),
            ("{a: 1}\n---\nb", Hold::NotAsked),
            ("a: \"b", Hold::Unreadable),
            // Only the top level counts.
            ("proxyMetadata:\n  holdApplicationUntilProxyStarts: true", Hold::NotAsked),
            ("proxyMetadata: {holdApplicationUntilProxyStarts: true}", Hold::NotAsked),
            ("{proxyMetadata: {holdApplicationUntilProxyStarts: true}}", Hold::NotAsked),
            ("{\"a\": {\n\"holdApplicationUntilProxyStarts\": true}}", Hold::NotAsked),
            ("a: {\nholdApplicationUntilProxyStarts: true}", Hold::NotAsked),
            ("a: |\n  holdApplicationUntilProxyStarts: true\n", Hold::NotAsked),
            ("a: 'b\nholdApplicationUntilProxyStarts: true'", Hold::NotAsked),
            ("a:\n- holdApplicationUntilProxyStarts: true", Hold::NotAsked),
            ("- holdApplicationUntilProxyStarts: true", Hold::Unreadable),
            ("a: 1\n---\nholdApplicationUntilProxyStarts: true", Hold::NotAsked),
            ("a: 1 # {holdApplicationUntilProxyStarts: true}", Hold::NotAsked),
            ("{a: \"{holdApplicationUntilProxyStarts: true}\"}", Hold::NotAsked),
            // It is found wherever it stands there.
            ("a: >-\n  it's {\n\n  b\nholdApplicationUntilProxyStarts: true\n", Hold::Asked),
            ("a:\n- b: |\n    {\n  c: [d,\n  e]\nholdApplicationUntilProxyStarts: true", Hold::Asked),
            ("a: {b: [c,\n  d]}\nholdApplicationUntilProxyStarts: true", Hold::Asked),
            ("'holdApplicationUntilProxyStarts' : true", Hold::Asked),
            ("hold_application_until_proxy_starts: yes", Hold::Asked),
            ("a: &b it's\nholdApplicationUntilProxyStarts: &c true", Hold::Asked),
            ("holdApplicationUntilProxyStarts: &c,d true", Hold::Asked),
            ("{a: {b: c}, # d\n 'holdApplicationUntilProxyStarts':true}\n", Hold::Asked),
            ("\r\nholdApplicationUntilProxyStarts: true\r\nconcurrency: 2\r\n", Hold::Asked),
            // It has to be a boolean, once.
            ("holdApplicationUntilProxyStarts: \"true\"", Hold::Unreadable),
            ("{holdApplicationUntilProxyStarts: 'true'}", Hold::Unreadable),
            ("holdApplicationUntilProxyStarts: {value: true}", Hold::Unreadable),
            ("holdApplicationUntilProxyStarts: *a", Hold::Unreadable),
            ("holdApplicationUntilProxyStarts: # true", Hold::Unreadable),
            ("holdApplicationUntilProxyStarts: |\n  true", Hold::Unreadable),
            ("holdApplicationUntilProxyStarts: true\n  or not", Hold::Unreadable),
            ("{holdApplicationUntilProxyStarts, concurrency: 2}", Hold::Unreadable),
            ("{holdApplicationUntilProxyStarts: , concurrency: 2}", Hold::Unreadable),
            ("holdApplicationUntilProxyStarts:\n  true", Hold::Unreadable),
            (
                "holdApplicationUntilProxyStarts: true\nholdApplicationUntilProxyStarts: false",
                Hold::Unreadable,
            ),
            (
                "{holdApplicationUntilProxyStarts: true, holdApplicationUntilProxyStarts: false}",
                Hold::Unreadable,
            ),
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
            ("holdApplicationUntilProxyStarts: \"false\"", None),
            (
                "proxyMetadata:\n  holdApplicationUntilProxyStarts: false",
                Some(
                    "holdApplicationUntilProxyStarts: true\nproxyMetadata:\n  holdApplicationUntilProxyStarts: false",
                ),
            ),
            // The text begins right of -b, not of b.
            ("a:\n- -b: |\n   }\n", Some("holdApplicationUntilProxyStarts: true\na:\n- -b: |\n   }\n")),
            ("a: [b", None),
        ] {
            assert_eq!(with_hold(config).as_deref(), expected, "{config}");
        }
    }
}
