//! One object of a manifest: its JSON, what identifies it, and where its fields are in the text.

use std::borrow::Cow;
use std::cell::OnceCell;

use manifest::{Document, Position};
use serde::Deserialize;
use serde_json::{Map, Value};

/// One object.
pub(crate) struct Object<'a> {
    /// The object as JSON.
    pub(crate) json: Cow<'a, str>,
    /// What identifies it.
    pub(crate) head: Head,
    place: Place<'a>,
}

/// What identifies an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Head {
    #[serde(rename = "apiVersion")]
    api_version: Value,
    kind: Value,
    metadata: Value,
}

/// Where an object is.
enum Place<'a> {
    /// In a YAML document.
    Yaml {
        /// The document.
        document: Source<'a>,
        /// Its text, and the number of its first line.
        text: &'a str,
        line: usize,
        /// The object's place in the document, as a JSON pointer.
        pointer: String,
    },
    /// In JSON.
    Json {
        /// Its text.
        text: &'a str,
        /// Where the text begins.
        start: Position,
    },
}

/// A YAML document.
pub(crate) enum Source<'a> {
    /// It was read.
    Read(&'a Document),
    /// It is read if somebody asks for a position in it.
    Unread(OnceCell<Option<Document>>),
}

impl Source<'_> {
    fn document(&self, text: &str) -> Option<&Document> {
        match self {
            Self::Read(document) => Some(document),
            Self::Unread(cell) => {
                cell.get_or_init(|| manifest::parse(text).ok().and_then(|mut all| all.pop())).as_ref()
            }
        }
    }
}

impl Head {
    /// Reads it from a JSON object; of duplicate keys the last counts, as for the API server. None for anything else.
    pub(crate) fn of_json(text: &str) -> Option<Self> {
        // A struct could be read from a list, too.
        if !text.trim_start().starts_with('{') {
            return None;
        }
        let by_value = || Self::of_value(&serde_json::from_str::<Value>(text).ok()?);
        serde_json::from_str(text).ok().or_else(by_value)
    }

    /// Reads it from a value; none if that is not an object.
    pub(crate) fn of_value(value: &Value) -> Option<Self> {
        let fields = value.as_object()?;
        let field = |key| fields.get(key).cloned().unwrap_or_default();
        Some(Self { api_version: field("apiVersion"), kind: field("kind"), metadata: field("metadata") })
    }

    /// Whether it says what the object is.
    pub(crate) fn is_complete(&self) -> bool {
        self.api_version.is_string() && self.kind.is_string()
    }

    /// The kind of a list's items: empty for a `List`, whose items say so themselves. None if it is not a list.
    pub(crate) fn item_kind(&self) -> Option<&str> {
        self.kind().strip_suffix("List")
    }

    /// The API group and version.
    pub(crate) fn api_version(&self) -> &str {
        self.api_version.as_str().unwrap_or_default()
    }

    /// The API group, such as `apps` for `apps/v1`.
    pub(crate) fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// The kind.
    pub(crate) fn kind(&self) -> &str {
        self.kind.as_str().unwrap_or_default()
    }

    /// The name, or the `generateName` of an object without one.
    pub(crate) fn name(&self) -> &str {
        self.text("name").or(self.text("generateName")).unwrap_or("(no name)")
    }

    /// The namespace, if the object says so.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.text("namespace").filter(|namespace| !namespace.is_empty())
    }

    /// The value of a label.
    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.metadata.get("labels")?.get(key)?.as_str()
    }

    /// The kind and name of its controller.
    pub(crate) fn controller(&self) -> Option<(&str, &str)> {
        let owners = self.metadata.get("ownerReferences")?.as_array()?;
        let owner = owners.iter().find(|owner| owner.get("controller") == Some(&Value::Bool(true)))?;
        Some((owner.get("kind")?.as_str()?, owner.get("name")?.as_str()?))
    }

    /// The same with the API version and kind that a typed list, such as a `PodList`, leaves out of its items.
    pub(crate) fn in_list(self, list: &Self) -> Self {
        let Some(kind) = list.item_kind().filter(|kind| !kind.is_empty()) else { return self };
        let or = |own: Value, other: &str| if own.is_null() { other.into() } else { own };
        Self {
            api_version: or(self.api_version, list.api_version()),
            kind: or(self.kind, kind),
            metadata: self.metadata,
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).and_then(Value::as_str)
    }
}

impl<'a> Object<'a> {
    /// An object of a YAML document.
    pub(crate) fn of_yaml(
        (document, text, line): (&'a Document, &'a str, usize),
        pointer: String,
        value: &Value,
        head: Head,
    ) -> Self {
        let mut json = value.to_string();
        complete(&mut json, value, &head);
        let document = Source::Read(document);
        Self { json: json.into(), head, place: Place::Yaml { document, text, line, pointer } }
    }

    /// The object of a YAML document that was read as JSON; the text begins at this line of the file.
    pub(crate) fn of_plain_yaml((text, line): (&'a str, usize), json: String, head: Head) -> Self {
        let document = Source::Unread(OnceCell::new());
        Self { json: json.into(), head, place: Place::Yaml { document, text, line, pointer: String::new() } }
    }

    /// An object in JSON, whose text begins at `start`. The items of a typed list may not say their kind.
    pub(crate) fn of_json(text: &'a str, start: Position, head: Head, says_its_kind: bool) -> Self {
        let mut json = Cow::Borrowed(text);
        if !says_its_kind {
            let value: Value = serde_json::from_str(text).unwrap_or_default();
            complete(json.to_mut(), &value, &head);
        }
        Self { json, head, place: Place::Json { text, start } }
    }

    /// Whether it has a Pod template where those of the built-in kinds have it.
    pub(crate) fn has_template(&self) -> bool {
        // Most other objects are not parsed.
        self.json.contains("\"containers\"")
            && self.value().pointer("/spec/template/spec/containers").is_some_and(Value::is_array)
    }

    /// The object as a value.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.json).unwrap_or_default()
    }

    /// Its YAML document, and its place there as a JSON pointer.
    pub(crate) fn in_document(&self) -> Option<(&Document, &str)> {
        match &self.place {
            Place::Yaml { document, text, pointer, .. } => Some((document.document(text)?, pointer)),
            Place::Json { .. } => None,
        }
    }

    /// Whether the source is JSON.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self.place, Place::Json { .. })
    }

    /// The position in the file of a field, given by a JSON pointer: that of its nearest parent if it does not exist.
    pub(crate) fn position(&self, pointer: &str) -> Position {
        match &self.place {
            Place::Yaml { document, text, line, pointer: object } => {
                let document = document.document(text);
                let position = document.map(|document| document.position(&format!("{object}{pointer}")));
                let position = position.unwrap_or(Position { line: 1, column: 1 });
                Position { line: position.line + line - 1, ..position }
            }
            Place::Json { text, start } => {
                let Position { line, column } = manifest::position_in_json(text, pointer);
                let column = if line == 1 { column + start.column - 1 } else { column };
                Position { line: line + start.line - 1, column }
            }
        }
    }

    /// The lines of the source from one line of the file on, as far as they are known.
    pub(crate) fn lines_from(&self, line: usize) -> impl Iterator<Item = Cow<'_, str>> {
        let (text, first, indent) = match &self.place {
            Place::Yaml { text, line, .. } => (*text, *line, 0),
            Place::Json { text, start } => (*text, start.line, start.column - 1),
        };
        let skipped = line.saturating_sub(first);
        text.lines().enumerate().skip(skipped).map(move |(index, text)| {
            if index == 0 && indent != 0 {
                format!("{}{text}", " ".repeat(indent)).into()
            } else {
                text.into()
            }
        })
    }
}

/// Adds the `apiVersion` and `kind` that items of a typed list lack.
fn complete(json: &mut String, value: &Value, head: &Head) {
    let Some(fields) = value.as_object() else { return };
    let mut missing = Map::new();
    for (key, text) in [("apiVersion", head.api_version()), ("kind", head.kind())] {
        if !fields.contains_key(key) {
            missing.insert(key.to_owned(), text.into());
        }
    }
    if !missing.is_empty() {
        missing.extend(fields.clone());
        *json = Value::Object(missing).to_string();
    }
}
