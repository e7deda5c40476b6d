//! Hooks that run a script which the object does not show. Behind the application it may wait for that, and it holds nothing back. Once its
//! container is moved ahead, the application waits for the hook.

use crate::pod::container::Container;
use crate::startup::before::Before;
use crate::startup::graph::{Certainty, Event, Member, Need, Topic};
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

pub(super) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    let Some(before) = before else { return Vec::new() };
    let mut needs = Vec::new();
    for (member, seat) in lineup.members().filter(|(_, seat)| seat.is_init && runs_hidden_script(seat)) {
        let Some(rank) = before.rank(seat) else { continue };
        let has_passed = |other: &Seat<'_>| before.rank(other).is_some_and(|other| other < rank);
        let later = lineup.apps().filter(|(other, seat)| member < *other && has_passed(seat));
        let providers: Vec<Member> = later.map(|(other, _)| other).collect();
        let Some(first) = providers.first().and_then(|first| lineup.seats.get(*first)) else { continue };
        let reason = format!("runs a script in its postStart hook, which may wait for {}", first.quoted());
        needs.push(Need {
            of: Event::Gate(member),
            providers: providers.into(),
            certainty: Certainty::Possible,
            topic: Topic::Product,
            field: &["lifecycle", "postStart"],
            reason,
        });
    }
    needs
}

/// Whether the hook of a member runs a script that the object does not show, unless it is known as the gate of its product.
fn runs_hidden_script(seat: &Seat<'_>) -> bool {
    let hook = seat.hook().and_then(|hook| hook.exec.as_ref());
    let words = hook.and_then(|exec| exec.command.as_deref()).unwrap_or_default();
    let gate = seat.container().and_then(Container::row).and_then(|row| row.native_gate);
    let is_script = |word: &str| {
        gate != Some(word) && [".sh", ".bash", ".py", ".pl", ".rb"].iter().any(|end| word.ends_with(end))
    };
    words.iter().flat_map(|word| word.split([' ', '\n', ';', '&', '|'])).any(is_script)
}
