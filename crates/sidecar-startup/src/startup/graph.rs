//! The start-up graph: who waits for whom, and who needs whom.
//!
//! A member is a container of the Pod, or one that an injector will add. It has three events: it is *started*, its *gate* opens, and it
//! is *up*. An event happens once all events that it waits for have happened and all its needs are met; a need is met as soon as one of
//! its providers is up. If an event never happens, there is a deadlock: a need that nobody can meet, or a circle of waits and needs. The
//! graph finds the shortest circles first and can put them into words.
//!
//! The graph knows nothing about Kubernetes: `lineup.rs` says who the members are and in which order they start, and `needs/` who needs
//! whom.

mod search;
#[cfg(test)]
mod tried;

use std::rc::Rc;

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
    /// The members that can meet it, in start order; one is enough, but not the member itself. Needs may share a list, which is then
    /// gone through only once.
    pub(crate) providers: Rc<[Member]>,
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

    /// Whether nobody meets it.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.providers.iter().all(|provider| *provider == self.member())
    }

    /// The first that meets it among those that start after who has it.
    fn later_provider(&self) -> Option<Member> {
        let later = self.providers.partition_point(|provider| *provider <= self.member());
        self.providers.get(later).copied()
    }
}

/// Whom to name among those that meet a need of a member: the first that starts later, or else the first.
pub(crate) fn foremost(providers: &[Member], member: Member) -> Option<Member> {
    let later = providers.partition_point(|provider| *provider <= member);
    providers.get(later).or(providers.first()).copied().filter(|provider| *provider != member)
}

/// A start-up graph.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// For each member, the one whose gate its start waits for.
    holders: Vec<Option<Member>>,
    /// What each event waits for: never an event of a member that starts later.
    waits: Vec<Vec<Event>>,
    needs: Vec<Need>,
}

/// A need that is never met.
#[derive(Debug)]
pub(crate) struct Deadlock<'g> {
    graph: &'g Graph,
    /// The needs along the circle, the one that closes it first; or one need that nobody can meet.
    pub(crate) needs: Vec<&'g Need>,
    way: Way,
}

/// The events along the circle of a deadlock.
#[derive(Debug)]
enum Way {
    /// From this member, which starts later, back along the waits alone.
    Back(Member),
    /// These.
    Over(Vec<Event>),
}

impl Graph {
    /// A graph of members in start order. The start of each waits for the gate of the nearest earlier member for which `holds` is true.
    pub(crate) fn new(holds: &[bool]) -> Self {
        let mut holders = Vec::with_capacity(holds.len());
        let mut waits = Vec::with_capacity(3 * holds.len());
        let mut holder = None;
        for (member, holds) in holds.iter().enumerate() {
            holders.push(holder);
            waits.push(holder.map(Event::Gate).into_iter().collect());
            waits.extend([vec![Event::Started(member)], vec![Event::Started(member)]]);
            if *holds {
                holder = Some(member);
            }
        }
        Self { holders, waits, needs: Vec::new() }
    }

    /// Makes the gate of a member wait until the member is up.
    pub(crate) fn wait_for_itself(&mut self, member: Member) {
        if let Some(of_gate) = self.waits.get_mut(Event::Gate(member).index()) {
            of_gate.push(Event::Up(member));
        }
    }

    /// Adds needs.
    pub(crate) fn extend(&mut self, needs: impl IntoIterator<Item = Need>) {
        self.needs.extend(needs);
    }

    fn waits_of(&self, event: Event) -> &[Event] {
        self.waits.get(event.index()).map(Vec::as_slice).unwrap_or_default()
    }

    fn holder_of(&self, member: Member) -> Option<Member> {
        self.holders.get(member).copied().flatten()
    }
}

impl<'g> Deadlock<'g> {
    /// The need that closes it.
    pub(crate) fn need(&self) -> Option<&'g Need> {
        self.needs.first().copied()
    }

    /// The events along the circle.
    pub(crate) fn events(&self) -> Box<dyn Iterator<Item = Event> + '_> {
        match &self.way {
            Way::Over(events) => Box::new(events.iter().copied()),
            Way::Back(provider) => {
                let goal = self.need().map_or(0, Need::member);
                let holders = std::iter::successors(self.graph.holder_of(*provider), move |holder| {
                    self.graph.holder_of(*holder).filter(|next| goal <= *next)
                });
                let back = holders.flat_map(|holder| [Event::Gate(holder), Event::Started(holder)]);
                Box::new([Event::Up(*provider), Event::Started(*provider)].into_iter().chain(back))
            }
        }
    }

    /// The deadlock in words: `it asks for port 8080 of "shop", which starts later`. `name` names a member, and `starts` says when the
    /// last provider starts.
    pub(crate) fn describe(&self, name: impl Fn(Member) -> String, starts: &str) -> String {
        match self.needs.as_slice() {
            [need] if need.is_hopeless() => need.reason.clone(),
            needs => {
                // Last comes the need that does not lead to the next one: its provider starts later.
                let next = needs.iter().cycle().skip(1);
                let leads_back =
                    |(need, next): (&&Need, &&Need)| need.providers.binary_search(&next.member()).is_err();
                let by_another = needs.iter().zip(next).position(leads_back);
                let by_any = || needs.iter().position(|need| need.later_provider().is_some());
                let last = by_another.or_else(by_any).map_or(0, |last| last + 1);
                let (tail, head) = needs.split_at(last);
                let clause = |need: &&Need| format!("{} {}", name(need.member()), need.reason);
                let clauses: Vec<_> = head.iter().chain(tail).map(clause).collect();
                format!("{}, which {starts}", clauses.join("; "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A graph of this many members, of which each holds the next.
    fn graph(members: usize) -> Graph {
        Graph::new(&vec![true; members])
    }

    fn need(of: Event, providers: &[Member]) -> Need {
        let reason = match providers {
            [] => "asks nobody".to_owned(),
            [first, ..] => format!("asks {first}"),
        };
        Need {
            of,
            providers: providers.into(),
            certainty: Certainty::Proven,
            topic: Topic::Network,
            field: &[],
            reason,
        }
    }

    fn said(graph: &Graph) -> Vec<String> {
        let name = |member| format!("member {member}");
        graph.deadlocks(|_| true).iter().map(|deadlock| deadlock.describe(name, "starts later")).collect()
    }

    #[test]
    fn who_asks_an_earlier_member_is_answered() {
        let mut graph = graph(3);
        graph.extend([need(Event::Gate(2), &[0]), need(Event::Up(1), &[0])]);
        assert_eq!(said(&graph), [""; 0]);
    }

    #[test]
    fn a_gate_that_asks_a_later_member_is_a_circle() {
        let mut graph = graph(3);
        graph.extend([need(Event::Gate(0), &[2])]);
        assert_eq!(said(&graph), ["member 0 asks 2, which starts later"]);
    }

    #[test]
    fn a_member_that_holds_nobody_may_ask_a_later_one() {
        let mut graph = Graph::new(&[false, false]);
        graph.extend([need(Event::Gate(0), &[1])]);
        assert_eq!(said(&graph), [""; 0]);
    }

    #[test]
    fn one_provider_is_enough() {
        let mut graph = graph(3);
        graph.extend([need(Event::Gate(1), &[2, 0])]);
        assert_eq!(said(&graph), [""; 0]);
    }

    #[test]
    fn a_circle_may_have_several_needs_and_the_shortest_comes_first() {
        let mut graph = graph(4);
        graph.wait_for_itself(0);
        graph.wait_for_itself(1);
        // 1 needs 0, which starts earlier, but is only up once 3 is.
        graph.extend([need(Event::Up(0), &[3]), need(Event::Up(1), &[0])]);
        assert_eq!(said(&graph), ["member 0 asks 3, which starts later"]);
        graph.extend([need(Event::Up(1), &[2])]);
        assert_eq!(said(&graph).first().map(String::as_str), Some("member 0 asks 3, which starts later"));
        assert!(said(&graph).contains(&"member 1 asks 2, which starts later".to_owned()));
    }

    #[test]
    fn what_nobody_meets_is_told_first_and_does_not_hide_the_rest() {
        let mut graph = graph(3);
        graph.extend([need(Event::Gate(1), &[2]), need(Event::Gate(0), &[])]);
        assert_eq!(said(&graph), ["asks nobody", "member 1 asks 2, which starts later"]);
    }

    #[test]
    fn nobody_meets_a_need_of_its_own() {
        let mut graph = graph(1);
        graph.extend([need(Event::Up(0), &[0])]);
        assert_eq!(said(&graph), ["asks 0"]);
    }

    #[test]
    fn needs_that_share_their_providers_are_met_by_the_others() {
        let mut graph = graph(3);
        let all: Rc<[Member]> = [0, 2].into();
        let sharing = |of| Need { providers: Rc::clone(&all), ..need(of, &[]) };
        graph.extend([sharing(Event::Up(2)), sharing(Event::Gate(1))]);
        assert_eq!(said(&graph), [""; 0]);
        graph.extend([sharing(Event::Gate(0))]);
        assert_eq!(said(&graph), ["member 0 asks nobody, which starts later"]);
    }

    #[test]
    fn the_way_back_passes_who_holds_in_between() {
        let mut graph = Graph::new(&[true, true, false, true]);
        graph.extend([need(Event::Gate(0), &[3])]);
        let deadlocks = graph.deadlocks(|_| true);
        let events: Vec<_> = deadlocks.iter().flat_map(Deadlock::events).collect();
        let expected = [
            Event::Up(3),
            Event::Started(3),
            Event::Gate(1),
            Event::Started(1),
            Event::Gate(0),
            Event::Started(0),
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn whose_provider_starts_later_is_told_last() {
        let mut graph = graph(3);
        graph.wait_for_itself(1);
        graph.extend([need(Event::Up(0), &[2]), need(Event::Up(1), &[0])]);
        assert_eq!(said(&graph), ["member 1 asks 0; member 0 asks 2, which starts later"]);
    }

    #[test]
    fn a_circle_of_several_needs_names_who_is_in_it() {
        let mut graph = graph(2);
        graph.extend([need(Event::Up(0), &[1]), need(Event::Up(1), &[0])]);
        assert_eq!(said(&graph), ["member 1 asks 0; member 0 asks 1, which starts later"]);
    }
}
