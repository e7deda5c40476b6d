//! Versions of image tags and kubelets.

/// A version: its numbers and the prefix before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version<'t> {
    /// The text before the numbers, such as `stable-` in `stable-2.14.0`; empty for `v`.
    pub(crate) prefix: &'t str,
    /// The numbers, without trailing zeros, so that `1` equals `1.0`.
    numbers: Vec<u32>,
    /// The count of numbers in the text, including trailing zeros.
    pub(crate) length: usize,
}

impl<'t> Version<'t> {
    /// Parses a version. Anything after the numbers is ignored, as in `v1.28.5+k3s1` or `1.6-distroless`. If there are no numbers,
    /// `length` is 0.
    pub(crate) fn parse(text: &'t str) -> Self {
        let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
        let (prefix, rest) = text.split_at(start);
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let mut numbers: Vec<u32> =
            rest.split_at(end).0.split('.').map_while(|number| number.parse().ok()).collect();
        let length = numbers.len();
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        Self { prefix: if prefix == "v" { "" } else { prefix }, numbers, length }
    }

    /// Whether its numbers are at least `numbers`, whatever the prefix.
    pub(crate) fn is_at_least(&self, numbers: &[u32]) -> bool {
        numbers <= self.numbers.as_slice()
    }

    /// Whether it has the same prefix as `other` and is the same version or a later one.
    pub(crate) fn continues(&self, other: &Self) -> bool {
        self.prefix == other.prefix && self.length != 0 && other.numbers <= self.numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (tag, minimum, expected) in [
            ("1.20.0", "1.6", true),
            ("1.6", "1.6", true),
            ("1.6-distroless", "1.6.0", true),
            ("1.5.9", "1.6", false),
            ("v2.8.0", "2.8.0", true),
            ("stable-2.14.0", "stable-2.14.0", true),
            ("edge-23.6.3", "stable-2.14.0", false),
            ("2.14.0", "stable-2.14.0", false),
            ("latest", "1.6", false),
            ("", "1.6", false),
            ("1", "1.0.0", true),
            ("99999999999999.1", "1.0", false),
        ] {
            assert_eq!(Version::parse(tag).continues(&Version::parse(minimum)), expected, "{tag} {minimum}");
        }
    }
}
