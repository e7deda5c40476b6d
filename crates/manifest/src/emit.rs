//! Writes values as YAML.

use saphyr::{Scalar, ScalarStyle, Yaml, YamlEmitter};
use serde_json::Value;

use crate::scalar;

/// Formats a value as YAML in block style, multi-line strings included, with a trailing newline.
#[must_use]
pub fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    let mut emitter = YamlEmitter::new(&mut text);
    emitter.multiline(true);
    let written = emitter.dump(&yaml_of(value));
    debug_assert!(written.is_ok(), "writing to a string does not fail");
    // Spaces and line breaks at the end may be those of a text.
    let text = text.trim_start_matches("---").trim_start();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{end}")
}

fn yaml_of(value: &Value) -> Yaml<'_> {
    match value {
        Value::Null => Yaml::Value(Scalar::Null),
        Value::Bool(value) => Yaml::Value(Scalar::Boolean(*value)),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => Yaml::Value(Scalar::Integer(integer)),
            (_, Some(large)) => Yaml::Representation(large.to_string().into(), ScalarStyle::Plain, None),
            _ => Yaml::Value(Scalar::FloatingPoint(number.as_f64().unwrap_or(f64::NAN).into())),
        },
        Value::String(text) => string(text),
        Value::Array(items) => Yaml::Sequence(items.iter().map(yaml_of).collect()),
        Value::Object(fields) => {
            Yaml::Mapping(fields.iter().map(|(key, field)| (string(key), yaml_of(field))).collect())
        }
    }
}

/// A string, quoted if YAML 1.1 would read it as another type; the emitter only knows YAML 1.2.
fn string(text: &str) -> Yaml<'_> {
    let reads_the_same = scalar::plain(text) == Ok(text.into());
    let is_word = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b));
    if reads_the_same || !is_word {
        Yaml::Value(Scalar::String(text.into()))
    } else {
        Yaml::Representation(text.into(), ScalarStyle::DoubleQuoted, None)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::parse_one;

    #[test]
    fn what_is_printed_reads_the_same() {
        let texts = [
            "", " ", "a", "a\n", "a\n\n", "a\n ", "a\n \n", "\na", " a\nb", "---\na", "!a b:\n ", "on",
            "1e3", "0x1", "~",
        ];
        for text in texts {
            for value in
                [json!(text), json!([text]), json!({"a": text}), json!({"a": text, "b": [text, {"c": text}]})]
            {
                let yaml = to_yaml(&value);
                assert_eq!(parse_one(&yaml).unwrap(), value, "{yaml:?}");
            }
        }
    }
}
