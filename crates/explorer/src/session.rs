//! A manifest and settings that were read, to be asked about.

use manifest::edit::{Refusal, rewrite};
use manifest::{Chunk, Document, chunks};
use serde::Serialize;
use serde_json::Value;
use sidecar_startup::Settings;

use crate::judge::Judge;
use crate::objects::{self, Object};

/// A manifest that was read.
#[derive(Debug)]
pub struct Session {
    pub(crate) judge: Judge,
    pieces: Vec<Piece>,
}

/// A piece of the text, as a rule with one document.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) lines_before: usize,
    pub(crate) documents: Vec<Document>,
    pub(crate) objects: Vec<Object>,
}

/// Why the manifest or the settings cannot be read.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Which of the two.
    pub source: Source,
    /// The line, starting at 1.
    pub line: usize,
    /// The column in characters, starting at 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// A text that the page edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// The manifest.
    Manifest,
    /// The settings.
    Settings,
}

impl Source {
    fn fault(self, error: manifest::Error, lines_before: usize) -> Fault {
        let manifest::Error { position, message } = error;
        Fault { source: self, line: position.line + lines_before, column: position.column, message }
    }
}

impl Session {
    /// Reads a manifest and settings; without text, these are the default ones.
    ///
    /// # Errors
    /// The first place that is not YAML, or not a valid setting.
    pub fn read(manifest: &str, settings: &str) -> Result<Self, Fault> {
        let judge = read_settings(settings)?;
        let mut read = Vec::new();
        for Chunk { text, lines_before } in chunks(manifest) {
            let documents =
                manifest::parse(text).map_err(|error| Source::Manifest.fault(error, lines_before))?;
            let objects = documents.iter().enumerate();
            let objects = objects.flat_map(|(number, document)| objects::of(number, document)).collect();
            read.push(Piece { text: text.to_owned(), lines_before, documents, objects });
        }
        Ok(Self { judge, pieces: read })
    }

    /// The objects, each with its piece of the text.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (&Piece, &Object)> {
        self.pieces.iter().flat_map(|piece| piece.objects.iter().map(move |object| (piece, object)))
    }

    /// The whole text with one object repaired, or all. What cannot be repaired stays as it is.
    #[must_use]
    pub fn repaired(&self, index: Option<usize>) -> String {
        let mut first = 0;
        let mut text = String::new();
        for piece in &self.pieces {
            let numbered = piece.objects.iter().enumerate();
            let chosen = numbered.filter(|(place, _)| index.is_none_or(|index| index == first + place));
            let repaired: Vec<_> = chosen
                .filter_map(|(_, object)| Some((object, self.judge.repair(object)?.repaired()?)))
                .collect();
            let written = if repaired.is_empty() { None } else { piece.with(repaired).ok() };
            text += written.as_deref().unwrap_or(&piece.text);
            first += piece.objects.len();
        }
        text
    }
}

impl Piece {
    /// The text with some of its objects replaced.
    ///
    /// # Errors
    /// Why it cannot be changed.
    pub(crate) fn with(&self, repaired: Vec<(&Object, Value)>) -> Result<String, Refusal> {
        let mut wanted: Vec<_> = self.documents.iter().map(|document| document.value.clone()).collect();
        for (object, mut value) in repaired {
            let document = wanted.get_mut(object.document);
            let Some(place) = document.and_then(|document| document.pointer_mut(&object.pointer)) else {
                continue;
            };
            if let Some(fields) = value.as_object_mut() {
                // They were added for judging: an item of a typed list has neither.
                fields.retain(|key, _| {
                    !["apiVersion", "kind"].contains(&key.as_str()) || place.get(key).is_some()
                });
            }
            *place = value;
        }
        rewrite(&self.text, &self.documents, &wanted)
    }
}

fn read_settings(text: &str) -> Result<Judge, Fault> {
    let documents = manifest::parse(text).map_err(|error| Source::Settings.fault(error, 0))?;
    let Some(document) = documents.first() else {
        return Ok(Judge::new(Value::Null, Settings::default()));
    };
    let error = |position, message| Source::Settings.fault(manifest::Error { position, message }, 0);
    if let Some(second) = documents.get(1) {
        return Err(error(second.position(""), "expected one document".to_owned()));
    }
    match Settings::from_value(&document.value) {
        Ok(settings) => Ok(Judge::new(document.value.clone(), settings)),
        Err(fault) => Err(error(document.position(&fault.path.to_pointer()), fault.to_string())),
    }
}
