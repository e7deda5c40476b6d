//! The start-up graph: who waits for whom, and who needs whom.
//!
//! A member is a container of the Pod, or one that an injector will add. It has three events: it is *started*, its *gate* opens, and it
//! is *up*. An event happens once all events that it waits for have happened and all its needs are met; a need is met as soon as one of
//! its providers is up. If an event never happens, there is a deadlock: a need that nobody can meet, or a circle of waits and needs. The
//! graph finds the shortest circles first and can put them into words.
//!
//! The graph knows nothing about Kubernetes: `lineup.rs` says who the members are and in which order they start, and `needs/` who needs
//! whom.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

/// A member of the graph, by its position.
pub(crate) type Member = usize;

/// Something that happens to a member during start-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// Its process has been started.
    Started(Member),
    /// It no longer holds back the next member.
    Gate(Member),
    /// It does its work, and others can rely on it.
    Up(Member),
}

impl Event {
    const fn index(self) -> usize {
        match self {
            Self::Started(member) => 3 * member,
            Self::Gate(member) => 3 * member + 1,
            Self::Up(member) => 3 * member + 2,
        }
    }

    const fn at(index: usize) -> Self {
        let member = index / 3;
        match index % 3 {
            0 => Self::Started(member),
            1 => Self::Gate(member),
            _ => Self::Up(member),
        }
    }

    /// The member that it happens to.
    pub(crate) const fn member_of(self) -> Member {
        match self {
            Self::Started(member) | Self::Gate(member) | Self::Up(member) => member,
        }
    }
}

/// How certain a need is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    /// Something suggests it, but does not prove it.
    Possible,
    /// The object or a sourced fact proves it.
    Proven,
}

/// What a need is about. With the member's name, it identifies a need across two revisions of a Pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    /// A port of the Pod.
    Port(i32),
    /// A file in a volume, or below a path that an injector mounts.
    Volume(String),
    /// Network access.
    Network,
    /// A fact about a product, or a gate that can only fail.
    Product,
}

/// Something that an event needs.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    /// The event that needs it: a member's gate, or its being up.
    pub(crate) of: Event,
    /// The members that can meet it; one is enough. Empty if nobody can.
    pub(crate) providers: Vec<Member>,
    /// How certain it is.
    pub(crate) certainty: Certainty,
    /// What it is about.
    pub(crate) topic: Topic,
    /// The path, within the container, of the field that shows the need; empty for the container as a whole.
    pub(crate) field: &'static [&'static str],
    /// What the member does, as text to follow its name: `asks for port 8080 of "shop"`. If nobody can meet the need, what is wrong.
    pub(crate) reason: String,
}

impl Need {
    /// The member that has it.
    pub(crate) const fn member(&self) -> Member {
        self.of.member_of()
    }
}

/// A start-up graph.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// The names of the members, as they appear in messages.
    names: Vec<String>,
    /// What each event waits for.
    waits: Vec<Vec<Event>>,
    needs: Vec<Need>,
}

/// A need that is never met.
#[derive(Debug)]
pub(crate) struct Deadlock<'g> {
    graph: &'g Graph,
    /// The needs along the circle, the one that closes it first; or one need that nobody can meet.
    pub(crate) needs: Vec<&'g Need>,
    /// The events along the circle, the one whose need closes it last.
    passes: Vec<Event>,
}

impl Graph {
    /// A graph of members with these names, in start order. The start of each waits for the gate of the nearest earlier member whose
    /// `holds` is true.
    pub(crate) fn new(names: Vec<String>, holds: &[bool]) -> Self {
        let mut waits = vec![Vec::new(); 3 * names.len()];
        let mut holder: Option<Member> = None;
        for member in 0..names.len() {
            if let (Some(of_started), Some(holder)) = (waits.get_mut(Event::Started(member).index()), holder)
            {
                of_started.push(Event::Gate(holder));
            }
            for event in [Event::Gate(member), Event::Up(member)] {
                if let Some(of_event) = waits.get_mut(event.index()) {
                    of_event.push(Event::Started(member));
                }
            }
            if holds.get(member) == Some(&true) {
                holder = Some(member);
            }
        }
        Self { names, waits, needs: Vec::new() }
    }

    /// Makes an event wait for another one.
    pub(crate) fn wait(&mut self, event: Event, other: Event) {
        if let Some(of_event) = self.waits.get_mut(event.index()) {
            of_event.push(other);
        }
    }

    /// Adds needs.
    pub(crate) fn extend(&mut self, needs: impl IntoIterator<Item = Need>) {
        self.needs.extend(needs);
    }

    /// The needs that are never met: first those that nobody can meet, then circles, the shortest first. Only needs for which `counts`
    /// is true are considered.
    pub(crate) fn deadlocks(&self, counts: impl Fn(&Need) -> bool) -> Vec<Deadlock<'_>> {
        let (unmet, needs): (Vec<_>, Vec<_>) =
            self.needs.iter().filter(|need| counts(need)).partition(|need| need.providers.is_empty());
        let mut deadlocks: Vec<_> = unmet
            .into_iter()
            .map(|need| Deadlock { graph: self, needs: vec![need], passes: vec![need.of] })
            .collect();
        let happens = self.happening(&needs);
        let never: Vec<_> = needs.into_iter().filter(|need| !happens.contains(need.of)).collect();
        let mut circles: Vec<_> = never
            .iter()
            .filter_map(|need| {
                let (needs, passes) = self.circle(need, &never, &happens)?;
                Some(Deadlock { graph: self, needs, passes })
            })
            .collect();
        circles.sort_by_key(|circle| circle.needs.len());
        // Whoever breaks a circle also breaks the longer ones through the need that closes it.
        let mut told: BTreeSet<*const Need> = BTreeSet::new();
        for circle in circles {
            if !circle.needs.iter().any(|need| told.contains(&std::ptr::from_ref(*need))) {
                told.extend(circle.need().map(std::ptr::from_ref));
                deadlocks.push(circle);
            }
        }
        deadlocks
    }

    /// The events that happen if each of these needs must be met by one of its providers.
    fn happening(&self, needs: &[&Need]) -> Happening {
        let mut open: Vec<usize> = self.waits.iter().map(Vec::len).collect();
        let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); open.len()];
        for (event, waits) in self.waits.iter().enumerate() {
            for other in waits {
                push(&mut waiting, other.index(), event);
            }
        }
        let mut asking: Vec<Vec<usize>> = vec![Vec::new(); open.len()];
        for (number, need) in needs.iter().enumerate() {
            if let Some(open) = open.get_mut(need.of.index()) {
                *open += 1;
            }
            for provider in &need.providers {
                push(&mut asking, Event::Up(*provider).index(), number);
            }
        }
        let mut happens = vec![false; open.len()];
        let mut is_met = vec![false; needs.len()];
        let mut queue: VecDeque<usize> =
            (0..open.len()).filter(|event| open.get(*event) == Some(&0)).collect();
        while let Some(event) = queue.pop_front() {
            set(&mut happens, event);
            let mut after: Vec<usize> = waiting.get(event).cloned().unwrap_or_default();
            for number in asking.get(event).into_iter().flatten() {
                if !set(&mut is_met, *number)
                    && let Some(need) = needs.get(*number)
                {
                    after.push(need.of.index());
                }
            }
            for next in after {
                if let Some(open) = open.get_mut(next) {
                    *open -= 1;
                    if *open == 0 {
                        queue.push_back(next);
                    }
                }
            }
        }
        Happening(happens)
    }

    /// The needs and events of the circle with the fewest needs that a need closes, over events that never happen. None if the need is
    /// not part of a circle, but only waits for one.
    fn circle<'g>(
        &self,
        need: &'g Need,
        never: &[&'g Need],
        happens: &Happening,
    ) -> Option<(Vec<&'g Need>, Vec<Event>)> {
        let goal = need.of.index();
        let mut needs_of: Vec<Vec<usize>> = vec![Vec::new(); self.waits.len()];
        for (number, other) in never.iter().enumerate() {
            push(&mut needs_of, other.of.index(), number);
        }
        // How each event was reached: from which event, and by which need unless it was a wait.
        let mut came: Vec<Option<(usize, Option<usize>)>> = vec![None; self.waits.len()];
        let mut queue = VecDeque::new();
        let mut visit = |event: usize, from: (usize, Option<usize>), queue: &mut VecDeque<usize>| {
            if let Some(slot) = came.get_mut(event)
                && slot.is_none()
                && !happens.0.get(event).copied().unwrap_or(true)
            {
                *slot = Some(from);
                queue.push_back(event);
            }
        };
        // Waits are followed before needs, to find the circle with the fewest needs.
        let first = need.providers.iter().map(|provider| (Event::Up(*provider).index(), (goal, None)));
        let mut next: Vec<_> = first.collect();
        while !next.is_empty() {
            for (event, from) in std::mem::take(&mut next) {
                visit(event, from, &mut queue);
            }
            while let Some(event) = queue.pop_front() {
                for other in self.waits.get(event).into_iter().flatten() {
                    visit(other.index(), (event, None), &mut queue);
                }
                for number in needs_of.get(event).into_iter().flatten() {
                    let providers = never.get(*number).map(|need| need.providers.as_slice());
                    for provider in providers.unwrap_or_default() {
                        next.push((Event::Up(*provider).index(), (event, Some(*number))));
                    }
                }
            }
        }
        let (mut way, mut passes) = (Vec::new(), Vec::new());
        let mut at = goal;
        loop {
            let (from, by) = came.get(at).copied().flatten()?;
            way.extend(by.and_then(|number| never.get(number).copied()));
            passes.push(Event::at(at));
            if from == goal {
                way.push(need);
                way.reverse();
                passes.reverse();
                return Some((way, passes));
            }
            at = from;
        }
    }
}

/// The events that happen.
struct Happening(Vec<bool>);

impl Happening {
    fn contains(&self, event: Event) -> bool {
        self.0.get(event.index()).copied().unwrap_or(false)
    }
}

fn push(lists: &mut [Vec<usize>], list: usize, item: usize) {
    if let Some(list) = lists.get_mut(list) {
        list.push(item);
    }
}

/// Sets a flag. Returns whether it was set before.
fn set(flags: &mut [bool], flag: usize) -> bool {
    flags.get_mut(flag).is_none_or(|flag| std::mem::replace(flag, true))
}

impl<'g> Deadlock<'g> {
    /// The need that closes it.
    pub(crate) fn need(&self) -> Option<&'g Need> {
        self.needs.first().copied()
    }

    /// The events along it.
    pub(crate) fn events(&self) -> &[Event] {
        &self.passes
    }

    /// The deadlock in words: `it asks for port 8080 of "shop", which starts later`. `who` names the member whose need closes it, and
    /// `starts` says when the provider starts.
    pub(crate) fn describe(&self, who: &str, starts: &str) -> String {
        let name = |need: &Need| self.graph.names.get(need.member()).map_or("", String::as_str);
        match self.needs.as_slice() {
            [need] if need.providers.is_empty() => need.reason.clone(),
            needs => {
                let clauses = needs.iter().enumerate().map(|(position, need)| {
                    format!("{} {}", if position == 0 { who } else { name(need) }, need.reason)
                });
                format!("{}, which {starts}", clauses.collect::<Vec<_>>().join("; "))
            }
        }
    }
}

impl fmt::Display for Deadlock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe("it", "starts later"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(names: &[&str]) -> Graph {
        Graph::new(names.iter().map(|name| format!("{name:?}")).collect(), &vec![true; names.len()])
    }

    fn need(of: Event, providers: &[Member]) -> Need {
        let reason = match providers {
            [] => "asks nobody".to_owned(),
            [first, ..] => format!("asks {first}"),
        };
        Need {
            of,
            providers: providers.to_vec(),
            certainty: Certainty::Proven,
            topic: Topic::Network,
            field: &[],
            reason,
        }
    }

    fn said(graph: &Graph) -> Vec<String> {
        graph.deadlocks(|_| true).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn who_asks_an_earlier_member_is_answered() {
        let mut graph = graph(&["a", "b", "c"]);
        graph.extend([need(Event::Gate(2), &[0]), need(Event::Up(1), &[0])]);
        assert_eq!(said(&graph), [""; 0]);
    }

    #[test]
    fn a_gate_that_asks_a_later_member_is_a_circle() {
        let mut graph = graph(&["a", "b", "c"]);
        graph.extend([need(Event::Gate(0), &[2])]);
        assert_eq!(said(&graph), ["it asks 2, which starts later"]);
    }

    #[test]
    fn a_member_that_holds_nobody_may_ask_a_later_one() {
        let mut graph = Graph::new(vec!["a".to_owned(), "b".to_owned()], &[false, false]);
        graph.extend([need(Event::Gate(0), &[1])]);
        assert_eq!(said(&graph), [""; 0]);
    }

    #[test]
    fn one_provider_is_enough() {
        let mut graph = graph(&["a", "b", "c"]);
        graph.extend([need(Event::Gate(1), &[2, 0])]);
        assert_eq!(said(&graph), [""; 0]);
    }

    #[test]
    fn a_circle_may_have_several_needs_and_the_shortest_comes_first() {
        let mut graph = graph(&["a", "b", "c", "d"]);
        graph.wait(Event::Gate(0), Event::Up(0));
        graph.wait(Event::Gate(1), Event::Up(1));
        // b needs a, which starts earlier, but is only up once d is.
        graph.extend([need(Event::Up(0), &[3]), need(Event::Up(1), &[0])]);
        assert_eq!(said(&graph), ["it asks 3, which starts later"]);
        graph.extend([need(Event::Gate(1), &[1]), need(Event::Up(1), &[2])]);
        assert_eq!(said(&graph).first().map(String::as_str), Some("it asks 3, which starts later"));
        assert!(said(&graph).contains(&"it asks 2, which starts later".to_owned()));
    }

    #[test]
    fn what_nobody_meets_is_told_first_and_does_not_hide_the_rest() {
        let mut graph = graph(&["a", "b", "c"]);
        graph.extend([need(Event::Gate(1), &[2]), need(Event::Gate(0), &[])]);
        assert_eq!(said(&graph), ["asks nobody", "it asks 2, which starts later"]);
    }

    #[test]
    fn a_member_that_asks_itself_is_told_so() {
        let mut graph = graph(&["a"]);
        graph.extend([need(Event::Up(0), &[0])]);
        assert_eq!(said(&graph), ["it asks 0, which starts later"]);
    }

    #[test]
    fn a_circle_of_several_needs_names_who_is_in_it() {
        let mut graph = Graph::new(vec!["\"a\"".to_owned(), "\"b\"".to_owned()], &[true, true]);
        graph.extend([need(Event::Up(0), &[1]), need(Event::Up(1), &[0])]);
        assert_eq!(said(&graph), ["it asks 1; \"b\" asks 0, which starts later"]);
    }
}
