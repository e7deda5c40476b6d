//! Repairs: what is wrong is mended in the object itself, as far as that is known to be safe.
//!
//! Repairs go in rounds: the rules look at the object, what they find is repaired, and they look again, until nothing is left
//! to repair. So a sidecar that lost its `restartPolicy` gets that back, and in a later round its `startupProbe`, by the rule that
//! asks for one; and whoever repairs the result finds nothing to do.

pub mod conversion;
pub mod hold;
pub(crate) mod pairing;
pub(crate) mod safety;
pub mod universal;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::edit::Draft;
use crate::evaluate::{violations, with_pod};
use crate::field::FieldPath;
use crate::pod::{Container, Pod};
use crate::probe::Source;
use crate::resources::{self, Requests};
use crate::rules::sidecar_without_startup_probe;
use crate::settings::{Action, Fix, Settings};
use crate::template::Kind;
use crate::violation::{Finding, Violation, one_line};

/// Why something is not repaired, to follow "not repaired: ".
pub type Refusal = Cow<'static, str>;

/// How a rule repairs what it finds.
#[derive(Debug)]
pub(crate) struct Repair {
    /// The least value of the setting `fix` with which it does.
    pub(crate) needs: Fix,
    /// What has to be repaired before.
    pub(crate) phase: Phase,
    /// Makes the edits, and says what was done: "moved ...". A refusal leaves the draft as it was.
    pub(crate) make: fn(&Task<'_>, &mut Draft<'_>) -> Result<String, Refusal>,
}

/// What is to be repaired.
#[derive(Debug)]
pub(crate) struct Task<'p> {
    /// The Pod as the rules see it.
    pub(crate) pod: &'p Pod<'p>,
    /// What was found.
    pub(crate) finding: &'p Finding,
    /// The place of the container in which it was found, among all containers.
    pub(crate) place: usize,
    /// What the operator wants.
    pub(crate) settings: &'p Settings,
}

impl<'p> Task<'p> {
    /// The container in which it was found.
    ///
    /// # Errors
    /// It was found in the Pod as a whole.
    pub(crate) fn container(&self) -> Result<&'p Container<'p>, Refusal> {
        self.pod.containers.get(self.place).ok_or(Cow::Borrowed("it is in no container"))
    }
}

/// Something that was repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// What was done.
    pub what: String,
    /// The rule that was broken; none where it is about all repairs together.
    pub rule: Option<&'static str>,
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.rule.map_or(Ok(()), |rule| write!(f, " ({rule})"))
    }
}

impl Repaired {
    /// The repair as a warning: one line of at most 120 characters.
    #[must_use]
    pub fn warning(&self) -> String {
        let rule = self.rule.map(|rule| format!(" ({rule})")).unwrap_or_default();
        one_line("fix: ", &self.what, &rule)
    }
}

/// What became of an object.
#[derive(Debug)]
pub(crate) struct Repairs {
    /// The object, repaired.
    pub(crate) object: Value,
    /// What was done.
    pub(crate) done: Vec<Repaired>,
    /// What was not, and why, by the rule and the container.
    pub(crate) refused: Vec<Refused>,
}

/// A violation that a rule does not repair.
#[derive(Debug)]
pub(crate) struct Refused {
    violation: Violation,
    /// Why.
    pub(crate) reason: Refusal,
}

impl Refused {
    /// Whether it is about the container that a path leads into.
    pub(crate) fn is_of(&self, pod: &Pod<'_>, path: &FieldPath) -> bool {
        pod.place_of(&self.violation.finding.path) == pod.place_of(path)
    }
}

/// The most rounds that are tried. Each repair is made once, and enables at most the next phase.
const MAX_ROUNDS: usize = 12;

/// Repairs an object as far as the settings want it. The `startupProbe` of the containers at the places `outdated` is derived anew.
///
/// # Errors
/// No end was found, or the object cannot be read.
pub(crate) fn repair(
    kind: Kind,
    mut object: Value,
    outdated: &[usize],
    settings: &Settings,
) -> Result<Repairs, Refusal> {
    let before = object.to_string();
    let renewed = with_pod(kind, &before, settings, |pod| renew(pod, outdated, &mut object, settings));
    let mut done = renewed.map_err(|_| "it cannot be read")?;
    for _ in 0..MAX_ROUNDS {
        let text = object.to_string();
        let round = with_pod(kind, &text, settings, |pod| round(pod, &mut object, settings));
        let (made, refused) = round.map_err(|_| "it cannot be read")?;
        if made.is_empty() {
            let rise = rise(kind, &before, &text, settings);
            done.extend(rise.filter(|_| !done.is_empty()).map(|what| Repaired { what, rule: None }));
            return Ok(Repairs { object, done, refused });
        }
        done.extend(made);
    }
    Err("one repair undoes the other".into())
}

/// Derives the `startupProbe` of some sidecar containers anew.
fn renew(pod: &Pod<'_>, outdated: &[usize], object: &mut Value, settings: &Settings) -> Vec<Repaired> {
    let mut done = Vec::new();
    let Some(mut draft) = Draft::of(object, pod) else { return done };
    for place in outdated {
        let Some(container) = pod.containers.get(*place) else { continue };
        let Ok(source) = Source::find(pod, container, settings, *place) else { continue };
        let what =
            format!("gave sidecar {} a new startupProbe from {source}, which has changed", container.name());
        if let Some(probe) = source.probe(|field| draft.get(*place, field).cloned(), settings) {
            draft.set(*place, &["startupProbe"], probe);
            done.push(Repaired { what, rule: Some(sidecar_without_startup_probe::RULE.id) });
        }
    }
    draft.finish();
    done
}

/// One round: the first phase in which there is something to repair.
fn round(pod: &Pod<'_>, object: &mut Value, settings: &Settings) -> (Vec<Repaired>, Vec<Refused>) {
    let tasks = violations(pod, settings).into_iter().filter_map(|violation| {
        let repair = violation.rule.repair.as_ref().filter(|repair| repair.needs <= settings.fix)?;
        let container = pod.container_at(&violation.finding.path);
        // What may only warn about the Pod as a whole, such as a node that could not be looked up, is for its reader.
        if container.is_none() && violation.finding.ceiling != Action::Deny {
            return None;
        }
        let is_of_mesh =
            repair.phase == Phase::Container && container.is_some_and(Container::redirects_traffic);
        Some((if is_of_mesh { Phase::Mesh } else { repair.phase }, repair, violation))
    });
    let tasks: Vec<_> = tasks.collect();
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    let Some(mut draft) = Draft::of(object, pod) else { return (made, refused) };
    for phase in [Phase::Mesh, Phase::Container, Phase::Hold, Phase::Pod] {
        for (_, repair, violation) in tasks.iter().filter(|(of, ..)| *of == phase) {
            let place = pod.place_of(&violation.finding.path).unwrap_or(usize::MAX);
            let task = Task { pod, finding: &violation.finding, place, settings };
            match (repair.make)(&task, &mut draft) {
                Ok(what) => made.push(Repaired { what, rule: Some(violation.rule.id) }),
                Err(reason) => refused.push(Refused { violation: violation.clone(), reason }),
            }
        }
        if !made.is_empty() {
            break;
        }
    }
    draft.finish();
    (made, refused)
}

/// What is repaired before what. A phase begins when there is nothing to repair in those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The proxy of a mesh: until it starts first, no probe reaches the other sidecars.
    Mesh,
    /// The other containers.
    Container,
    /// Sidecars that have to stay where they are.
    Hold,
    /// The Pod as a whole: an init container that waits goes after the sidecars that it may need.
    Pod,
}

impl Repairs {
    /// Says of violations why they were not repaired.
    pub(crate) fn explain(&self, violations: &mut [Violation]) {
        let of_fault = |violation: &Violation| {
            let pod = violation.container.is_none().then(|| violation.finding.short.clone());
            (violation.rule.id, violation.container.clone(), pod)
        };
        let (mut faults, mut containers) = (BTreeMap::new(), BTreeMap::new());
        for Refused { violation, reason } in &self.refused {
            faults.insert(of_fault(violation), reason);
            if let Some(container) = &violation.container {
                containers.insert(container.clone(), reason);
            }
        }
        for violation in violations {
            // A repair may have come half way, and then no further.
            let half_way =
                || containers.get(violation.container.as_ref()?).filter(|_| violation.rule.repair.is_some());
            let reason = faults.get(&of_fault(violation)).or_else(half_way);
            violation.refusal = reason.map(|reason| (*reason).clone());
        }
    }
}

/// By how much the repairs raise what the Pod asks for.
fn rise(kind: Kind, before: &str, after: &str, settings: &Settings) -> Option<String> {
    let of = |text: &str| with_pod(kind, text, settings, requests).ok();
    let rise = of(after)?.above(&of(before)?);
    let amounts: Vec<_> = rise.iter().map(|(name, amount)| format!("{name} {amount}")).collect();
    (!amounts.is_empty()).then(|| format!("the requests of the Pod rise by {}", amounts.join(", ")))
}

/// What a Pod asks for. What it asks for as a whole goes over what its containers do.
fn requests(pod: &Pod<'_>) -> Requests {
    resources::of_pod(safety::requests_of(pod.containers.iter())).overridden_by(&pod.spec().requests())
}
