//! Finds text that is nested so deeply that reading it as a tree would overflow the stack.

use saphyr_parser::{Event, Parser};

use crate::position::{Error, MAX_DEPTH, error_at};

/// The error for a text that is nested too deeply.
///
/// In block style, two levels (a list in a field) take two columns at least, so only a text with a line that begins further to the right
/// is looked at closely. In flow style, the parser has a limit of its own.
pub(crate) fn too_deep(text: &str) -> Option<Error> {
    let start = |line: &str| line.bytes().take_while(|byte| b" -?:".contains(byte)).count();
    if text.lines().all(|line| start(line) < MAX_DEPTH / 2) {
        return None;
    }
    let mut depth = 0_usize;
    for event in Parser::new_from_str(text) {
        // The tree is read next, and finds the same error.
        let Ok((event, span)) = event else { return None };
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
            Event::SequenceEnd | Event::MappingEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
        if MAX_DEPTH < depth {
            return Some(error_at(span.start, "nested too deeply"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn every_style_has_a_limit() {
        let maps: String = (0..10_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        let lists = format!("{}x\n", "- ".repeat(10_000));
        let both: String = (0..10_000).map(|level| format!("{0}- a:\n", " ".repeat(2 * level))).collect();
        for text in [maps, lists, both, "[".repeat(100_000), "{a: ".repeat(10_000)] {
            let error = parse(&text).unwrap_err();
            assert!(error.position.line <= 200, "{error}");
        }
    }

    #[test]
    fn what_is_far_to_the_right_may_be_flat() {
        let text = format!("a:\n{}b: |\n{}c\n", " ".repeat(70), " ".repeat(200));
        assert!(parse(&text).is_ok());
    }
}
