//! Reads files of this repository.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The path of a file of this repository.
pub(super) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

/// The text of a file of this repository.
pub(super) fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

/// The YAML document in a file of this repository.
pub(super) fn yaml(name: &str) -> Value {
    manifest::parse_one(&read(name)).unwrap()
}
