//! Processes: in a Pod with one process namespace, a gate may look for a process of another container.

use std::rc::Rc;

use super::expanded::expanded;
use crate::command::{base_name, is_shell, may_wait};
use crate::pod::container::Container;
use crate::startup::before::Before;
use crate::startup::graph::{Certainty, Event, Member, Need, Topic};
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

pub(super) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    if before.is_none() || !lineup.pod.spec().share_process_namespace {
        return Vec::new();
    }
    let Some((_, first)) = lineup.apps().next() else { return Vec::new() };
    let reason = format!("looks for a process, which may be one of {}", first.quoted());
    let providers: Rc<[Member]> = lineup.apps().map(|(member, _)| member).collect();
    let sidecars = lineup.members().filter(|(_, seat)| seat.is_init && !seat.is_task());
    let of_members = sidecars.flat_map(|(member, seat)| {
        looks_for_another(member, seat).map(|(of, field)| Need {
            of,
            providers: providers.clone(),
            certainty: Certainty::Possible,
            topic: Topic::Product,
            field,
            reason: reason.clone(),
        })
    });
    of_members.collect()
}

/// The events of a member that may wait for a process of another container, with the fields that show it.
fn looks_for_another(
    member: Member,
    seat: &Seat<'_>,
) -> impl Iterator<Item = (Event, &'static [&'static str])> {
    let container = seat.container();
    let probe = seat.startup_probe().and_then(|probe| probe.exec.as_ref());
    let hook = seat.hook().and_then(|hook| hook.exec.as_ref());
    let gates: [(_, &'static [&'static str]); 2] =
        [(probe, &["startupProbe"]), (hook, &["lifecycle", "postStart"])];
    let looks = move |words: Vec<&str>| container.is_some_and(|container| looks(container, words));
    let by_gate = gates.into_iter().filter_map(move |(exec, field)| {
        let words = exec?.command.iter().flatten().map(String::as_str).collect();
        looks(words).then_some((Event::Gate(member), field))
    });
    let main: Vec<&str> = container.map(|container| container.fields.words().collect()).unwrap_or_default();
    let by_main = container.filter(|_| may_wait(&main) && looks(main));
    by_gate.chain(by_main.map(|container| (Event::Up(member), container.fields.command_field())))
}

/// Whether a command of a container looks for a process that is not seen to be its own.
fn looks(container: &Container<'_>, words: Vec<&str>) -> bool {
    const LOOKERS: [&str; 5] = ["pgrep", "pidof", "pkill", "killall", "ps"];
    let is_separator = |c: char| c.is_whitespace() || ";&|()$`\"'".contains(c);
    let words = expanded(container.fields, words);
    let tokens: Vec<&str> =
        words.iter().flat_map(|word| word.split(is_separator)).filter(|token| !token.is_empty()).collect();
    let is_looker = |token: &str| LOOKERS.contains(&base_name(token)) || token.starts_with("/proc/");
    let first = container.fields.words().next().filter(|first| !is_shell(first));
    let program = first.map(base_name);
    let is_own = |token: &str| Some(token) == program || *token == *container.fields.name;
    tokens.iter().any(|token| is_looker(token)) && !tokens.iter().any(|token| is_own(token))
}
