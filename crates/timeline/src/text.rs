//! The timeline as text, for a terminal of 80 columns.

use sidecar_startup::startup::sequence::Gate;
use sidecar_startup::{Action, Lane, Moment, Timeline};

use crate::scale::Scale;
use crate::words;

/// The characters to draw with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Lines and symbols of Unicode.
    Unicode,
    /// ASCII only.
    Ascii,
}

const WIDTH: usize = 80;
const NAME: usize = 20;
const KIND: usize = 8;
const GATE: usize = 13;
/// Names, kinds and gates are separated from the axis by one space each.
const AXIS: usize = WIDTH - NAME - KIND - GATE - 3;

struct Symbols {
    /// It may have started.
    may_start: char,
    /// It has started, and its gate may be closed.
    closed: char,
    /// Its gate opens, at the latest.
    gate: char,
    /// Its gate is open, and it keeps running.
    runs: char,
    /// Its gate opens, and begins a new phase.
    phase: char,
    /// It never happens.
    never: char,
    ellipsis: char,
}

impl Charset {
    const fn symbols(self) -> Symbols {
        match self {
            Self::Unicode => Symbols {
                may_start: '┄',
                closed: '━',
                gate: '◆',
                runs: '─',
                phase: '▶',
                never: '✗',
                ellipsis: '…',
            },
            Self::Ascii => Symbols {
                may_start: '.',
                closed: '=',
                gate: '*',
                runs: '-',
                phase: '>',
                never: 'x',
                ellipsis: '~',
            },
        }
    }
}

/// Draws a timeline in at most 80 columns: the axis, a lane for each container, and each lane and problem in words. Lines of words are
/// wrapped.
#[must_use]
pub fn text(timeline: &Timeline, charset: Charset) -> String {
    let symbols = charset.symbols();
    let scale = Scale::of(timeline);
    let mut text = axis(&scale);
    for lane in &timeline.lanes {
        let name = words::shortened(&lane.name, NAME, symbols.ellipsis);
        let kind = words::kind(lane.kind).split(' ').next().unwrap_or_default();
        let bar: String = bar(lane, &scale, &symbols).into_iter().collect();
        let gate = if lane.holds.is_empty() { None } else { words::gate(lane.gate) }.unwrap_or_default();
        text += format!("{name:<NAME$} {kind:<KIND$} {bar} {gate}").trim_end();
        text.push('\n');
    }
    text.push('\n');
    for lane in &timeline.lanes {
        wrap(&mut text, &format!("{} {}", lane.name.escape_debug(), words::lane(timeline, lane)), "  ");
    }
    if !timeline.problems.is_empty() {
        text.push('\n');
    }
    for problem in &timeline.problems {
        let word = if problem.action == Action::Deny { "error" } else { "warning" };
        wrap(&mut text, &format!("{word}: {}: {} ({})", problem.path, problem.text, problem.rule), "  ");
    }
    text
}

/// The labels of the axis, each starting at its place; one at the end of the axis ends there.
fn axis(scale: &Scale) -> String {
    let mut line = vec![' '; NAME + KIND + 2];
    for (tick, place) in scale.ticks(8.0 / as_f64(AXIS)) {
        let start = NAME + KIND + 2 + column(place).min(AXIS.saturating_sub(tick.len()));
        line.resize(line.len().max(start), ' ');
        line.truncate(start);
        line.extend(tick.chars());
    }
    let line: String = line.into_iter().collect();
    format!("{}\n", line.trim_end())
}

/// The bar of a lane, exactly as wide as the axis.
fn bar(lane: &Lane, scale: &Scale, symbols: &Symbols) -> Vec<char> {
    let columns = |moment: Moment| {
        let (earliest, latest) = scale.places(moment);
        (column(earliest), column(latest))
    };
    let mut bar = vec![' '; AXIS];
    let Some(starts) = lane.starts else {
        put(&mut bar, 0, symbols.never);
        return bar;
    };
    let (from, to) = columns(starts);
    fill(&mut bar, from, to, symbols.may_start);
    let Some(opens) = lane.opens else {
        fill(&mut bar, to, AXIS, symbols.closed);
        put(&mut bar, AXIS - 1, symbols.never);
        return bar;
    };
    let (_, gate) = columns(opens);
    fill(&mut bar, to, gate, symbols.closed);
    if lane.gate != Gate::Exited {
        fill(&mut bar, gate, AXIS, symbols.runs);
    }
    if opens.phase != starts.phase {
        put(&mut bar, gate.saturating_sub(1), symbols.phase);
    } else if !lane.holds.is_empty() && words::gate(lane.gate).is_some() {
        put(&mut bar, gate, symbols.gate);
    }
    bar
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and the width of the axis"
)]
fn column(place: f64) -> usize {
    (place * as_f64(AXIS - 1)).round() as usize
}

#[expect(clippy::cast_precision_loss, reason = "a number of columns")]
const fn as_f64(columns: usize) -> f64 {
    columns as f64
}

fn fill(bar: &mut [char], from: usize, to: usize, symbol: char) {
    bar.iter_mut().take(to).skip(from).for_each(|cell| *cell = symbol);
}

fn put(bar: &mut [char], at: usize, symbol: char) {
    if let Some(cell) = bar.get_mut(at) {
        *cell = symbol;
    }
}

/// Adds a paragraph of at most 80 columns, whose further lines are indented.
fn wrap(text: &mut String, paragraph: &str, indent: &str) {
    let options = textwrap::Options::new(WIDTH).subsequent_indent(indent).break_words(false);
    *text += &textwrap::fill(paragraph, options);
    text.push('\n');
}
