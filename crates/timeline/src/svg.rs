//! The timeline as an SVG image: light and dark, with titles for screen readers, and with the fonts that the reader has.

use sidecar_startup::startup::sequence::Gate;
use sidecar_startup::{Action, Lane, LaneKind, Moment, Problem, Timeline};
use svg::Document;
use svg::node::element::{Group, Line, Path, Rectangle, Style, Text, Title};

use crate::scale::Scale;
use crate::words;

const WIDTH: f64 = 960.0;
/// Where the axis begins, in pixels from the left.
pub const LEFT: f64 = 230.0;
/// Where the axis ends, in pixels from the left.
pub const RIGHT: f64 = 930.0;
const TOP: f64 = 64.0;
const ROW: f64 = 44.0;
const BAR: f64 = 16.0;
const LINE: f64 = 20.0;
/// The width of a name and of a problem, in characters.
const NAME: usize = 26;
const PROBLEM: usize = 120;

const LEGEND: &str = "pale: may have started · ◇ gate opens by then · dashed: only delayed";

const STYLE: &str = "\
svg{--ink:#1f2328;--soft:#59636e;--rule:#d1d9e0;--paper:#fff;--init:#8250df;--sidecar:#0969da;--classic:#bc4c00;--app:#1a7f37;\
--error:#cf222e;--warning:#9a6700;font:14px system-ui,sans-serif}\
@media(prefers-color-scheme:dark){svg{--ink:#f0f6fc;--soft:#9198a1;--rule:#3d444d;--paper:#0d1117;--init:#ab7df8;--sidecar:#4493f8;\
--classic:#f0883e;--app:#3fb950;--error:#f85149;--warning:#d29922}}\
.paper{fill:var(--paper)}text{fill:var(--ink)}.soft{fill:var(--soft);font-size:12px}.rule{stroke:var(--rule)}\
.init{fill:var(--init)}.sidecar{fill:var(--sidecar)}.classic{fill:var(--classic)}.app{fill:var(--app)}.may{opacity:.25}.runs{opacity:.55}\
.gate{fill:var(--paper);stroke:var(--ink);stroke-width:2}.wait{fill:none;stroke:var(--soft);stroke-width:1.5}.unsure{stroke-dasharray:4 4}\
.need{fill:none;stroke:var(--error);stroke-width:1.5;stroke-dasharray:2 3}.error{fill:var(--error)}.warning{fill:var(--warning)}\
.never{stroke:var(--error);stroke-width:2.5;fill:none}";

/// Draws a timeline under a title, such as the kind and the name of the object.
#[must_use]
pub fn svg(title: &str, timeline: &Timeline) -> String {
    let scale = Scale::of(timeline);
    let lanes = Picture { timeline, scale: &scale };
    let bottom = top(timeline.lanes.len());
    let problems: Vec<_> = timeline.problems.iter().flat_map(lines).collect();
    let height = bottom + 24.0 + LINE * as_f64(problems.len());
    let mut document = Document::new()
        .set("viewBox", format!("0 0 {WIDTH} {height}"))
        .set("width", WIDTH)
        .set("height", height)
        .set("role", "img")
        .set("aria-labelledby", "timeline-title timeline-description")
        .add(Title::new(title).set("id", "timeline-title"))
        .add(description(timeline))
        .add(Style::new(STYLE))
        .add(Rectangle::new().set("class", "paper").set("width", WIDTH).set("height", height))
        .add(label(title, 20.0, 28.0, "title").set("font-weight", 600))
        .add(label(LEGEND, RIGHT, 28.0, "soft").set("text-anchor", "end"));
    for (tick, place) in scale.ticks(0.09) {
        let x = on_axis(place);
        document = document
            .add(line("rule", (x, TOP - 12.0), (x, bottom)))
            .add(label(&tick, x, TOP - 18.0, "soft tick").set("text-anchor", "middle"));
    }
    for position in 0..timeline.lanes.len() {
        document = document.add(lanes.lane(position));
    }
    for (position, (class, text)) in problems.iter().enumerate() {
        document = document.add(label(text, 20.0, bottom + 24.0 + LINE * as_f64(position), class));
    }
    document.to_string()
}

/// A problem, on as many lines as it takes.
fn lines(problem: &Problem) -> Vec<(&'static str, String)> {
    let text = format!("{}: {} ({})", problem.path, problem.text, problem.rule);
    let lines = textwrap::wrap(&text, PROBLEM).into_iter();
    lines.map(|line| (class_of(problem.action), line.into_owned())).collect()
}

const fn class_of(action: Action) -> &'static str {
    match action {
        Action::Deny => "error",
        Action::Warn | Action::Ignore => "warning",
    }
}

/// The whole timeline in words.
fn description(timeline: &Timeline) -> svg::node::element::Description {
    let lanes = timeline.lanes.iter().map(|lane| format!("{} {}.", lane.name, words::lane(timeline, lane)));
    svg::node::element::Description::new()
        .set("id", "timeline-description")
        .add(svg::node::Text::new(lanes.collect::<Vec<_>>().join(" ")))
}

struct Picture<'t> {
    timeline: &'t Timeline,
    scale: &'t Scale,
}

impl Picture<'_> {
    /// The class of the name of a lane, by the worst that is reported about it.
    fn mark(&self, position: usize) -> &'static str {
        let problems = self.timeline.problems.iter().filter(|problem| problem.lane == Some(position));
        problems.map(|problem| problem.action).max().map_or("name", class_of)
    }

    /// A lane with its bar, its gate, and the waits and needs that lead away from it.
    fn lane(&self, position: usize) -> Group {
        let Some(lane) = self.timeline.lanes.get(position) else { return Group::new() };
        let middle = middle(position);
        let mut group = Group::new()
            .set("class", "lane")
            .add(Title::new(format!("{} {}", lane.name, words::lane(self.timeline, lane))))
            .add(label(&words::shortened(&lane.name, NAME, '…'), 20.0, middle - 2.0, self.mark(position)))
            .add(label(words::kind(lane.kind), 20.0, middle + 14.0, "soft"));
        group = self.bar(group, lane, middle);
        if let Some(wait) = lane.waits_for {
            group = group.add(self.wait(wait.lane, position, lane, wait.is_hard));
        }
        for unmet in self.timeline.unmet.iter().filter(|unmet| unmet.lane == position) {
            group = group.add(need(position, unmet.provider, &unmet.reason));
        }
        group
    }

    fn bar(&self, group: Group, lane: &Lane, middle: f64) -> Group {
        let class = class(lane.kind);
        let Some(starts) = lane.starts else {
            return group.add(never(LEFT, middle)).add(label(
                "never starts",
                LEFT + 16.0,
                middle + 5.0,
                "error",
            ));
        };
        let (may, must) = self.places(starts);
        let group = group.add(bar(&format!("{class} may"), may, must, middle));
        let Some(opens) = lane.opens else {
            return group.add(bar(class, must, RIGHT, middle)).add(never(RIGHT, middle));
        };
        let (_, gate) = self.places(opens);
        let group = group.add(bar(class, must, gate.max(must + 3.0), middle));
        let runs_on = lane.gate != Gate::Exited;
        let group =
            if runs_on { group.add(bar(&format!("{class} runs"), gate, RIGHT, middle)) } else { group };
        match words::gate(lane.gate).filter(|_| !lane.holds.is_empty()) {
            Some(name) => group.add(diamond(gate, middle).add(Title::new(format!("gate: {name}")))),
            None => group,
        }
    }

    /// The line from the gate of a lane down to the start of one that waits for it.
    fn wait(&self, from: usize, to: usize, lane: &Lane, is_hard: bool) -> Path {
        let x = lane.starts.map_or(LEFT, |starts| self.places(starts).1);
        let class = if is_hard { "wait" } else { "wait unsure" };
        path(class, (x, middle(from) + BAR / 2.0), (x, middle(to) - BAR / 2.0))
    }

    /// Where something happens, at the earliest and at the latest.
    fn places(&self, moment: Moment) -> (f64, f64) {
        let (earliest, latest) = self.scale.places(moment);
        (on_axis(earliest), on_axis(latest))
    }
}

/// The line from a lane to the one that it needs, which starts too late.
fn need(lane: usize, provider: Option<usize>, reason: &str) -> Group {
    let group = Group::new().add(Title::new(reason.to_owned()));
    let Some(provider) = provider else { return group };
    let x = RIGHT + 12.0;
    group.add(path("need", (x, middle(lane)), (x, middle(provider))))
}

/// The upper edge of a lane.
fn top(position: usize) -> f64 {
    TOP + ROW * as_f64(position)
}

/// The middle of the bar of a lane.
fn middle(position: usize) -> f64 {
    top(position) + ROW / 2.0
}

/// The pixel at a place of the axis. Whole pixels keep lines sharp, and the text of the image stable.
fn on_axis(place: f64) -> f64 {
    (LEFT + (RIGHT - LEFT) * place).round()
}

const fn class(kind: LaneKind) -> &'static str {
    match kind {
        LaneKind::InitContainer => "init",
        LaneKind::SidecarContainer => "sidecar",
        LaneKind::ClassicSidecar => "classic",
        LaneKind::AppContainer => "app",
    }
}

fn label(text: &str, x: f64, y: f64, class: &str) -> Text {
    Text::new(text).set("class", class).set("x", x).set("y", y)
}

fn bar(class: &str, from: f64, to: f64, middle: f64) -> Rectangle {
    let width = (to - from).max(0.0);
    Rectangle::new()
        .set("class", class)
        .set("x", from)
        .set("y", middle - BAR / 2.0)
        .set("width", width)
        .set("height", BAR)
        .set("rx", 3)
}

fn diamond(x: f64, y: f64) -> Path {
    let d = format!("M{x} {}L{} {y}L{x} {}L{} {y}Z", y - 8.0, x + 8.0, y + 8.0, x - 8.0);
    Path::new().set("class", "gate").set("d", d)
}

/// A cross where something never happens.
fn never(x: f64, y: f64) -> Path {
    let (left, right, top, bottom) = (x - 6.0, x + 6.0, y - 6.0, y + 6.0);
    Path::new()
        .set("class", "never")
        .set("d", format!("M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}"))
}

fn line(class: &str, from: (f64, f64), to: (f64, f64)) -> Line {
    Line::new().set("class", class).set("x1", from.0).set("y1", from.1).set("x2", to.0).set("y2", to.1)
}

fn path(class: &str, from: (f64, f64), to: (f64, f64)) -> Path {
    Path::new().set("class", class).set("d", format!("M{} {}L{} {}", from.0, from.1, to.0, to.1))
}

#[expect(clippy::cast_precision_loss, reason = "a number of lanes")]
const fn as_f64(lanes: usize) -> f64 {
    lanes as f64
}
