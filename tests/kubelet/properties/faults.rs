//! The properties, and what is said where one does not hold.

use serde_json::Value;
use sidecar_startup::Answer;

use super::setting::{Setting, application_started};
use super::words::{gate_kind, told, why_stuck, without_names};
use crate::commands::{self, Asks, Returns};
use crate::generator::Case;
use crate::injectors::inject;
use crate::needs::{About, World};
use crate::pod::{Container, Pod};
use crate::products;
use crate::startup::{Outcome, simulate};

/// A property that does not hold.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) property: Property,
    /// The same for faults of one sort.
    pub(crate) kind: String,
    /// What happens, in the world in which it was seen.
    pub(crate) detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Property {
    /// What starts as sent still starts once repaired.
    RepairsKeepItStarting,
    /// A sidecar that a repair gave a gate is up before the application starts.
    RepairsHold,
    /// What is said to never open never opens.
    DeadlocksAreReal,
    /// What is allowed without a finding holds the application.
    AllowedHolds,
    /// What deadlocks in every world is reported.
    DeadlocksAreReported,
}

impl Property {
    pub(crate) const ALL: [Self; 5] = [
        Self::RepairsKeepItStarting,
        Self::RepairsHold,
        Self::DeadlocksAreReal,
        Self::AllowedHolds,
        Self::DeadlocksAreReported,
    ];
}

/// Every gate that is said to never open stays shut in every world.
pub(super) fn deadlocks_are_real(
    case: &Case,
    answer: &Answer,
    setting: &Setting<'_>,
    faults: &mut Vec<Fault>,
) {
    for violation in dead_gates(answer) {
        let Some(name) = subject(&case.pod, &violation) else { continue };
        // A hook is over before the first probe; the gate is open when both have succeeded.
        let opens = setting
            .worlds
            .iter()
            .find(|(_, outcome)| outcome.of(&name).is_some_and(|seen| seen.gate.is_some()));
        if let Some((world, outcome)) = opens {
            faults.push(Fault {
                property: Property::DeadlocksAreReal,
                kind: without_names(
                    violation.split_once("Invalid value: ").map_or(&violation, |(_, text)| text),
                ),
                detail: format!("{violation}\n{}", told(setting, world, outcome)),
            });
        }
    }
}

/// The violations of the rule `startup-gate-never-opens`, as texts.
pub(super) fn dead_gates(answer: &Answer) -> impl Iterator<Item = String> {
    answer
        .violations()
        .iter()
        .map(ToString::to_string)
        .filter(|text| text.ends_with("(startup-gate-never-opens)"))
}

/// The name of the container at the path with which a violation begins.
fn subject(pod: &Value, violation: &str) -> Option<String> {
    let (list, rest) = violation.strip_prefix("spec.")?.split_once('[')?;
    let place: usize = rest.split_once(']')?.0.parse().ok()?;
    pod["spec"][list][place]["name"].as_str().map(str::to_owned)
}

/// Where nothing is found, each sidecar that is needed at start is up before the application starts.
pub(super) fn what_is_allowed_holds(
    case: &Case,
    answer: &Answer,
    setting: &Setting<'_>,
    faults: &mut Vec<Fault>,
) {
    if !answer.is_allowed() || !answer.violations().is_empty() || !answer.warnings().is_empty() {
        return;
    }
    let pod = Pod::read(&case.pod);
    for (world, outcome) in &setting.worlds {
        let Some(started) = application_started(&pod, outcome) else { continue };
        let late = pod.containers.iter().find(|container| {
            let is_gated = container.is_native
                && !products::is_helper(container)
                && gate_kind(container.json) != "process";
            let seen = outcome.of(container.name);
            is_gated
                && !(has_no_gate(container) && is_waited_for(&pod, container))
                && !asks_others_only_possibly(world, container.name)
                && seen.and_then(|seen| seen.up).is_none_or(|up| started < up)
        });
        if let Some(late) = late {
            faults.push(Fault {
                property: Property::AllowedHolds,
                kind: format!("{} opens before its sidecar is up", gate_kind(late.json)),
                detail: format!("{} is late\n{}", late.name, told(setting, world, outcome)),
            });
            return;
        }
    }
}

/// Whether a sidecar has no `startupProbe`, or one that runs nothing.
fn has_no_gate(sidecar: &Container<'_>) -> bool {
    let probe = &sidecar.json["startupProbe"];
    probe.is_null() || probe["exec"]["command"] == serde_json::json!(["true"])
}

/// Whether a later container's own command may wait for a sidecar without a gate: then it is that command which holds back its work.
fn is_waited_for(pod: &Pod<'_>, sidecar: &Container<'_>) -> bool {
    let later = pod.containers.iter().skip_while(|other| other.name != sidecar.name).skip(1);
    let waits = |other: &Container<'_>| other.words.iter().any(|word| word.contains("until "));
    later.into_iter().any(|other| !other.is_native && waits(other))
}

/// In each world in which the Pod comes up as sent, it does so as repaired, and behind the gates it was given.
pub(super) fn repairs_keep_it_starting(
    fix: &str,
    repaired: &Value,
    setting: &Setting<'_>,
    faults: &mut Vec<Fault>,
) {
    let (injected, _) = inject(repaired, setting.cluster);
    let (pod, sent) = (Pod::read(&injected), Pod::read(setting.sent));
    for (world, _) in setting.worlds.iter().filter(|(_, before)| before.works()) {
        let after = simulate(&injected, setting.sent, world);
        if only_missed_their_look(&pod, &after) {
            continue;
        }
        if !after.works() {
            let kind = format!("fix {fix}: {}", why_stuck(&pod, &sent, world, &after));
            let detail = format!("stuck: {}\n{}", after.stuck().join(", "), told(setting, world, &after));
            faults.push(Fault { property: Property::RepairsKeepItStarting, kind, detail });
            return;
        }
        let Some(started) = application_started(&pod, &after) else { continue };
        let late = pod.containers.iter().find(|container| {
            let had = |path: &str| {
                sent.find(container.name)
                    .is_some_and(|sent| sent.json.pointer(path).is_some_and(Value::is_object))
            };
            let got = |path: &str| container.json.pointer(path).is_some_and(Value::is_object) && !had(path);
            // A hook of an entry of containers that fails keeps nobody waiting: its container has been started again.
            let seen = after.of(container.name).filter(|seen| container.is_native || seen.starts.len() == 1);
            got(if container.is_native { "/startupProbe" } else { "/lifecycle/postStart" })
                && seen.is_some_and(|seen| seen.up.is_none_or(|up| started < up))
        });
        if let Some(late) = late {
            let kind = format!(
                "fix {fix}: the application starts before its sidecar is up, in spite of the added {}",
                gate_kind(late.json)
            );
            let detail = format!("{} is late\n{}", late.name, told(setting, world, &after));
            faults.push(Fault { property: Property::RepairsHold, kind, detail });
            return;
        }
    }
}

/// A Pod of which some container is started in no world, and of which nothing is said. In each cluster something must prove it: what only
/// one kind of injector brings about is possible at most.
pub(super) fn unreported(settings: &[Setting<'_>]) -> Option<Fault> {
    let proofs: Option<Vec<_>> = settings.iter().map(unreported_in).collect();
    proofs?.into_iter().next()
}

fn unreported_in(setting: &Setting<'_>) -> Option<Fault> {
    let (injected, _) = inject(setting.sent, setting.cluster);
    let (pod, sent) = (Pod::read(&injected), Pod::read(setting.sent));
    let (world, outcome) = setting.worlds.first()?;
    let first = outcome.0.iter().find(|seen| seen.gate.is_none()).and_then(|seen| pod.find(&seen.name))?;
    // What only its product tells to run for ever, and what looks once, too early, is doubt, not proof.
    if looks_once(first) || (first.is_ordinary_init() && world.servers.contains(first.name)) {
        return None;
    }
    // One that has started before may be told to listen where it asks, a mesh's proxy accepts every connection that it intercepts, and a
    // command that asks for no port may succeed anyway.
    let earlier = pod.containers.iter().take_while(|other| other.name != first.name);
    let asked = first.json.to_string();
    let may_answer = |other: &Container<'_>| {
        !other.is_ordinary_init()
            && (other.may_be_told_ports(&pod.writable)
                || other.names_number_in(&asked)
                || products::is_mesh_proxy(other.name))
    };
    if earlier.into_iter().any(may_answer) || asks_itself(first) {
        return None;
    }
    let kind = why_stuck(&pod, &sent, world, outcome);
    Some(Fault { property: Property::DeadlocksAreReported, kind, detail: told(setting, world, outcome) })
}

/// Whether the command of a container's gate asks the container itself, as far as is known.
fn asks_itself(container: &Container<'_>) -> bool {
    container.handlers().any(|handler| {
        let words = handler["exec"]["command"].as_array().into_iter().flatten();
        let words: Vec<_> = words.filter_map(Value::as_str).collect();
        !words.is_empty() && commands::read(words).asks == Asks::Itself
    })
}

/// Whether the gate of a container asks others instead of its own in some worlds only: no verdict is made of that (the project's design,
/// "The start-up graph": verdicts come from proven needs).
fn asks_others_only_possibly(world: &World, name: &str) -> bool {
    let mut needs = world.of(name);
    needs.any(|need| !need.is_proven && matches!(need.about, About::Port(_) | About::GateFile(_)))
}

/// Whether nothing is wrong but that hooks which look once came too early, in a Pod that restarts nothing: as sent they came in time by
/// chance, since some other container took its time. No order of the containers makes sure of that.
fn only_missed_their_look(pod: &Pod<'_>, outcome: &Outcome) -> bool {
    let stuck = outcome.stuck();
    let mut missed = stuck.iter().filter_map(|name| pod.find(name));
    pod.never_restarts
        && !stuck.is_empty()
        && missed.all(|container| !container.is_init && looks_once(container))
}

/// Whether the hook of a container looks at something once.
fn looks_once(container: &Container<'_>) -> bool {
    container.json["lifecycle"]["postStart"]["httpGet"].is_object() || is_single_look(container)
}

fn is_single_look(container: &Container<'_>) -> bool {
    let words = container.json["lifecycle"]["postStart"]["exec"]["command"].as_array();
    words.is_some_and(|words| {
        let command = commands::read(words.iter().filter_map(Value::as_str));
        command.returns == Returns::Once && !matches!(command.asks, Asks::Nobody)
    })
}
