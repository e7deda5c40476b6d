//! Why a Pod is not starting: its recorded status against the start-up sequence.
//!
//! The kubelet reports a container only after the pass in which it started it is over, and a hook is part of that pass. So a container
//! that is reported as waiting may already be running, with its hook. What is not recorded is called probable, or is left out.

mod app;
mod gates;
mod held;
mod init;
mod record;
mod words;

use std::fmt;

use k8s_openapi::api::core::v1::PodStatus;
pub use k8s_openapi::jiff::Timestamp;
use serde::Deserialize;

use self::record::Record;
use crate::finding::Violation;
use crate::model::cluster::KnownNodes;
use crate::model::field::FieldPath;
use crate::model::owners::Sender;
use crate::model::read::{ReadError, ReadErrorKind};
use crate::model::template::Kind;
use crate::pod::with_pod;
use crate::rules::violations;
use crate::settings::Settings;
use crate::settings::rule_id::RuleId;
use crate::startup::context::{Context, Terms};
use crate::startup::sequence::Sequence;

/// Why a Pod is not starting, or how it started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// Whether nothing holds it, and nothing started too early.
    pub is_well: bool,
    /// The answer, in sentences without their full stops.
    pub sentences: Vec<String>,
    /// What the rules know about it, in a few words each.
    pub rules: Vec<(RuleId, String)>,
}

impl fmt::Display for Why {
    /// The sentences on one line, then a line for each rule.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentences.join(". "))?;
        self.rules.iter().try_for_each(|(rule, text)| write!(f, "\n  {rule}: {text}"))
    }
}

/// The part of a Pod that says how far its start-up has come.
#[derive(Deserialize)]
struct Running {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    status: PodStatus,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    deletion_timestamp: Option<String>,
}

/// Says why a Pod, given as JSON with its status, is not starting. `now` is the time at which it was read.
///
/// # Errors
/// The Pod cannot be read.
pub fn why(pod: &str, settings: Settings, namespace: &str, now: Timestamp) -> Result<Why, ReadError> {
    let unreadable = |error: serde_json::Error| ReadError {
        path: FieldPath::root(),
        kind: ReadErrorKind::Invalid(format!("not a Pod with a status: {error}")),
    };
    let Running { metadata, status } = serde_json::from_str(pod).map_err(unreadable)?;
    if metadata.deletion_timestamp.is_some() {
        return Ok(Why::held("the Pod is being deleted, so the kubelet starts no more containers"));
    }
    let settings = settings.within(namespace);
    let terms = Terms { settings: &settings, nodes: &KnownNodes::NotAsked, sender: Sender::Cluster };
    with_pod(Kind::Pod, pod, &settings, terms.sender, |pod| {
        let context = Context::new(pod, terms);
        let view = View {
            sequence: Sequence::of(pod),
            violations: violations(&context),
            record: Record::new(&status, now),
            context: &context,
        };
        view.why()
    })
}

/// A Pod, its recorded status, and what the rules say.
struct View<'v> {
    context: &'v Context<'v>,
    sequence: Sequence<'v>,
    record: Record<'v>,
    violations: Vec<Violation>,
}

impl View<'_> {
    fn why(&self) -> Why {
        let before = self.ended().or_else(|| self.unscheduled()).or_else(|| self.without_sandbox());
        before.or_else(|| self.init()).unwrap_or_else(|| self.apps())
    }

    /// Whether the Pod has ended.
    fn ended(&self) -> Option<Why> {
        match self.record.phase() {
            "Succeeded" => Some(Why::well("it has run to completion")),
            "Failed" => {
                let reason = self.record.reason().map(|reason| format!(" ({reason})")).unwrap_or_default();
                let failed = self.context.pod.containers.iter().filter_map(|container| {
                    let ended = self.record.of(container).ended()?;
                    (ended.exit_code != 0)
                        .then(|| format!("{} exited with {}", words::name(container), ended.exit_code))
                });
                let mut why = Why::held(format!(
                    "it failed{reason} and will not be restarted; its owner may create another"
                ));
                why.sentences.extend(failed);
                Some(why)
            }
            _ => None,
        }
    }

    /// Whether the Pod has not been scheduled.
    fn unscheduled(&self) -> Option<Why> {
        let condition = self.record.condition("PodScheduled");
        match condition {
            Some(condition) if condition.status == "False" => {
                let since = self.record.age_of(condition).map(words::for_).unwrap_or_default();
                let reason = words::token(condition.reason.as_deref().unwrap_or("no reason is given"));
                Some(Why::held(format!(
                    "it has not been scheduled{since} ({reason}), so no container has started; this is unrelated to the start-up order: \
                     `kubectl describe pod` shows what the scheduler says"
                )))
            }
            None if self.record.is_empty() => Some(Why::held(
                "it has no status yet: it has not been scheduled, or the kubelet has not reported its status yet",
            )),
            _ => None,
        }
    }

    /// Whether the node has not prepared what all containers need.
    fn without_sandbox(&self) -> Option<Why> {
        let condition = self.record.condition("PodReadyToStartContainers")?;
        if condition.status != "False" || self.record.has_started() {
            return None;
        }
        let since = self.record.age_of(condition).map(words::for_).unwrap_or_default();
        Some(Why::held(format!(
            "its node has not finished preparing its volumes and network{since}, and all containers wait for that; this is unrelated to \
             the start-up order: `kubectl describe pod` shows the reason"
        )))
    }
}

impl Why {
    fn well(sentence: impl Into<String>) -> Self {
        Self { is_well: true, sentences: vec![sentence.into()], rules: Vec::new() }
    }

    fn held(sentence: impl Into<String>) -> Self {
        Self { is_well: false, ..Self::well(sentence) }
    }
}
