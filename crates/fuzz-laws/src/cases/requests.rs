//! Objects of all kinds, and requests about them.

use serde_json::{Map, Value, json};

use super::containers::add;
use super::templates::template;
use crate::draw::Draw;

/// A kind, and where it keeps its template.
const KINDS: &[(&str, &str, &str)] = &[
    ("v1", "Pod", ""),
    ("apps/v1", "Deployment", "/spec/template"),
    ("apps/v1", "StatefulSet", "/spec/template"),
    ("apps/v1", "DaemonSet", "/spec/template"),
    ("apps/v1", "ReplicaSet", "/spec/template"),
    ("v1", "ReplicationController", "/spec/template"),
    ("batch/v1", "Job", "/spec/template"),
    ("batch/v1", "CronJob", "/spec/jobTemplate/spec/template"),
    ("v1", "PodTemplate", "/template"),
    ("argoproj.io/v1alpha1", "Rollout", "/spec/template"),
    ("jobset.x-k8s.io/v1alpha2", "JobSet", "/spec/replicatedJobs/0/template/spec/template"),
    ("example.com/v1", "Fleet", "/spec/pods/a~1b"),
    ("v1", "Service", "/spec/template"),
];

const OWNERS: &[&str] = &[
    r#"{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"shop-1","uid":"1","controller":true}"#,
    r#"{"apiVersion":"apps/v1","kind":"Deployment","name":"shop","uid":"1","controller":true}"#,
    r#"{"apiVersion":"apps/v1","kind":"DaemonSet","name":"shop","uid":"1","controller":true}"#,
    r#"{"apiVersion":"batch/v1","kind":"CronJob","name":"shop","uid":"1","controller":true}"#,
    r#"{"apiVersion":"batch/v1","kind":"Job","name":"shop","uid":"1","controller":true}"#,
    r#"{"apiVersion":"example.com/v1","kind":"Fleet","name":"shop","uid":"1","controller":true}"#,
    r#"{"apiVersion":"v1","kind":"Node","name":"node-1","uid":"1","controller":false}"#,
    r#"{"apiVersion":"v1","kind":"ConfigMap","name":"a"}"#,
];

/// What else an object may have.
const FURTHER: &[&str] = &[
    r#"{"metadata":{"annotations":{"kubernetes.io/config.mirror":"x"}}}"#,
    r#"{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}"#,
    r#"{"metadata":{"namespace":"legacy-shop","uid":"7"}}"#,
    r#"{"metadata":{"annotations":{"sidecar-startup/ignore.app-not-held":"fine"}}}"#,
    r#"{"status":{"phase":"Succeeded"}}"#,
    r#"{"status":{"phase":"Failed"},"metadata":{"uid":"7"}}"#,
    r#"{"spec":{"progressDeadlineSeconds":10,"activeDeadlineSeconds":20}}"#,
    r#"{"spec":{"template":null}}"#,
    r#"{"metadata":null}"#,
    r#"{"spec":{"replicas":"three","selector":{"matchLabels":{"app":"webapp"}}}}"#,
];

/// Any object, and the place of its template.
pub(super) fn object(draw: &mut Draw<'_>) -> (Value, &'static str) {
    let (version, kind, place) = draw.one_of(KINDS);
    let template = template(draw);
    let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "shop"}});
    put(&mut object, place, template);
    if draw.once_in(6) {
        object["metadata"]["ownerReferences"] = json!([draw.json(OWNERS)]);
    }
    for _ in 0..draw.below(3).saturating_sub(1) {
        merge(&mut object, draw.json(FURTHER));
    }
    (object, place)
}

/// What the request says beside the object; nothing for a mere creation.
pub(super) fn request(draw: &mut Draw<'_>, object: &Value, place: &str) -> Map<String, Value> {
    const USERS: &[&str] = &[
        "alice",
        "system:serviceaccount:kube-system:daemon-set-controller",
        "system:node:node-1",
        "system:kube-controller-manager",
        "",
    ];
    let mut request = Map::new();
    let mut set = |key: &str, value: Value| _ = request.insert(key.to_owned(), value);
    match draw.below(8) {
        0..=3 => {}
        4 => set("operation", json!(draw.one_of(&["DELETE", "CONNECT", "", "create"]))),
        _ => {
            set("operation", json!("UPDATE"));
            set("oldObject", old_object(draw, object, place));
        }
    }
    if draw.once_in(6) {
        set("userInfo", json!({"username": draw.one_of(USERS)}));
    }
    if draw.once_in(6) {
        set("namespace", json!(draw.one_of(&["legacy-shop", "shop-1", "", "kube-system"])));
    }
    if draw.once_in(24) {
        set("subResource", json!(draw.one_of(&["status", "scale", "ephemeralcontainers"])));
    }
    request
}

/// The object before the change: mostly nearly the same.
fn old_object(draw: &mut Draw<'_>, object: &Value, place: &str) -> Value {
    let mut old = object.clone();
    match draw.below(12) {
        0 => return self::object(draw).0,
        1 => return draw.json(&["null", "[]", r#"{"spec":7}"#, r#"{"metadata":{}}"#]),
        2 => put(&mut old, place, template(draw)),
        _ => {}
    }
    for _ in 0..=draw.below(2) {
        let list = format!("{place}/spec/{}", draw.one_of(&["containers", "initContainers"]));
        let edit = draw.below(6);
        let Some(Value::Array(containers)) = old.pointer_mut(&list) else { continue };
        if containers.is_empty() {
            continue;
        }
        let at = draw.below(containers.len());
        match edit {
            0 => _ = containers.remove(at),
            1 => containers.rotate_left(at),
            _ => {
                const FIELDS: &[&str] =
                    &["restartPolicy", "startupProbe", "readinessProbe", "lifecycle", "image", "ports"];
                let field = draw.one_of(FIELDS);
                if let Some(Value::Object(container)) = containers.get_mut(at)
                    && container.shift_remove(field).is_none()
                {
                    container.insert(field.to_owned(), json!({}));
                }
            }
        }
    }
    if draw.once_in(4)
        && let Some(Value::Object(metadata)) = old.pointer_mut(&format!("{place}/metadata"))
    {
        metadata.shift_remove("annotations");
        metadata.insert("labels".to_owned(), json!({"team": "payments"}));
    }
    old
}

/// Puts a value at a JSON pointer, and makes the way there.
fn put(object: &mut Value, place: &str, value: Value) {
    let mut at = object;
    for step in place.split('/').skip(1) {
        let step = step.replace("~1", "/");
        at = match step.parse::<usize>() {
            Ok(_) => {
                if !at.is_array() {
                    *at = json!([{}]);
                }
                &mut at[0]
            }
            Err(_) => &mut at[step],
        };
    }
    if place.is_empty() {
        add(at, value);
    } else {
        *at = value;
    }
}

/// Merges fields into an object.
fn merge(into: &mut Value, fields: Value) {
    match (into, fields) {
        (Value::Object(into), Value::Object(fields)) => {
            for (key, value) in fields {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, value) => *into = value,
    }
}
