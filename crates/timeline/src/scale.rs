//! The time axis: it has to stay readable whether a Pod starts within a second or an hour.

use sidecar_startup::{Moment, Timeline};

use crate::words::time;

/// A time axis with one section for each phase of a timeline. The scale of a section is logarithmic, so that the first seconds and the
/// last minutes are both visible.
#[derive(Debug, Clone)]
pub struct Scale {
    sections: Vec<Section>,
}

#[derive(Debug, Clone, Copy)]
struct Section {
    /// The time at its end, in seconds since its phase began.
    end: u64,
    /// Where it begins on the axis, from 0 to 1.
    from: f64,
    /// How much of the axis it takes.
    width: f64,
}

/// Times that are easy to read, in seconds.
const TICKS: [u64; 18] =
    [0, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 18_000, 43_200, 86_400];

/// The shortest section, in seconds: what takes no time needs some room, too.
const SHORTEST: u64 = 2;

impl Scale {
    /// An axis that shows all times of a timeline.
    #[must_use]
    pub fn of(timeline: &Timeline) -> Self {
        let rounded = |end: u64| TICKS.into_iter().find(|tick| end <= *tick).unwrap_or(end).max(SHORTEST);
        let ends: Vec<_> = timeline.lengths().into_iter().map(rounded).collect();
        let all: f64 = ends.iter().map(|end| log(*end)).sum();
        let mut from = 0.0;
        let section = |end: u64| {
            let section = Section { end, from, width: log(end) / all };
            from += section.width;
            section
        };
        Self { sections: ends.into_iter().map(section).collect() }
    }

    /// Where the earliest and the latest time of a moment are, from 0 at the start of the axis to 1 at its end.
    #[must_use]
    pub fn places(&self, moment: Moment) -> (f64, f64) {
        let place = |seconds| self.sections.get(moment.phase).map_or(1.0, |section| section.place(seconds));
        (place(moment.earliest), place(moment.latest))
    }

    /// The times to label and where they are, at least `gap` of the axis apart. The start of each phase is among them; what is labelled
    /// after the first counts from there, so its label begins with a plus sign.
    pub(crate) fn ticks(&self, gap: f64) -> Vec<(String, f64)> {
        let mut ticks = Vec::new();
        for (phase, section) in self.sections.iter().enumerate() {
            let sign = if phase == 0 { "" } else { "+" };
            let label = |seconds| format!("{sign}{}", time(seconds));
            let end = section.from + section.width;
            let mut last = section.from;
            ticks.push((label(0), last));
            for tick in TICKS.into_iter().filter(|tick| *tick <= section.end) {
                let place = section.place(tick);
                if gap <= place - last && (gap <= end - place || tick == section.end && 1.0 <= end + 1e-9) {
                    ticks.push((label(tick), place));
                    last = place;
                }
            }
        }
        ticks
    }
}

impl Section {
    fn place(self, seconds: u64) -> f64 {
        (self.from + self.width * log(seconds.min(self.end)) / log(self.end)).clamp(0.0, 1.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "no picture is that exact")]
fn log(seconds: u64) -> f64 {
    (1.0 + seconds as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(lengths: &[u64]) -> Scale {
        let lanes = lengths.iter().enumerate().map(|(phase, length)| sidecar_startup::Lane {
            name: String::new(),
            kind: sidecar_startup::LaneKind::AppContainer,
            waits_for: None,
            starts: Some(Moment { phase, earliest: 0, latest: *length }),
            gate: sidecar_startup::startup::sequence::Gate::Started,
            opens: None,
            holds: Vec::new(),
        });
        Scale::of(&Timeline {
            template: String::new(),
            phases: (1..lengths.len()).collect(),
            lanes: lanes.collect(),
            unmet: Vec::new(),
            problems: Vec::new(),
        })
    }

    #[test]
    fn an_axis_is_labelled_from_a_second_to_a_day() {
        for end in [0, 10, 60, 600, 3_600, 86_400, 1_000_000] {
            let ticks = scale(&[end]).ticks(0.12);
            assert!((2..=9).contains(&ticks.len()), "{end}: {ticks:?}");
            let close = ticks.windows(2).find(|pair| matches!(pair, [a, b] if b.1 - a.1 < 0.12));
            assert!(close.is_none(), "{end}: {close:?}");
        }
    }

    #[test]
    fn phases_follow_one_another() {
        let scale = scale(&[0, 600, 30]);
        let at = |phase, seconds| scale.places(Moment { phase, earliest: seconds, latest: u64::MAX });
        let same = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(same(at(0, 0).0, 0.0));
        assert!(same(at(0, 0).1, at(1, 0).0));
        assert!(same(at(1, 0).1, at(2, 0).0));
        assert!(same(at(2, 0).1, 1.0));
        assert!(at(1, 10).0 < at(1, 100).0);
    }
}
