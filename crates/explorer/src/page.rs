//! The session as the page sees it: JSON in and out.

use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::session::Session;

/// A manifest that was read.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Explorer(Session);

#[wasm_bindgen]
impl Explorer {
    /// Reads a manifest and settings.
    ///
    /// # Errors
    /// A [`Fault`](crate::Fault) as JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &str, settings: &str) -> Result<Self, String> {
        Session::read(manifest, settings).map(Self).map_err(|fault| json(&fault))
    }

    /// The [`Summary`](crate::Summary) as JSON.
    #[must_use]
    pub fn summary(&self) -> String {
        json(&self.0.summary())
    }

    /// The [`Detail`](crate::Detail) of an object as JSON.
    #[must_use]
    pub fn detail(&self, index: usize) -> String {
        json(&self.0.detail(index))
    }

    /// The manifest with one object repaired, or all.
    #[must_use]
    pub fn repaired(&self, index: Option<usize>) -> String {
        self.0.repaired(index)
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
