//! Draws when the containers of a Pod start. [`sidecar_startup::Timeline`] is the model; this crate renders it as [text](text()) for a
//! terminal and as an [SVG image](svg()). Its JSON form is the model itself.

mod scale;
mod svg;
mod text;
mod words;

pub use self::scale::Scale;
pub use self::svg::{LEFT, RIGHT, svg};
pub use self::text::{Charset, text};
