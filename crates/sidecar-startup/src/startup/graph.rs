//! The start-up graph: who waits for whom, and who needs whom.
//!
//! Each member, that is each container and each that an injector will add, has three events: it is *started*, its *gate* opens, and it
//! is *up*. An event waits for all events that it depends on; a need is met as soon as one of its providers is up. What never happens
//! then is a deadlock, and the graph says why: a need that nobody meets, or a circle of waits and needs, shortest first.
//!
//! The graph knows nothing of Kubernetes. `lineup.rs` says who is in it and in which order they start, and the files of `needs/` say who
//! needs whom.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

/// A member of the graph, by its position.
pub(crate) type Member = usize;

/// What happens to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// Its process is started.
    Started(Member),
    /// What holds back the next member is over.
    Gate(Member),
    /// It does its work.
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

    /// Whose it is.
    pub(crate) const fn member_of(self) -> Member {
        match self {
            Self::Started(member) | Self::Gate(member) | Self::Up(member) => member,
        }
    }
}

/// How sure a need is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    /// It may be so.
    Possible,
    /// The object or a sourced fact proves it.
    Proven,
}

/// What a need is about. It tells the same need apart from others in two revisions of a Pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    /// A port of the Pod.
    Port(i32),
    /// A file in a volume, or in what an injector mounts.
    Volume(String),
    /// A network.
    Network,
    /// Something that a product does only then.
    Product,
}

/// Something that an event needs.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    /// What needs it: the gate of a member, or its being up.
    pub(crate) of: Event,
    /// Who meets it, any of them; nobody where the list is empty.
    pub(crate) providers: Vec<Member>,
    /// How sure it is.
    pub(crate) certainty: Certainty,
    /// What it is about.
    pub(crate) topic: Topic,
    /// The path from the container to what shows the need; empty for the container as a whole.
    pub(crate) field: &'static [&'static str],
    /// What the member does, to follow its name: `asks for port 8080 of "shop"`; where nobody meets the need, what is wrong.
    pub(crate) reason: String,
}

impl Need {
    /// Who has it.
    pub(crate) const fn member(&self) -> Member {
        self.of.member_of()
    }
}

/// A start-up graph.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// The names of the members, as messages write them.
    names: Vec<String>,
    /// What each event waits for.
    waits: Vec<Vec<Event>>,
    needs: Vec<Need>,
}

/// A need that is never met.
#[derive(Debug)]
pub(crate) struct Deadlock<'g> {
    graph: &'g Graph,
    /// The needs on the way from a member back to itself; one that nobody meets stands alone.
    pub(crate) needs: Vec<&'g Need>,
    /// The events on that way.
    passes: Vec<Event>,
}

impl Graph {
    /// A graph with members of these names. They start one after another: each one's start waits for the gate of the one before where
    /// `holds` says so, and else for what that one waited for.
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

    /// Lets an event wait for another one.
    pub(crate) fn wait(&mut self, event: Event, other: Event) {
        if let Some(of_event) = self.waits.get_mut(event.index()) {
            of_event.push(other);
        }
    }

    /// Adds needs.
    pub(crate) fn extend(&mut self, needs: impl IntoIterator<Item = Need>) {
        self.needs.extend(needs);
    }

    /// The needs that are never met, those of nobody first, then shorter circles before longer ones. Only needs that `counts` are
    /// looked at.
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
        // A longer circle through a need that closes a shorter one goes away with it.
        let mut told: BTreeSet<*const Need> = BTreeSet::new();
        for circle in circles {
            if !circle.needs.iter().any(|need| told.contains(&std::ptr::from_ref(*need))) {
                told.extend(circle.need().map(std::ptr::from_ref));
                deadlocks.push(circle);
            }
        }
        deadlocks
    }

    /// The events that happen, where each of these needs has to be met by one of its providers.
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

    /// The needs on the shortest way from a need back to its own event, over events that never happen; none where it only waits behind
    /// a circle.
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
        // From which event, and by which need, each event was reached.
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
        // Waits are followed first, so that the way with the fewest needs is found.
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

/// Sets a flag, and says whether it was set.
fn set(flags: &mut [bool], flag: usize) -> bool {
    flags.get_mut(flag).is_none_or(|flag| std::mem::replace(flag, true))
}

impl<'g> Deadlock<'g> {
    /// The need that closes it.
    pub(crate) fn need(&self) -> Option<&'g Need> {
        self.needs.first().copied()
    }

    /// The events on the way.
    pub(crate) fn events(&self) -> &[Event] {
        &self.passes
    }

    /// In words, with what to call the member whose need closes it, and how its provider starts: `it asks for port 8080 of "shop", which
    /// starts later`.
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
