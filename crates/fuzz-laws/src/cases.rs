//! Requests of all kinds: every setting, every kind of object, updates, owners, nodes, annotations.

mod containers;
mod probes;
mod requests;
mod settings;
mod templates;

use acceptance::case::Case;
use acceptance::cluster::RecordedCluster;
use serde_json::{Value, json};

use crate::draw::Draw;

pub(crate) use settings::settings;

/// Any request, under any settings, in any cluster.
pub(crate) fn case(draw: &mut Draw<'_>) -> Case {
    let settings = settings(draw);
    let (object, template) = requests::object(draw);
    let request = requests::request(draw, &object, template);
    let mut case = Case::with_settings(object, settings).with_request(request);
    case.cluster = cluster(draw);
    case
}

/// Any object of a kind that is judged by itself.
pub(crate) fn object(draw: &mut Draw<'_>) -> Value {
    requests::object(draw).0
}

fn cluster(draw: &mut Draw<'_>) -> Option<RecordedCluster> {
    const NODES: &[&str] = &[
        r#"{"metadata":{"name":"node-1","labels":{}},"status":{"nodeInfo":{"kubeletVersion":"v1.27.3"}}}"#,
        r#"{"metadata":{"name":"node-2","labels":{"disk":"ssd"}},"status":{"nodeInfo":{"kubeletVersion":"v1.33.6"}}}"#,
        r#"{"metadata":{"name":"node-3","labels":{"sidecars":"yes","kubernetes.io/hostname":"node-3"}},"spec":{"taints":[{"key":"old","effect":"NoSchedule"}]},"status":{"nodeInfo":{"kubeletVersion":"v1.28.15-gke.100"}}}"#,
        r#"{"metadata":{"name":"node-4","labels":{"kubernetes.io/os":"windows"}},"spec":{"unschedulable":true},"status":{"nodeInfo":{"kubeletVersion":"v1.29.0"}}}"#,
        r#"{"metadata":{"name":"node-5","labels":{"disk":"ssd"}},"status":{"nodeInfo":{"kubeletVersion":"one"}}}"#,
        r#"{"metadata":{"name":"node-6"},"status":{}}"#,
        r#"{"metadata":{"name":7},"spec":{"taints":"all"},"status":{"nodeInfo":{"kubeletVersion":1.29}}}"#,
        "null",
    ];
    let nodes = match draw.below(8) {
        0..=2 => return None,
        3 => json!({"allowed": false}),
        4 => json!({"failure": "connection refused"}),
        _ => {
            let count = 1 + draw.below(4);
            json!({"items": (0..count).map(|_| draw.json(NODES)).collect::<Vec<_>>()})
        }
    };
    RecordedCluster::read(&nodes)
}
