//! Twelve Pods as a real kubelet started them: 1.36.2, containerd 2, runc, static Pods. Times are seconds after the first start of
//! `side`, which needs 6 s to become ready (2 s in rows 8 and 9), and was watched for 75 s.

use std::collections::BTreeSet;

use anyhow::ensure;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::needs::World;
use crate::simulator::Seen;
use crate::startup::{Outcome, simulate};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    what: String,
    spec: Value,
    ready_after: u64,
    /// When the application was started; never, where it was not.
    app_started: Option<u64>,
    /// When `side` was started, where that was recorded.
    side_starts: Option<Vec<u64>>,
}

/// How long each Pod was watched.
const WATCHED: u64 = 75;

/// The time of a restart was read in whole seconds, each of which may be rounded up.
const ROUNDING: u64 = 1;

/// A restart in back-off comes with the first sync after its end: the worker tries again 10 s after an error, plus up to half of
/// that (`pod_workers.go`: `backOffPeriod`, `workerBackOffPeriodJitterFactor`). The model restarts at once.
const RETRY: u64 = 15;

/// Each row holds in the model.
pub(crate) fn rows_agree() -> anyhow::Result<()> {
    let rows: Vec<Row> = serde_json::from_str(include_str!("measured.json"))?;
    ensure!(rows.len() == 12, "{} rows", rows.len());
    for row in rows {
        let what = &row.what;
        let pod = json!({"metadata": {}, "spec": &row.spec});
        // Row 12 is a server that was made an ordinary init container.
        let world = World {
            needs: Vec::new(),
            warm_up: [("side".to_owned(), row.ready_after), ("app".to_owned(), 0)].into(),
            servers: BTreeSet::from(["side".to_owned()]),
        };
        let outcome = simulate(&pod, &pod, &world);
        let started = |name: &str| outcome.of(name).and_then(Seen::started).filter(|time| *time <= WATCHED);
        // The model counts whole seconds, as those who measured did.
        let model = started("app");
        ensure!(
            row.app_started == model,
            "{what}: app started {:?}, in the model {model:?}",
            row.app_started
        );
        ensure!(started("side") == Some(0), "{what}: side starts first or at once");
        restarts_agree(&row, &outcome)?;
    }
    Ok(())
}

/// The k-th restart has seen k-1 back-offs, each of which may have ended up to [`RETRY`] earlier than it was noticed.
fn restarts_agree(row: &Row, outcome: &Outcome) -> anyhow::Result<()> {
    let starts = outcome.of("side").map(|seen| seen.starts.clone()).unwrap_or_default();
    let model: Vec<_> = starts.into_iter().filter(|start| *start <= WATCHED).collect();
    let (what, Some(starts)) = (&row.what, &row.side_starts) else { return Ok(()) };
    ensure!(starts.len() == model.len(), "{what}: started at {starts:?}, in the model at {model:?}");
    for (place, (seen, model)) in starts.iter().zip(&model).enumerate() {
        let late = ROUNDING + RETRY * place.saturating_sub(1) as u64;
        ensure!(
            (model.saturating_sub(ROUNDING)..=model + late).contains(seen),
            "{what}: start {place} at {seen} s, in the model at {model} s"
        );
    }
    Ok(())
}
