//! Words with the variables that the object shows.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::model::container_fields::ContainerFields;

/// A word does not grow beyond this many bytes: no command is longer, and values may name each other.
const MOST: usize = 64 << 10;

/// The words of a command of a container, with the values of its variables where these are shown, and `localhost` for the Pod's address.
/// Which variables the command reads is not certain: a shell may set them.
pub(super) fn expanded<'w>(
    fields: &ContainerFields<'_>,
    words: impl IntoIterator<Item = &'w str>,
) -> Vec<Cow<'w, str>> {
    let mut words: Vec<Cow<'w, str>> = words.into_iter().map(Cow::Borrowed).collect();
    if !words.iter().any(|word| word.contains('$')) {
        return words;
    }
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for variable in fields.variables() {
        let own = variable.is_address_of_pod().then_some("localhost");
        let Some(value) = own.or(variable.value.as_deref()) else { continue };
        // A value may name those before it (`k8s.io/kubernetes/third_party/forked/golang/expansion`).
        let value = with_values(value, &values);
        values.insert(variable.name.to_string(), value);
    }
    for word in words.iter_mut().filter(|word| word.contains('$')) {
        *word = Cow::Owned(with_values(word, &values));
    }
    words
}

/// A text with the values of variables for `$(NAME)`, `${NAME}` and `$NAME`. What it puts in is not read again.
fn with_values(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut parts = text.split('$');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let known = reference(part).and_then(|(name, rest)| Some((values.get(name)?.as_str(), rest)));
        let (value, rest) =
            known.filter(|(value, _)| whole.len() + value.len() <= MOST).unwrap_or(("$", part));
        whole.push_str(value);
        whole.push_str(rest);
    }
    whole
}

/// The name of the variable to which a text after `$` refers, and what follows.
fn reference(text: &str) -> Option<(&str, &str)> {
    for (open, close) in [('(', ')'), ('{', '}')] {
        if let Some(inner) = text.strip_prefix(open) {
            return inner.split_once(close);
        }
    }
    text.split_at_checked(text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced() {
        let text = r#"{"env": [{"name": "A", "value": "x"}, {"name": "B", "valueFrom": {"secretKeyRef": {}}},
            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "URL", "value": "http://$(A):80"}]}"#;
        let fields: ContainerFields<'_> = serde_json::from_str(text).unwrap();
        for (word, expected) in [
            ("$A ${A} $(A) $AB $A", "x x x $AB x"),
            ("$B", "$B"),
            ("http://$IP:80", "http://localhost:80"),
            ("A", "A"),
            ("$(A", "$(A"),
            ("a$", "a$"),
            ("$URL/", "http://x:80/"),
        ] {
            assert_eq!(expanded(&fields, [word]), [expected]);
        }
    }

    #[test]
    fn values_that_name_each_other_stay_short() {
        let variable = |number: u32| match number {
            0 => r#"{"name": "V0", "value": "lol"}"#.to_owned(),
            _ => format!(r#"{{"name": "V{number}", "value": "$(V{0}) $(V{0})"}}"#, number - 1),
        };
        let variables: Vec<_> = (0..100).map(variable).collect();
        let text = format!(r#"{{"env": [{}]}}"#, variables.join(","));
        let fields: ContainerFields<'_> = serde_json::from_str(&text).unwrap();
        let word = expanded(&fields, ["$(V99)"]).concat();
        assert!(word.len() <= MOST + 100, "{} bytes", word.len());
    }
}
