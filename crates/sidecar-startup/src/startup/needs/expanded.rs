//! Words with the variables that the object shows.

use std::borrow::Cow;

use crate::model::container_fields::ContainerFields;

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
    for variable in fields.variables() {
        let own = variable.is_address_of_pod().then_some("localhost");
        let Some(value) = own.or(variable.value.as_deref()) else { continue };
        for word in words.iter_mut().filter(|word| word.contains('$')) {
            *word = Cow::Owned(with_value(word, &variable.name, value));
        }
    }
    words
}

/// A text with the value of a variable: `$(NAME)`, `${NAME}` and `$NAME`.
fn with_value(text: &str, name: &str, value: &str) -> String {
    let text = text.replace(&format!("$({name})"), value).replace(&format!("${{{name}}}"), value);
    let bare = format!("${name}");
    let mut parts = text.split(bare.as_str());
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_longer = part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if is_longer {
            whole.push_str(&bare);
        } else {
            whole.push_str(value);
        }
        whole.push_str(part);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced() {
        let text = r#"{"env": [{"name": "A", "value": "x"}, {"name": "B", "valueFrom": {"secretKeyRef": {}}},
            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]}"#;
        let fields: ContainerFields<'_> = serde_json::from_str(text).unwrap();
        for (word, expected) in [
            ("$A ${A} $(A) $AB $A", "x x x $AB x"),
            ("$B", "$B"),
            ("http://$IP:80", "http://localhost:80"),
            ("A", "A"),
        ] {
            assert_eq!(expanded(&fields, [word]), [expected]);
        }
    }
}
