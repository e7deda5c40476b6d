//! The search for deadlocks, held against going through the events until nothing more happens.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;

/// A graph of a few members, and its needs.
fn graph() -> impl Strategy<Value = Graph> {
    let member = (any::<bool>(), any::<bool>());
    let need = (any::<bool>(), 0..6_usize, proptest::collection::btree_set(0..6_usize, 0..3));
    (proptest::collection::vec(member, 1..7), proptest::collection::vec(need, 0..6)).prop_map(
        |(members, needs)| {
            let count = members.len();
            let holds: Vec<bool> = members.iter().map(|(holds, _)| *holds).collect();
            let mut graph = Graph::new(&holds);
            for (member, (_, waits_for_itself)) in members.iter().enumerate() {
                if *waits_for_itself {
                    graph.wait_for_itself(member);
                }
            }
            graph.extend(needs.into_iter().map(|(is_of_gate, member, providers)| Need {
                of: if is_of_gate { Event::Gate(member % count) } else { Event::Up(member % count) },
                providers: providers.into_iter().filter(|provider| *provider < count).collect(),
                certainty: Certainty::Proven,
                topic: Topic::Network,
                field: &[],
                reason: String::new(),
            }));
            graph
        },
    )
}

/// The needs that are never met, apart from those that nobody can meet, which hold nothing up here.
fn never_met(graph: &Graph) -> Vec<&Need> {
    let needs: Vec<_> = graph.needs.iter().filter(|need| !need.is_hopeless()).collect();
    let mut happened = vec![false; graph.waits.len()];
    let is_met = |need: &Need, happened: &[bool]| {
        let mut others = need.providers.iter().filter(|provider| **provider != need.member());
        others.any(|provider| happened[Event::Up(*provider).index()])
    };
    loop {
        let before = happened.clone();
        for event in 0..happened.len() {
            let waits = graph.waits[event].iter().all(|wait| happened[wait.index()]);
            let mut own = needs.iter().filter(|need| need.of.index() == event);
            happened[event] |= waits && own.all(|need| is_met(need, &happened));
        }
        if happened == before {
            return needs.into_iter().filter(|need| !is_met(need, &happened)).collect();
        }
    }
}

#[test]
fn what_never_happens_is_found_and_nothing_else() {
    let config = Config { cases: 4000, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)).run(
        &graph(),
        |graph| {
            let never = never_met(&graph);
            let deadlocks = graph.deadlocks(|_| true);
            let (hopeless, circles): (Vec<_>, Vec<_>) =
                deadlocks.iter().partition(|deadlock| deadlock.needs.iter().any(|need| need.is_hopeless()));
            prop_assert_eq!(hopeless.len(), graph.needs.iter().filter(|need| need.is_hopeless()).count());
            prop_assert_eq!(circles.is_empty(), never.is_empty(), "never met: {:?}", never);
            for need in circles.iter().flat_map(|circle| &circle.needs) {
                prop_assert!(
                    never.iter().any(|other| std::ptr::eq(*other, *need)),
                    "is met after all: {:?}",
                    need
                );
            }
            // One word for each: no need closes two circles of its own.
            for (place, circle) in circles.iter().enumerate() {
                let again = circles[..place].iter().find(|other| {
                    other.need().map(std::ptr::from_ref) == circle.need().map(std::ptr::from_ref)
                });
                prop_assert!(again.is_none(), "told twice: {:?}", circle.need());
            }
            Ok(())
        },
    );
    assert!(outcome.is_ok(), "{outcome:?}");
}
