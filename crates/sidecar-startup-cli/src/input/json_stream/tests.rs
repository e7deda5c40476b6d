use std::io::{BufReader, Read};

use super::*;

/// What is found in a text, with places.
fn found(text: &str, capacity: usize) -> Vec<String> {
    let mut all = Vec::new();
    let reader = BufReader::with_capacity(capacity, text.as_bytes());
    read(reader, &mut |found| {
        let place = |it: Position| format!("{}:{}", it.line, it.column);
        all.push(match found {
            Found::Object(object) => format!(
                "{} {} {}",
                place(object.position("/metadata")),
                object.head.kind(),
                object.head.name()
            ),
            Found::Fragment => "fragment".to_owned(),
            Found::Unreadable(it) => {
                format!("{} {}", it.position.map(place).unwrap_or_default(), it.reason)
            }
        });
        Ok(())
    })
    .unwrap();
    all
}

#[test]
fn items_have_their_places_whatever_is_buffered() {
    let text = r#" {"a": {"b": ["}\"]\\", 1.5, null]}, "kind": "PodList", "apiVersion": "v1", "items": [
        {"metadata": {"name": "é{"}}, {"kind": "Job", "apiVersion": "batch/v1", "metadata": {"name": "b"}}, {
        "metadata": {"name": "c\"]"}}
    ], "metadata": {}}
{"kind": "List", "items": [], "apiVersion": "v1"}"#;
    for capacity in [1, 2, 3, 7, 64, 4096] {
        assert_eq!(found(text, capacity), ["2:10 Pod é{", "2:81 Job b", "3:9 Pod c\"]"], "{capacity}");
    }
}

#[test]
fn the_kind_may_come_last() {
    let text = r#"{"items": [{"metadata": {"name": "a"}},
{"metadata": {"name": "b"}}], "apiVersion": "v1", "kind": "PodList"}"#;
    assert_eq!(found(text, 64), ["1:13 Pod a", "2:2 Pod b"]);
}

#[test]
fn what_cannot_be_read_has_its_place() {
    let list = |items: &str| format!("{{\"kind\": \"PodList\", \"apiVersion\": \"v1\",\n\"items\": [{items}");
    for (items, expected) in [
        (
            "{\"metadata\": {\"name\": \"a\",}}, {\"metadata\": {\"name\": \"b\"}}]}",
            &["2:37 not JSON: key must be a string", "2:42 Pod b"] as &[_],
        ),
        (
            "1, \"}\"]}",
            &[
                "2:11 expected an object with apiVersion and kind",
                "2:14 expected an object with apiVersion and kind",
            ],
        ),
        ("{} {}]}", &["2:11 Pod (no name)", "2:14 not JSON: expected `]` or `,`"]),
        ("{},]}", &["2:11 Pod (no name)", "2:14 not JSON: expected a value"]),
        ("{\"metadata\": \"", &["2:25 not JSON: it ends within a value"]),
        ("", &["2:11 not JSON: it ends within a value"]),
        ("]", &["2:12 not JSON: expected `}` or `,`"]),
    ] {
        assert_eq!(found(&list(items), 64), expected, "{items}");
    }
    assert_eq!(
        found("{\"kind\": \"ConfigMap\", \"data\": {}}", 64),
        [" a ConfigMap of more than 8 MiB, which no cluster holds"]
    );
    let broken = BufReader::new("{\"items\": [".as_bytes().chain(Failing));
    let mut reasons = Vec::new();
    read(broken, &mut |found| {
        if let Found::Unreadable(it) = found {
            reasons.push(it.reason);
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(reasons, ["cannot be read: broken"]);
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("broken"))
    }
}

#[test]
fn an_error_of_the_sink_is_the_end() {
    let text = r#"{"kind": "PodList", "apiVersion": "v1", "items": [{}, {}]}"#;
    let mut count = 0;
    let outcome = read(text.as_bytes(), &mut |_| {
        count += 1;
        anyhow::bail!("enough")
    });
    assert_eq!((count, outcome.unwrap_err().to_string().as_str()), (1, "enough"));
}
