//! YAML and JSON documents as JSON values with the position of each field in the text.
//!
//! Scalars resolve as in `kubectl`, which reads YAML 1.1 (`sigs.k8s.io/yaml`): `on` is a boolean and `0644` an octal number. Merge keys
//! (`<<`) are applied. JSON is read by `serde_json`, since not all JSON is YAML.

mod chunks;
mod depth;
mod document;
pub mod edit;
mod emit;
mod json;
mod plain;
mod position;
mod scalar;
pub mod stream;

pub use self::chunks::{Chunk, begins_with_marker, chunks};
pub use self::document::{Document, parse, parse_one};
pub use self::emit::to_yaml;
pub use self::json::position_in_json;
pub use self::plain::plain_json;
pub use self::position::{Error, Position};
