//! Any bytes as a manifest: what reads YAML and JSON, and the command that reports on it.

use std::sync::LazyLock;

use anyhow::{Context as _, ensure};
use manifest::stream::Documents;
use serde_json::Value;
use sidecar_startup_cli::memory::InMemory;

/// Every text gets an answer, and all ways to read it agree.
pub(crate) fn hold(bytes: &[u8]) -> anyhow::Result<()> {
    answers(bytes)?;
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(()) };
    let cut: String = manifest::chunks(text).map(|chunk| chunk.text).collect();
    ensure!(cut == text, "the pieces are {cut:?}");
    let parsed = manifest::parse(text);
    if let Some(json) = manifest::plain_json(text) {
        let plain: Value = serde_json::from_str(&json).context("plain JSON is none")?;
        // Of keys that are written in two ways, such as `1` and `0x1`, the tree makes an error.
        if let Ok(documents) = &parsed {
            let [document] = documents.as_slice() else {
                anyhow::bail!("plain, but {} documents", documents.len())
            };
            ensure!(plain == document.value, "plain {plain}\nbut the tree {}", document.value);
        }
    }
    let Ok(documents) = parsed else { return Ok(()) };
    for document in &documents {
        if !has_long_key(&document.value) {
            let yaml = manifest::to_yaml(&document.value);
            let again = manifest::parse_one(&yaml).with_context(|| format!("printed as {yaml:?}"))?;
            ensure!(again == document.value, "{} is printed as {yaml:?}, which is {again}", document.value);
        }
        let lines = text.split(['\n', '\r']).count();
        for pointer in pointers(&document.value) {
            let position = document.position(&pointer);
            ensure!((1..=lines).contains(&position.line), "{pointer} is in line {}", position.line);
        }
    }
    let streamed: Result<Vec<Value>, _> = streamed(text);
    if let Ok(streamed) = streamed {
        let whole: Vec<_> = documents.into_iter().map(|document| document.value).collect();
        // The parser takes a marker for text where a document is nothing but a block scalar; no manifest is.
        let is_text = whole.iter().any(Value::is_string);
        ensure!(is_text || streamed == whole, "as a stream {streamed:?}\nand as a whole {whole:?}");
    }
    Ok(())
}

/// Whether a key has, once it is escaped, more than the 1,024 characters of an implicit key in YAML. No field of an object has.
pub(crate) fn has_long_key(value: &Value) -> bool {
    let is_long =
        |key: &str| 1000 < key.chars().map(|c| if c.is_ascii_graphic() { 2 } else { 10 }).sum::<usize>();
    match value {
        Value::Array(items) => items.iter().any(has_long_key),
        Value::Object(fields) => fields.iter().any(|(key, field)| is_long(key) || has_long_key(field)),
        _ => false,
    }
}

fn streamed(text: &str) -> anyhow::Result<Vec<Value>> {
    let mut values = Vec::new();
    for part in Documents::new(text.as_bytes()) {
        let text = String::from_utf8(part?.bytes)?;
        values.extend(manifest::parse(&text)?.into_iter().map(|document| document.value));
    }
    Ok(values)
}

fn pointers(value: &Value) -> Vec<String> {
    let below = |step: String, value: &Value| {
        let step = step.replace('~', "~0").replace('/', "~1");
        pointers(value).into_iter().map(move |below| format!("/{step}{below}")).collect::<Vec<_>>()
    };
    let mut all = vec![String::new()];
    match value {
        Value::Array(items) => {
            all.extend(items.iter().enumerate().flat_map(|(at, item)| below(at.to_string(), item)));
        }
        Value::Object(fields) => all.extend(fields.iter().flat_map(|(key, field)| below(key.clone(), field))),
        _ => {}
    }
    all
}

/// The command says something about it, and every form of the report is what it claims to be.
fn answers(bytes: &[u8]) -> anyhow::Result<()> {
    type Command = LazyLock<anyhow::Result<InMemory>>;
    static JSON: Command = LazyLock::new(|| InMemory::new("json", Value::Null, None, None));
    static TEXT: Command = LazyLock::new(|| InMemory::new("text", Value::Null, None, None));
    let get = |command: &'static Command| command.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"));
    let report = get(&JSON)?.check(bytes)?;
    let report: Value = serde_json::from_str(&report).with_context(|| format!("the report is {report}"))?;
    ensure!(report["objects"].is_array() && report["summary"].is_object(), "the report is {report}");
    let text = get(&TEXT)?.check(bytes)?;
    ensure!(!text.is_empty() || report["objects"] == serde_json::json!([]), "nothing is said about {report}");
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(session) = explorer::Session::read(text, "")
    {
        let objects = session.summary().objects.len();
        for object in 0..objects.min(4) {
            _ = session.detail(object);
        }
    }
    Ok(())
}
