//! Values as YAML and JSON, in the manner of the text around them.

use serde_json::Value;

/// How values are written in block style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// By how many columns the fields of a mapping are indented under its key.
    pub mapping: usize,
    /// By how many columns the dashes of a list are indented under its key; 0 as `kubectl` and Helm charts do.
    pub list: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { mapping: 2, list: 2 }
    }
}

/// A value as the item of a list, its dash in column `column`: whole lines, each with a newline.
#[must_use]
pub fn item(column: usize, value: &Value, style: Style) -> String {
    let below = match value {
        Value::Object(fields) if !fields.is_empty() => entries(column + 2, value, style),
        Value::Array(items) if !items.is_empty() => {
            items.iter().map(|value| item(column + 2, value, style)).collect()
        }
        _ => return format!("{:column$}-{}", "", inline_or_literal(column + 2, value)),
    };
    // The first line goes on the line of the dash.
    format!("{:column$}- {}", "", below.trim_start_matches(' '))
}

/// A field of a mapping, its key in column `column`: whole lines, each with a newline.
#[must_use]
pub fn entry(column: usize, key: &str, value: &Value, style: Style) -> String {
    let key = scalar(&Value::from(key));
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            format!("{:column$}{key}:\n{}", "", entries(column + style.mapping, value, style))
        }
        Value::Array(items) if !items.is_empty() => {
            let items = items.iter().map(|value| item(column + style.list, value, style));
            format!("{:column$}{key}:\n{}", "", items.collect::<String>())
        }
        _ => format!("{:column$}{key}:{}", "", inline_or_literal(column + style.mapping, value)),
    }
}

fn entries(column: usize, value: &Value, style: Style) -> String {
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(key, value)| entry(column, key, value, style)).collect()
}

/// A value after a colon or dash, with the space before it and the newline after it.
fn inline_or_literal(column: usize, value: &Value) -> String {
    value.as_str().and_then(|text| literal(column, text)).unwrap_or_else(|| format!(" {}\n", scalar(value)))
}

/// A text of several lines as a literal block scalar after a colon or dash, with the newline after it; none if it has to be quoted.
pub(super) fn literal(column: usize, text: &str) -> Option<String> {
    let body = text.strip_suffix('\n');
    let chomping = if body.is_some() { "" } else { "-" };
    let body = body.unwrap_or(text);
    let is_printable = |c: char| c == '\n' || c == '\t' || !is_special(c);
    let is_plain = |line: &str| line.is_empty() || !line.trim().is_empty();
    let suits = body.contains('\n')
        && !body.starts_with([' ', '\t', '\n'])
        && !body.ends_with('\n')
        && body.chars().all(is_printable)
        && body.split('\n').all(is_plain);
    suits.then(|| {
        let line =
            |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{:column$}{line}\n", "") };
        format!(" |{chomping}\n{}", body.split('\n').map(line).collect::<String>())
    })
}

/// A scalar or an empty collection on one line, for block style.
pub(super) fn scalar(value: &Value) -> String {
    match value.as_str() {
        Some(text) if is_plain(text) => text.to_owned(),
        Some(text) => quoted(text),
        None => value.to_string(),
    }
}

/// Whether every parser reads a text as a string, without quotes and in block style.
fn is_plain(text: &str) -> bool {
    let is_number_or_date = |c: char| c.is_ascii_digit() || ".:_-+eExXoObB".contains(c);
    text.starts_with(|c: char| c.is_alphanumeric() || "/_".contains(c))
        && !text.chars().all(is_number_or_date)
        && !text.contains(is_special)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && crate::scalar::plain(text) == Ok(text.into())
}

/// Whether a character ends lines in YAML 1.1, or is not allowed outside double quotes.
fn is_special(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A string in double quotes, for YAML and JSON.
pub(super) fn quoted(text: &str) -> String {
    let text = Value::from(text).to_string();
    let escaped = |c: char| if is_special(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    text.chars().map(escaped).collect()
}

/// How values are written in flow style.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    /// Whether keys and strings are quoted, as in JSON.
    pub(super) is_json: bool,
    /// What follows a colon: a space, or nothing in minified JSON.
    pub(super) after_colon: &'static str,
    /// By how much nested values are indented, if each of them has a line of its own.
    pub(super) unit: Option<usize>,
}

impl Flow {
    /// A value whose parent is indented by `indentation`.
    pub(super) fn value(&self, value: &Value, indentation: &str) -> String {
        let parts: Vec<_> = match value {
            Value::Object(fields) if !fields.is_empty() => {
                let below = self.below(indentation);
                fields.iter().map(|(key, value)| self.entry(key, value, &below)).collect()
            }
            Value::Array(items) if !items.is_empty() => {
                let below = self.below(indentation);
                items.iter().map(|value| self.value(value, &below)).collect()
            }
            Value::String(text) => return self.string(text),
            _ => return value.to_string(),
        };
        let (open, close) = if value.is_array() { ('[', ']') } else { ('{', '}') };
        match self.unit {
            Some(_) => {
                let below = self.below(indentation);
                format!("{open}\n{below}{}\n{indentation}{close}", parts.join(&format!(",\n{below}")))
            }
            None => format!("{open}{}{close}", parts.join(&format!(",{}", self.after_colon))),
        }
    }

    /// A field of a mapping that is indented by `indentation`.
    pub(super) fn entry(&self, key: &str, value: &Value, indentation: &str) -> String {
        format!("{}:{}{}", self.string(key), self.after_colon, self.value(value, indentation))
    }

    fn below(&self, indentation: &str) -> String {
        let tabs = indentation.starts_with('\t');
        let unit = if tabs { "\t".to_owned() } else { " ".repeat(self.unit.unwrap_or_default()) };
        format!("{indentation}{unit}")
    }

    fn string(&self, text: &str) -> String {
        let is_word =
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
        if is_word && is_plain(text) && !self.is_json { text.to_owned() } else { quoted(text) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn container() -> Value {
        json!({
            "name": "proxy",
            "args": ["--port", "8080", "on"],
            "env": [{"name": "A", "value": "true"}],
            "startupProbe": {"exec": {"command": ["sh", "-c", "a\nb\n"]}, "periodSeconds": 1},
            "resources": {},
            "note": "two\n\nlines",
        })
    }

    #[test]
    fn items_are_written_at_a_column() {
        let text = item(2, &container(), Style { mapping: 2, list: 0 });
        let expected = "  - name: proxy\n    args:\n    - \"--port\"\n    - \"8080\"\n    - \"on\"\n    env:\n    - name: A\n      value: \
                        \"true\"\n    startupProbe:\n      exec:\n        command:\n        - sh\n        - \"-c\"\n        - |\n          \
                        a\n          b\n      periodSeconds: 1\n    resources: {}\n    note: |-\n      two\n\n      lines\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let odd = json!({"": [" x", "x ", "a: b", "a #b", "\tx\ny", "x\n\n", "x\n \ny", "\u{2028}", "\u{85}", "é\n\u{7f}", "-", "- x", "1", "no", "<<", "=", "1:30", "2026-11-20", "a: b", "a:", "x:1.2", "100m", "1e3"],
            "yes": {"a": [[1, [2.5]], {}, [], [{"b": null}]]}, "y": "*x", "&x": "!y", "?": "%z", "{": "@w", "k: v": "`"});
        let style = Style::default();
        for value in [container(), odd] {
            let block = item(3, &value, style);
            assert_eq!(crate::parse_one(&block).unwrap(), json!([value]), "{block}");
            for (is_json, unit) in [(false, None), (true, None), (true, Some(2))] {
                let text = Flow { is_json, after_colon: " ", unit }.value(&value, "");
                assert_eq!(crate::parse_one(&text).unwrap(), value, "{text}");
            }
            let minified = Flow { is_json: true, after_colon: "", unit: None }.value(&value, "");
            assert_eq!(serde_json::from_str::<Value>(&minified).unwrap(), value);
        }
    }
}
