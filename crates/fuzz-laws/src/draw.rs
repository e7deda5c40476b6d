//! Choices, made by the bytes of a fuzzer. Where the bytes end, each choice is the first one.

use arbitrary::Unstructured;
use serde_json::Value;

/// Choices, made by bytes.
pub(crate) struct Draw<'b>(Unstructured<'b>);

impl<'b> Draw<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    /// A number below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0.int_in_range(0..=limit.saturating_sub(1)).unwrap_or_default()
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) + 1 == times
    }

    pub(crate) fn one_of<T: Copy + Default>(&mut self, choices: &[T]) -> T {
        let choice = self.below(choices.len());
        choices.get(choice).copied().unwrap_or_default()
    }

    /// One of several JSON texts, read.
    pub(crate) fn json(&mut self, choices: &[&str]) -> Value {
        let text = self.one_of(choices);
        serde_json::from_str(text).unwrap_or_else(|error| unreachable!("{error}: {text}"))
    }

    /// A few of them, in their order.
    pub(crate) fn some<T: Copy>(&mut self, choices: &[T], times: usize) -> Vec<T> {
        choices.iter().copied().filter(|_| self.once_in(times)).collect()
    }
}
