//! Payloads of all sorts: right in most places, and anything at all in some.

use proptest::prelude::*;
use serde_json::{Value, json};

/// Stands in many places of the arbitrary payloads, and must stand in no answer. It is no valid name of anything, since names
/// may well stand there.
pub const SECRET: &str = "hunter 2";

/// The fields of settings, and one that is none.
pub const SETTINGS: &[&str] = &[
    "defaultAction",
    "rules",
    "fix",
    "sidecars",
    "otherSidecars",
    "oldestKubernetes",
    "annotations",
    "help",
    "exempt",
    "gates",
    "startupSeconds",
    "holdApplication",
    "waitFor",
    "nodes",
    "mesh",
    "injectedNamespaces",
    "podTemplates",
    "other",
];

/// Settings whose fields hold anything.
pub fn settings() -> impl Strategy<Value = Value> {
    let fields = (proptest::sample::select(SETTINGS).prop_map(str::to_owned), anything());
    proptest::collection::vec(fields, 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect()))
}

/// Any JSON, with the names of fields that the policy looks at.
fn anything() -> impl Strategy<Value = Value> + Clone {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(SECRET)),
        Just(json!({"exec": {"command": ["true"]}})),
        Just(json!("Always")),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((field(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Requests that are right in most places and anything at all in some.
pub fn payload() -> impl Strategy<Value = Value> {
    let anything = anything();
    let kind = prop_oneof![
        Just(json!({"group": "", "kind": "Pod"})),
        Just(json!({"group": "apps", "kind": "Deployment"})),
        Just(json!({"group": "batch", "kind": "CronJob"})),
        anything.clone(),
    ];
    let container = proptest::collection::vec((field(), anything.clone()), 0..6).prop_map(|fields| {
        let mut container = json!({"name": "proxy", "image": "istio/proxyv2:1", "restartPolicy": "Always"});
        if let Some(container) = container.as_object_mut() {
            container.extend(fields);
        }
        container
    });
    let spec = (proptest::collection::vec(container, 0..3), anything.clone()).prop_map(|(containers, rest)| {
        json!({"initContainers": containers, "containers": rest, "template": {"spec": {"initContainers": containers}}})
    });
    let object = prop_oneof![spec.prop_map(|spec| json!({"spec": spec})), anything.clone()];
    let settings = prop_oneof![Just(json!({})), Just(json!({"fix": "All"})), anything.clone()];
    let request = (kind, object, prop_oneof![Just(json!("CREATE")), anything.clone()]).prop_map(
        |(kind, object, operation)| json!({"kind": kind, "object": object, "operation": operation}),
    );
    prop_oneof![
        8 => (request, settings).prop_map(|(request, settings)| json!({"request": request, "settings": settings})),
        1 => anything,
    ]
}

/// The name of some field that the policy looks at.
fn field() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "image",
        "restartPolicy",
        "command",
        "args",
        "env",
        "value",
        "ports",
        "startupProbe",
        "readinessProbe",
        "livenessProbe",
        "lifecycle",
        "postStart",
        "exec",
        "httpGet",
        "port",
        "periodSeconds",
        "metadata",
        "annotations",
        "sidecar-startup/sidecars",
        "spec",
        "template",
        "containers",
        "initContainers",
        "status",
        "request",
        "settings",
    ])
    .prop_map(str::to_owned)
}
