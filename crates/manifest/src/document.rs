//! Reads documents.

use saphyr::{AnnotatedMapping, MarkedYaml, Marker, ScalarStyle, YamlData, YamlLoader};
use saphyr_parser::Parser;
use serde_json::{Map, Value};

use crate::depth;
use crate::position::{Error, MAX_DEPTH, Position, error_at, position};
use crate::scalar;

/// One document of a text.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its content.
    pub value: Value,
    tree: Node,
}

/// The position of a value and of the values in it.
#[derive(Debug, Clone)]
struct Node {
    position: Position,
    children: Children,
}

#[derive(Debug, Clone)]
enum Children {
    None,
    Items(Vec<Node>),
    Fields(Vec<(String, Node)>),
}

/// Parses all documents of a text, without the empty ones.
///
/// # Errors
/// The first position where the text is not YAML, repeats a key or has a value that JSON cannot represent.
pub fn parse(text: &str) -> Result<Vec<Document>, Error> {
    if text.trim_start().starts_with('{') {
        let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
        if let Ok(values) = values {
            return Ok(with_positions(values, text));
        }
    }
    parse_yaml(text)
}

/// Adds positions to JSON values. If the text is not YAML as well, they are all at the start.
fn with_positions(values: Vec<Value>, text: &str) -> Vec<Document> {
    let documents = parse_yaml(text).unwrap_or_default();
    let is_same_length = documents.len() == values.len();
    let start = Node { position: Position { line: 1, column: 1 }, children: Children::None };
    let mut trees = documents.into_iter().map(|document| document.tree).filter(|_| is_same_length);
    let document = |value| Document { value, tree: trees.next().unwrap_or_else(|| start.clone()) };
    values.into_iter().map(document).collect()
}

fn parse_yaml(text: &str) -> Result<Vec<Document>, Error> {
    if let Some(error) = depth::too_deep(text) {
        return Err(error);
    }
    let mut loader = YamlLoader::<MarkedYaml<'_>>::default();
    loader.early_parse(false);
    let mut parser = Parser::new_from_str(text);
    parser.load(&mut loader, true).map_err(|error| error_at(*error.marker(), error.info()))?;
    if let Some(error) = loader.error() {
        return Err(error_at(*error.marker(), error.info()));
    }
    let mut documents = Vec::new();
    for yaml in loader.into_documents() {
        let (value, tree) = convert(&yaml, yaml.span.start, 0)?;
        if !value.is_null() {
            documents.push(Document { value, tree });
        }
    }
    Ok(documents)
}

/// Parses a text with exactly one document.
///
/// # Errors
/// Those of [`parse`], or the text has no document or several.
pub fn parse_one(text: &str) -> Result<Value, Error> {
    let mut documents = parse(text)?;
    match (documents.pop(), documents.pop()) {
        (Some(document), None) => Ok(document.value),
        (last, _) => Err(Error {
            position: last.map_or(Position { line: 1, column: 1 }, |document| document.tree.position),
            message: "expected one document".to_owned(),
        }),
    }
}

impl Document {
    /// The position of the value at a JSON pointer (RFC 6901): of the key for a field, of the first character for a list item. For a
    /// missing value, the position of its nearest existing parent.
    #[must_use]
    pub fn position(&self, pointer: &str) -> Position {
        let mut node = &self.tree;
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let child = match &node.children {
                Children::None => None,
                Children::Items(items) => step.parse().ok().and_then(|index: usize| items.get(index)),
                Children::Fields(fields) => fields.iter().find(|(key, _)| *key == step).map(|(_, node)| node),
            };
            let Some(child) = child else { break };
            node = child;
        }
        node.position
    }
}

/// Converts a node to a value with positions; `start` is the position of its key, if it has one, or else its own.
fn convert(yaml: &MarkedYaml<'_>, start: Marker, depth: usize) -> Result<(Value, Node), Error> {
    let marker = yaml.span.start;
    if MAX_DEPTH < depth {
        return Err(error_at(marker, "nested too deeply"));
    }
    let (value, children) = match &yaml.data {
        YamlData::Representation(text, style, tag) => {
            let value = scalar::resolve(text, *style, tag.as_deref());
            (value.map_err(|message| error_at(marker, message))?, Children::None)
        }
        YamlData::Sequence(items) => {
            let mut values = Vec::with_capacity(items.len());
            let mut nodes = Vec::with_capacity(items.len());
            for item in items {
                let (value, node) = convert(item, item.span.start, depth + 1)?;
                values.push(value);
                nodes.push(node);
            }
            (Value::Array(values), Children::Items(nodes))
        }
        YamlData::Mapping(fields) => convert_mapping(fields, marker, depth)?,
        YamlData::Tagged(_, inner) => return convert(inner, start, depth + 1),
        YamlData::Value(_) | YamlData::Alias(_) | YamlData::BadValue => {
            return Err(error_at(marker, "expected a value"));
        }
    };
    Ok((value, Node { position: position(start), children }))
}

/// Converts the fields of a mapping. Its own fields override merged ones, and earlier merged ones later ones.
fn convert_mapping(
    fields: &AnnotatedMapping<'_, MarkedYaml<'_>>,
    start: Marker,
    depth: usize,
) -> Result<(Value, Children), Error> {
    let mut values = Map::new();
    let mut nodes = Vec::with_capacity(fields.len());
    let mut merged = Vec::new();
    for (key, field) in fields {
        let YamlData::Representation(name, style, tag) = &key.data else {
            return Err(error_at(key.span.start, "expected a string as key"));
        };
        if name == "<<" && *style == ScalarStyle::Plain {
            merged.extend(merge_sources(field, depth + 1)?);
            continue;
        }
        // The parser places a key that was left out after all that follows, which may be nothing.
        let is_left_out = name.is_empty() && *style == ScalarStyle::Plain;
        let (value, node) = convert(field, if is_left_out { start } else { key.span.start }, depth + 1)?;
        let name = scalar::key(name, *style, tag.as_deref());
        if values.insert(name.clone(), value).is_some() {
            return Err(error_at(key.span.start, "duplicate key"));
        }
        nodes.push((name, node));
    }
    for (name, value, node) in merged {
        if !values.contains_key(&name) {
            values.insert(name.clone(), value);
            nodes.push((name, node));
        }
    }
    Ok((Value::Object(values), Children::Fields(nodes)))
}

/// The fields that `<<` merges: those of a mapping or of a list of mappings.
fn merge_sources(yaml: &MarkedYaml<'_>, depth: usize) -> Result<Vec<(String, Value, Node)>, Error> {
    let mappings = match &yaml.data {
        YamlData::Sequence(items) => items.iter().collect(),
        _ => vec![yaml],
    };
    let mut fields = Vec::new();
    for mapping in mappings {
        let (Value::Object(values), Node { children: Children::Fields(nodes), .. }) =
            convert(mapping, mapping.span.start, depth)?
        else {
            return Err(error_at(mapping.span.start, "only mappings can be merged"));
        };
        let nodes = nodes.into_iter().map(|(_, node)| node);
        fields.extend(values.into_iter().zip(nodes).map(|((name, value), node)| (name, value, node)));
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::emit::to_yaml;

    #[test]
    fn fields_have_positions() {
        let text = "a: 1\n---\nspec:\n  list:\n    - name: x\n      b/c: {d: e}\n";
        let documents = parse(text).unwrap();
        let [_, second] = documents.as_slice() else { panic!("two documents") };
        assert_eq!(second.value, json!({"spec": {"list": [{"name": "x", "b/c": {"d": "e"}}]}}));
        for (pointer, line, column) in [
            ("", 3, 1),
            ("/spec", 3, 1),
            ("/spec/list/0", 5, 7),
            ("/spec/list/0/b~1c", 6, 7),
            ("/spec/list/0/b~1c/d", 6, 13),
            ("/spec/list/0/missing/too", 5, 7),
            ("/spec/list/7", 4, 3),
        ] {
            assert_eq!(second.position(pointer), Position { line, column }, "{pointer}");
        }
    }

    #[test]
    fn keys_are_read_as_kubectl_does() {
        let value = parse_one("on: 1\n0x10: 2\n\"off\": 3\n!!str no: 4\n1.50: 5\n").unwrap();
        assert_eq!(value, json!({"true": 1, "16": 2, "off": 3, "no": 4, "1.5": 5}));
        assert_eq!(parse("yes: 1\non: 2\n").unwrap_err().position.line, 2);
    }

    #[test]
    fn empty_documents_are_skipped() {
        assert_eq!(parse("# nothing\n---\n---\na: b\n---\n").unwrap().len(), 1);
        assert_eq!(parse("").unwrap().len(), 0);
    }

    #[test]
    fn json_is_read() {
        let text = "{\n\t\"a\": [1, 2.5, \"x\\u003c\\\"\", null, true]\n}";
        assert_eq!(parse_one(text).unwrap(), json!({"a": [1, 2.5, "x<\"", null, true]}));
        assert_eq!(parse_one(r#"{"a": "\ud83d\ude00"}"#).unwrap(), json!({"a": "\u{1f600}"}));
        assert_eq!(parse("{\"a\": 1}\n{\"b\": 2}").unwrap().len(), 2);
    }

    #[test]
    fn errors_have_positions() {
        for (text, line) in
            [("a: 1\na: 2\n", 2), ("a: [1\nb: 2\n", 2), ("{[1]: 2}", 1), ("a: .nan", 1), ("a: *nowhere", 1)]
        {
            assert_eq!(parse(text).unwrap_err().position.line, line, "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&format!("{}{}", "[".repeat(1000), "]".repeat(1000))).is_err());
    }

    #[test]
    fn yaml_round_trips() {
        let value = json!({
            "quoted": ["yes", "on", "y", "n", "1_000", "0b1", "089", ".5", "+1", ".inf", "1.20", "0x1", "~", ""],
            "list": ["a: b", "two\nlines\n", "# c", true, null, 1, 2.5, u64::MAX, i64::MIN, {"a": [], "b": {}}],
            "with/slash": {"deep": [["x"], {"y": "it's \"quoted\""}]},
        });
        assert_eq!(parse_one(&to_yaml(&value)).unwrap(), value, "{}", to_yaml(&value));
        assert_eq!(to_yaml(&json!({"a": {"b": 1}})), "a:\n  b: 1\n");
    }

    #[test]
    fn merge_keys_merge() {
        let text = "base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\none: {<<: *base, b: 5}\ntwo: {<<: [*more, *base]}\n";
        let value = parse_one(text).unwrap();
        assert_eq!(value["one"], json!({"a": 1, "b": 5}));
        assert_eq!(value["two"], json!({"a": 1, "b": 3, "c": 4}));
        assert!(parse("a: {<<: 1}").is_err());
    }

    #[test]
    fn anchors_are_expanded_within_limits() {
        assert_eq!(parse_one("a: &x {b: 1}\nc: *x").unwrap(), json!({"a": {"b": 1}, "c": {"b": 1}}));
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..9 {
            bomb += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(","));
        }
        assert!(parse(&bomb).is_err());
    }
}
