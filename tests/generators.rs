//! Inputs that nobody has thought of, put together at random.

pub mod payloads;
pub mod pods;
