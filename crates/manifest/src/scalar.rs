//! Scalar resolution by the rules of YAML 1.1, as in `resolve.go` of `go.yaml.in/yaml/v2`.

use saphyr::{ScalarStyle, Tag};
use serde_json::{Number, Value};

/// Returns the value of a scalar.
///
/// # Errors
/// The scalar is infinite or not a number, or does not have the type of its tag.
pub(crate) fn resolve(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, &'static str> {
    if let Some(tag) = tag.filter(|tag| tag.is_yaml_core_schema()) {
        return match (tag.suffix.as_str(), plain(text)?) {
            ("str", _) => Ok(text.into()),
            ("null", value @ Value::Null)
            | ("bool", value @ Value::Bool(_))
            | ("int" | "float", value @ Value::Number(_)) => Ok(value),
            _ => Err("the value does not have the type of its tag"),
        };
    }
    if style == ScalarStyle::Plain { plain(text) } else { Ok(text.into()) }
}

/// Returns the name of a field, given as its key. `sigs.k8s.io/yaml` writes keys that are no strings as such: `on` is `true`.
pub(crate) fn key(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> String {
    match resolve(text, style, tag) {
        Ok(value @ (Value::Bool(_) | Value::Number(_))) => value.to_string(),
        _ => text.to_owned(),
    }
}

/// Whether a plain key is written into JSON as it is. Most are, which shows without resolving them.
pub(crate) fn is_plain_key(text: &str) -> bool {
    let may_be_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let may_be_boolean = text.len() <= "FALSE".len();
    !(may_be_number || may_be_boolean) || !matches!(plain(text), Ok(Value::Bool(_) | Value::Number(_)))
}

pub(crate) fn plain(text: &str) -> Result<Value, &'static str> {
    Ok(other_than_text(text)?.unwrap_or_else(|| text.into()))
}

/// The value of a plain scalar; none if it is its text.
pub(crate) fn other_than_text(text: &str) -> Result<Option<Value>, &'static str> {
    Ok(Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        _ if is_not_finite(text) => return Err("JSON cannot represent this number"),
        _ => return Ok(number(text).map(Value::Number)),
    }))
}

fn is_not_finite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return None;
    }
    let digits = text.replace('_', "");
    let (sign, unsigned) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits.strip_prefix('+').unwrap_or(&digits)),
    };
    let (radix, unsigned) = match unsigned.as_bytes() {
        [b'0', b'x', ..] => (16, unsigned.get(2..)?),
        [b'0', b'b', ..] => (2, unsigned.get(2..)?),
        [b'0', b'o', ..] => (8, unsigned.get(2..)?),
        [b'0', _, ..] => (8, unsigned.get(1..)?),
        _ => (10, unsigned),
    };
    let is_integer = !unsigned.is_empty() && unsigned.chars().all(|c| c.is_digit(radix));
    if is_integer && let Ok(integer) = i64::from_str_radix(&format!("{sign}{unsigned}"), radix) {
        return Some(integer.into());
    }
    if is_integer
        && sign.is_empty()
        && let Ok(integer) = u64::from_str_radix(unsigned, radix)
    {
        return Some(integer.into());
    }
    let float: f64 = if is_float(&digits) { digits.parse().ok()? } else { return None };
    whole(float).map(Number::from).or_else(|| Number::from_f64(float))
}

/// The integer value of a float without a fraction, which is how Go writes it to JSON for the API server.
fn whole(float: f64) -> Option<i64> {
    let text = format!("{float:.0}");
    text.parse().ok().filter(|_| float.fract() == 0.0)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        None => (unsigned, "0"),
    };
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    is_digits(whole)
        && is_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && !exponent.is_empty()
        && is_digits(exponent)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars() {
        for (text, value) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("Yes!", json!("Yes!")),
            ("12", json!(12)),
            ("-12", json!(-12)),
            ("+1_000", json!(1000)),
            ("0644", json!(420)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("089", json!(89)),
            ("1.20.0", json!("1.20.0")),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000)),
            ("8080.0", json!(8080)),
            ("-18446744073709551615", json!(-18_446_744_073_709_551_615.0)),
            (".5", json!(0.5)),
            (".", json!(".")),
            ("-", json!("-")),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
            ("100m", json!("100m")),
            ("2026-11-20", json!("2026-11-20")),
            ("infinity", json!("infinity")),
            ("1.2.3e4", json!("1.2.3e4")),
        ] {
            assert_eq!(plain(text), Ok(value), "{text}");
        }
        assert!(plain("-.inf").is_err());
    }
}
