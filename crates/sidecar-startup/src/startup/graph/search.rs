//! The search for what never happens in a start-up graph.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::{Deadlock, Event, Graph, Member, Need, Way};

impl Graph {
    /// The needs that are never met, those of nobody first, then shorter circles before longer ones. Only needs that `counts` are
    /// looked at. A longer circle through a need that closes a shorter one goes away with it, and is not reported.
    ///
    /// Circles of one need are found in linear time, up to a logarithm. Those of several, which are rare, take a search each.
    pub(crate) fn deadlocks<'g>(&'g self, counts: impl Fn(&Need) -> bool) -> Vec<Deadlock<'g>> {
        let (unmet, needs): (Vec<_>, Vec<_>) =
            self.needs.iter().filter(|need| counts(need)).partition(|need| need.is_hopeless());
        let alone =
            |need: &'g Need| Deadlock { graph: self, needs: vec![need], way: Way::Over(vec![need.of]) };
        let mut deadlocks: Vec<_> = unmet.into_iter().map(alone).collect();
        let (direct, rest): (Vec<_>, Vec<_>) =
            self.never_met(needs.clone()).into_iter().partition(|need| self.is_circle(need));
        deadlocks.extend(direct.iter().filter_map(|need| {
            Some(Deadlock { graph: self, needs: vec![*need], way: Way::Back(need.later_provider()?) })
        }));
        if !rest.is_empty() {
            // `collect` would bring a sort of its own into the module, of 4 kB.
            let mut told: BTreeSet<*const Need> = BTreeSet::new();
            told.extend(direct.into_iter().map(std::ptr::from_ref));
            let is_left = |need: &&Need| !told.contains(&std::ptr::from_ref(*need));
            deadlocks.extend(self.longer_circles(needs.into_iter().filter(is_left).collect()));
        }
        deadlocks
    }

    /// The circles through the needs of each of these deadlocks by way of each of their providers, of which only one leads along the
    /// deadlock itself. At most this many are searched for each.
    pub(crate) fn ways_of<'g>(
        &'g self,
        deadlocks: &[Deadlock<'g>],
        most: usize,
        counts: impl Fn(&Need) -> bool,
    ) -> Vec<Deadlock<'g>> {
        let search =
            Search::of(self, self.never_met(self.needs.iter().filter(|need| counts(need)).collect()));
        let mut circles = Vec::new();
        for deadlock in deadlocks {
            let of_need = |need: &'g Need| need.providers.iter().map(move |provider| (need, *provider));
            let ways = deadlock.needs.iter().copied().flat_map(of_need);
            let ways = ways.filter(|(need, provider)| need.member() != *provider).take(most);
            circles.extend(ways.filter_map(|(need, provider)| search.circle(need, Some(provider))));
        }
        circles
    }

    /// Whether a need that is never met closes a circle by itself: waits lead back to it from whoever starts later.
    fn is_circle(&self, need: &Need) -> bool {
        let is_waited_for = match need.of {
            Event::Started(_) => false,
            Event::Gate(_) => true,
            Event::Up(member) => self.waits_of(Event::Gate(member)).contains(&Event::Up(member)),
        };
        // Whoever holds the next one holds all that start later.
        is_waited_for
            && need.later_provider().is_some()
            && self.holder_of(need.member() + 1) == Some(need.member())
    }

    /// Circles of more than one need.
    fn longer_circles<'g>(&'g self, needs: Vec<&'g Need>) -> Vec<Deadlock<'g>> {
        let search = Search::of(self, self.never_met(needs));
        let mut circles: Vec<_> = search.never.iter().filter_map(|need| search.circle(need, None)).collect();
        circles.sort_by_key(|circle| circle.needs.len());
        let mut told: BTreeSet<*const Need> = BTreeSet::new();
        circles.retain(|circle| {
            let is_new = !circle.needs.iter().any(|need| told.contains(&std::ptr::from_ref(*need)));
            if is_new {
                told.extend(circle.need().map(std::ptr::from_ref));
            }
            is_new
        });
        circles
    }

    /// Those of some needs that none of their providers ever meets.
    fn never_met<'g>(&self, needs: Vec<&'g Need>) -> Vec<&'g Need> {
        let mut open: Vec<usize> = self.waits.iter().map(Vec::len).collect();
        let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); open.len()];
        for (event, waits) in self.waits.iter().enumerate() {
            for other in waits {
                push(&mut waiting, other.index(), event);
            }
        }
        for need in &needs {
            if let Some(open) = open.get_mut(need.of.index()) {
                *open += 1;
            }
        }
        let mut groups = groups(&needs);
        let mut asking: Vec<Vec<usize>> = vec![Vec::new(); open.len()];
        for (number, group) in groups.iter().enumerate() {
            for provider in group.providers {
                push(&mut asking, Event::Up(*provider).index(), number);
            }
        }
        let mut is_met = vec![false; needs.len()];
        let mut queue: VecDeque<usize> =
            (0..open.len()).filter(|event| open.get(*event) == Some(&0)).collect();
        while let Some(event) = queue.pop_front() {
            let mut after: Vec<usize> = waiting.get(event).cloned().unwrap_or_default();
            for number in asking.get(event).into_iter().flatten() {
                let Some(group) = groups.get_mut(*number) else { continue };
                for (number, need) in group.met_by(Event::at(event).member_of()) {
                    after.push(need.of.index());
                    if let Some(is_met) = is_met.get_mut(number) {
                        *is_met = true;
                    }
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
        needs.into_iter().zip(is_met).filter(|(_, is_met)| !is_met).map(|(need, _)| need).collect()
    }
}

/// Needs that share their providers.
struct Group<'g> {
    providers: &'g [Member],
    /// Those that are not met yet, with their positions among all.
    open: Vec<(usize, &'g Need)>,
}

impl<'g> Group<'g> {
    /// The needs that are met now that a member is up: all but its own.
    fn met_by(&mut self, member: Member) -> impl Iterator<Item = (usize, &'g Need)> + use<'g> {
        let (own, met): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.open).into_iter().partition(|(_, need)| need.member() == member);
        self.open = own;
        met.into_iter()
    }
}

fn groups<'g>(needs: &[&'g Need]) -> Vec<Group<'g>> {
    let mut by_list: BTreeMap<*const Member, Group<'g>> = BTreeMap::new();
    for (number, need) in needs.iter().enumerate() {
        let providers: &'g [Member] = &need.providers;
        let group = by_list
            .entry(Rc::as_ptr(&need.providers).cast())
            .or_insert_with(|| Group { providers, open: Vec::new() });
        group.open.push((number, need));
    }
    by_list.into_values().collect()
}

/// A search for circles among needs that are never met.
struct Search<'g> {
    graph: &'g Graph,
    never: Vec<&'g Need>,
    /// The needs of each event.
    needs_of: Vec<Vec<&'g Need>>,
}

impl<'g> Search<'g> {
    fn of(graph: &'g Graph, never: Vec<&'g Need>) -> Self {
        let mut needs_of = vec![Vec::new(); graph.waits.len()];
        for need in &never {
            push(&mut needs_of, need.of.index(), *need);
        }
        Self { graph, never, needs_of }
    }

    /// The shortest way from a need back to its own event, by way of this provider if one is given; none where it only waits for a
    /// circle.
    fn circle(&self, need: &'g Need, mut through: Option<Member>) -> Option<Deadlock<'g>> {
        let goal = need.of;
        // From which event, and by which need, each event was reached.
        let mut came: Vec<Option<(Event, Option<&Need>)>> = vec![None; self.graph.waits.len()];
        // Each list of providers is gone through once, and by whom.
        let mut seen: BTreeMap<*const Member, Member> = BTreeMap::new();
        let mut queue = VecDeque::new();
        let mut next = vec![(need, goal)];
        // Waits are followed first, so that the way with the fewest needs is found.
        while !next.is_empty() && !matches!(came.get(goal.index()), Some(Some(_))) {
            let mut visit = |event: Event, from: (Event, Option<&'g Need>), queue: &mut VecDeque<Event>| {
                if let Some(slot) = came.get_mut(event.index())
                    && slot.is_none()
                {
                    *slot = Some(from);
                    queue.push_back(event);
                }
            };
            for (need, event) in std::mem::take(&mut next) {
                if let Some(provider) = through.take() {
                    visit(Event::Up(provider), (event, Some(need)), &mut queue);
                    continue;
                }
                let earlier = seen.insert(Rc::as_ptr(&need.providers).cast(), need.member());
                let providers = match &earlier {
                    None => &need.providers[..],
                    // It has left out itself.
                    Some(own) if need.providers.binary_search(own).is_ok() => std::slice::from_ref(own),
                    Some(_) => &[],
                };
                for provider in providers.iter().filter(|provider| **provider != need.member()) {
                    visit(Event::Up(*provider), (event, Some(need)), &mut queue);
                }
            }
            while let Some(event) = queue.pop_front() {
                for other in self.graph.waits_of(event) {
                    visit(*other, (event, None), &mut queue);
                }
                let needs = self.needs_of.get(event.index()).into_iter().flatten();
                next.extend(needs.map(|need| (*need, event)));
            }
        }
        let (mut needs, mut passes) = (Vec::new(), Vec::new());
        let mut at = goal;
        loop {
            let (from, by) = came.get(at.index()).copied().flatten()?;
            needs.extend(by);
            passes.push(at);
            if from == goal {
                needs.reverse();
                passes.reverse();
                return Some(Deadlock { graph: self.graph, needs, way: Way::Over(passes) });
            }
            at = from;
        }
    }
}

fn push<T>(lists: &mut [Vec<T>], list: usize, item: T) {
    if let Some(list) = lists.get_mut(list) {
        list.push(item);
    }
}
