//! Times, containers and waits in words.

use sidecar_startup::startup::sequence::Gate;
use sidecar_startup::{Lane, LaneKind, Moment, Timeline};

/// A time in seconds: `90 s`, `5 min`, `1 h`.
pub(crate) fn time(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        _ if seconds.is_multiple_of(3_600) => format!("{} h", seconds / 3_600),
        _ if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..600 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// What a container is, in one word or two.
pub(crate) const fn kind(kind: LaneKind) -> &'static str {
    match kind {
        LaneKind::InitContainer => "init",
        LaneKind::SidecarContainer => "sidecar",
        LaneKind::ClassicSidecar => "classic sidecar",
        LaneKind::AppContainer => "app",
    }
}

/// What later containers wait for, where that is more than its start.
pub(crate) const fn gate(gate: Gate) -> Option<&'static str> {
    match gate {
        Gate::Exited => Some("exit 0"),
        Gate::Started => None,
        Gate::PostStart => Some("postStart"),
        Gate::StartupProbe => Some("startupProbe"),
    }
}

/// What happens in a lane, as text to follow its name.
pub(crate) fn lane(timeline: &Timeline, lane: &Lane) -> String {
    let name = |position: usize| timeline.lanes.get(position).map_or("", |lane| lane.name.as_str());
    let gate_of = |position: usize| timeline.lanes.get(position).map(|lane| lane.gate);
    let starts = match (lane.waits_for, lane.starts) {
        (None, _) => "starts at once".to_owned(),
        (Some(wait), None) => format!("never starts, since it waits for {}", name(wait.lane)),
        (Some(wait), Some(_)) if gate_of(wait.lane) == Some(Gate::Started) => {
            format!("starts once {} has been started, ready or not", name(wait.lane))
        }
        (Some(wait), Some(starts)) if wait.is_hard => {
            format!("waits for {} and starts {}", name(wait.lane), when(timeline, starts))
        }
        (Some(wait), Some(_)) => {
            format!("starts once the postStart hook of {} has returned, even if it failed", name(wait.lane))
        }
    };
    let held: Vec<_> = lane.holds.iter().map(|held| name(*held)).collect();
    let gate = match (lane.gate, held.as_slice(), lane.starts) {
        (_, [], _) | (_, _, None) => return starts,
        (Gate::Started, ..) => return format!("{starts}; nothing holds back {}", list(&held)),
        (Gate::Exited, ..) => "it has to exit with 0",
        (Gate::PostStart, ..) => "its postStart hook has to return",
        (Gate::StartupProbe, ..) => "its startupProbe has to succeed",
    };
    let before = format!("{starts}; {gate} before {}", list(&held));
    match lane.opens {
        None => format!("{before}, which never happens"),
        Some(opens) if opens.phase == lane.starts.map_or(0, |starts| starts.phase) => {
            format!("{before}, {}", when(timeline, opens))
        }
        Some(_) => before,
    }
}

/// When something happens.
fn when(timeline: &Timeline, moment: Moment) -> String {
    let Moment { phase, earliest, latest } = moment;
    let begins = phase.checked_sub(1).and_then(|before| timeline.phases.get(before));
    let begins = begins.and_then(|lane| timeline.lanes.get(*lane)).map(|lane| {
        let what = if lane.gate == Gate::Exited { "exits" } else { "lets others start" };
        format!("{} {what}", lane.name)
    });
    let span =
        if earliest == latest { time(earliest) } else { format!("{} to {}", time(earliest), time(latest)) };
    match begins {
        None if latest == 0 => "at once".to_owned(),
        None => format!("after {span}"),
        Some(begins) if latest == 0 => format!("as soon as {begins}"),
        Some(begins) => format!("{span} after {begins}"),
    }
}

/// Names in a list: `a, b and c`.
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}

/// A name of at most `width` characters.
pub(crate) fn shortened(name: &str, width: usize, ellipsis: char) -> String {
    let name = name.escape_debug().to_string();
    if name.chars().count() <= width {
        return name;
    }
    name.chars().take(width - 1).chain([ellipsis]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let said: Vec<_> = [0, 59, 60, 90, 600, 601, 3_600, 86_400].map(time).into();
        assert_eq!(said, ["0 s", "59 s", "1 min", "90 s", "10 min", "10 min 1 s", "1 h", "24 h"]);
    }
}
