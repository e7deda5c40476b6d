//! Twelve Pods as a real kubelet started them: 1.36.2, containerd 2, runc, static Pods. Times are seconds after the first start of
//! `side`, which needs 6 s to become ready (2 s in rows 8 and 9), and was watched for 75 s.

use std::collections::BTreeSet;

use anyhow::ensure;
use serde_json::{Value, json};

use crate::needs::World;
use crate::simulator::Seen;
use crate::startup::{Outcome, simulate};

struct Row {
    what: &'static str,
    spec: Value,
    ready_after: u64,
    /// When the application was started; never, where it was not.
    app_started: Option<u64>,
    /// When `side` was started, where that was recorded.
    starts: Option<Vec<u64>>,
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
    let rows = rows();
    ensure!(rows.len() == 12, "{} rows", rows.len());
    for row in rows {
        let what = row.what;
        let pod = json!({"metadata": {}, "spec": row.spec});
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
    let (what, Some(starts)) = (row.what, &row.starts) else { return Ok(()) };
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

fn rows() -> Vec<Row> {
    let ready =
        json!({"exec": {"command": ["test", "-f", "/ready"]}, "periodSeconds": 1, "failureThreshold": 60});
    let blocking = hook("until test -f /ready; do sleep 1; done");
    let failing = hook("sleep 3; exit 1");
    let native = |fields| json!({"initContainers": [side(fields, Some("Always"))], "containers": [{"name": "app", "image": "app"}]});
    let classic = |place, fields| {
        let mut containers = vec![json!({"name": "app", "image": "app"})];
        containers.insert(place, side(fields, None));
        json!({"containers": containers})
    };
    let unnamed = json!({"tcpSocket": {"port": "admin"}, "periodSeconds": 1, "failureThreshold": 3});
    let slow = json!({"exec": {"command": ["sleep", "15"]}});
    let row =
        |what, spec, app_started| Row { what, spec, ready_after: 6, app_started, starts: Some(vec![0]) };
    vec![
        row("1 native, readinessProbe only", native(json!({"readinessProbe": ready})), Some(0)),
        row("2 native, livenessProbe only", native(json!({"livenessProbe": ready})), Some(0)),
        row("3 native, startupProbe", native(json!({"startupProbe": ready})), Some(7)),
        row("4 native, blocking postStart", native(blocking.clone()), Some(6)),
        Row {
            starts: Some(vec![0, 6, 23, 54]),
            ..row("5 native, postStart that fails after 3 s", native(failing.clone()), None)
        },
        row("6 classic first, blocking postStart", classic(0, blocking.clone()), Some(6)),
        Row {
            starts: Some(vec![0, 6, 25, 54]),
            ..row("7 classic first, postStart that fails after 3 s", classic(0, failing), Some(6))
        },
        Row {
            ready_after: 2,
            ..row(
                "8 native, startupProbe on a named port that it does not declare",
                native(json!({"startupProbe": unnamed})),
                None,
            )
        },
        Row {
            ready_after: 2,
            starts: None,
            ..row(
                "9 native, exec startupProbe that outlasts its timeout",
                native(json!({"startupProbe": slow})),
                None,
            )
        },
        row("10 classic last, blocking postStart", classic(1, blocking), Some(0)),
        row("11 classic first, startupProbe", classic(0, json!({"startupProbe": ready})), Some(0)),
        row(
            "12 the sidecar as an ordinary init container",
            json!({"initContainers": [side(json!({}), None)], "containers": [{"name": "app", "image": "app"}]}),
            None,
        ),
    ]
}

fn side(mut fields: Value, restart_policy: Option<&str>) -> Value {
    fields["name"] = json!("side");
    fields["image"] = json!("side");
    if let Some(policy) = restart_policy {
        fields["restartPolicy"] = json!(policy);
    }
    fields
}

fn hook(script: &str) -> Value {
    json!({"lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", script]}}}})
}
