//! What holds of any input. Each target takes bytes, makes something of them, and says which law does not hold: the fuzz targets in
//! `fuzz/` panic then, and the test `corpus` fails.
//!
//! Where the bytes are no input themselves they are choices, see `draw.rs`: a Pod, settings, a script, a style of YAML.

#![allow(clippy::indexing_slicing, reason = "what a JSON value does not have is null")]

mod agreement;
mod cases;
mod draw;
mod targets;

pub use agreement::agree;
use targets::{commands, fix, images, manifests, payload, pods, settings, startup};

/// What a target does with bytes.
pub type Hold = fn(&[u8]) -> anyhow::Result<()>;

/// The targets, by name.
pub const TARGETS: [(&str, Hold); 8] = [
    ("commands", commands::hold),
    ("fix", fix::hold),
    ("images", images::hold),
    ("manifests", manifests::hold),
    ("payload", payload::hold),
    ("pods", pods::hold),
    ("settings", settings::hold),
    ("startup", startup::hold),
];

/// Checks what a target says of bytes.
///
/// # Panics
/// A law does not hold.
pub fn check(target: &str, bytes: &[u8]) {
    let hold = TARGETS.iter().find(|(name, _)| *name == target).map(|(_, hold)| hold);
    if let Some(Err(error)) = hold.map(|hold| hold(bytes)) {
        let text = format!("{error:#}");
        assert!(text.is_empty(), "{text}");
    }
}
