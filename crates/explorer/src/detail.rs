//! One object: when its containers start, and what a repair changes.

use manifest::edit::Refusal;
use serde::Serialize;
use sidecar_startup::{Decision, RuleId};

use crate::changes::{self, Line};
use crate::session::Session;

/// One object.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// The start-up of each of its Pods.
    pub before: Vec<Picture>,
    /// The same once it is repaired; empty if nothing can be repaired.
    pub after: Vec<Picture>,
    /// What was repaired.
    pub fixes: Vec<String>,
    /// What the repair leaves.
    pub left: Vec<Left>,
    /// What the repair changes in the text.
    pub changes: Vec<Vec<Line>>,
    /// Why the text cannot be changed.
    pub refusal: Option<String>,
}

/// The start-up of a Pod.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Picture {
    /// As an image.
    pub svg: String,
    /// Whether any container is never started.
    pub is_stuck: bool,
}

/// Something that a repair leaves.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// The rule.
    pub rule: RuleId,
    /// The container that breaks it, if one does.
    pub container: Option<String>,
    /// Why it is not repaired, if that is known.
    pub reason: Option<String>,
}

impl Session {
    /// Looks at the object with this number in the summary.
    #[must_use]
    pub fn detail(&self, index: usize) -> Option<Detail> {
        let (piece, object) = self.objects().nth(index)?;
        if !object.is_workload(&self.judge.parsed) {
            return Some(Detail::default());
        }
        let pictures = |value| {
            let timelines = self.judge.timelines(object, value);
            let title = format!("{} {}", object.kind(), object.name());
            timelines.iter().map(|timeline| Picture::of(&title, timeline)).collect()
        };
        let mut detail = Detail { before: pictures(object.value()), ..Detail::default() };
        let Some(decision) = self.judge.repair(object) else { return Some(detail) };
        detail.left = left(&decision);
        let Some(repaired) = decision.repaired() else { return Some(detail) };
        detail.after = pictures(&repaired);
        detail.fixes = decision.fixes.into_iter().map(|fix| fix.what).collect();
        match piece.with(vec![(object, repaired)]) {
            Ok(text) => detail.changes = changes::between(&piece.text, &text, piece.lines_before),
            Err(Refusal { line, reason }) => {
                detail.refusal = Some(format!("line {}: {reason}", line + piece.lines_before));
            }
        }
        Some(detail)
    }
}

impl Picture {
    fn of(title: &str, timeline: &sidecar_startup::Timeline) -> Self {
        Self { svg: timeline::svg(title, timeline), is_stuck: timeline.is_stuck() }
    }
}

fn left(decision: &Decision) -> Vec<Left> {
    let left = decision.violations.iter().map(|violation| Left {
        rule: violation.rule,
        container: violation.container.clone(),
        reason: violation.refusal.as_ref().map(ToString::to_string),
    });
    left.collect()
}
