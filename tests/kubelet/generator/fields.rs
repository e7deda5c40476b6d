//! Fields of containers: probes of all kinds, hooks, mounts.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

pub(super) fn http(path: &str, port: u16) -> Value {
    json!({"httpGet": {"path": path, "port": port}})
}

/// What daprd's injector gives it.
pub(super) fn healthz() -> Value {
    http("/v1.0/healthz", 3501)
}

/// The probe, asked every second for a minute.
pub(super) fn quick(probe: &Value) -> Value {
    let mut probe = probe.clone();
    probe["periodSeconds"] = json!(1);
    probe["failureThreshold"] = json!(60);
    probe
}

fn exec(words: &[&str]) -> Value {
    json!({"exec": {"command": words}})
}

fn script(script: &str) -> Value {
    exec(&["sh", "-c", script])
}

/// Handlers of probes: on ports that may be the asker's, another's or nobody's; commands of all kinds.
pub(super) fn handlers() -> Vec<Value> {
    let ports = [8080, 9090, 9090, 9901, 4180, 2020, 3000, 8081];
    let mut handlers: Vec<_> = ports.into_iter().map(|port| http("/ready", port)).collect();
    handlers.extend([
        http("/startup", 9090),
        http("/startup", 9801),
        http("/v1.0/healthz/outbound", 3501),
        json!({"tcpSocket": {"port": 8080}}),
        json!({"tcpSocket": {"port": "admin"}}),
        json!({"grpc": {"port": 9090}}),
        exec(&["agent", "ready"]),
        exec(&["agent", "ready"]),
        exec(&["curl", "-f", "http://localhost:8080/"]),
        exec(&["nc", "-z", "127.0.0.1", "9090"]),
        script("wget -q -O- http://[::1]:8080/ready"),
        exec(&["test", "-f", "/work/ready"]),
        exec(&["test", "-f", "/certs/tls.crt"]),
        exec(&["test", "-f", "/tmp/ready"]),
        exec(&["true"]),
        exec(&["false"]),
        exec(&["sleep", "15"]),
        script("curl -f http://localhost:9090/ || true"),
    ]);
    handlers
}

pub(super) fn hooks() -> Vec<Value> {
    vec![
        script("until nc -z localhost 8080; do sleep 1; done"),
        script("until nc -z localhost 9090; do sleep 1; done"),
        script("until test -f /certs/tls.crt; do sleep 1; done"),
        script("until agent ready; do sleep 1; done"),
        exec(&["curl", "-f", "http://localhost:9090/ready"]),
        exec(&["true"]),
        script("sleep 3; exit 1"),
        json!({"sleep": {"seconds": 3}}),
        json!({"httpGet": {"path": "/ready", "port": 8080}}),
        json!({"tcpSocket": {"port": 8080}}),
    ]
}

fn probe() -> impl Strategy<Value = Value> + Clone {
    // Some keep the defaults, which are slow.
    (select(handlers()), prop_oneof![4 => Just(true), 1 => Just(false)])
        .prop_map(|(handler, is_quick)| if is_quick { quick(&handler) } else { handler })
}

pub(super) fn ports() -> Vec<Value> {
    vec![
        json!([{"containerPort": 8080}]),
        json!([{"containerPort": 9090}]),
        json!([{"name": "admin", "containerPort": 9901}]),
    ]
}

/// Each field with a weight of ten: how often it is there.
fn fields<const N: usize>(
    strategies: [(&'static str, u32, BoxedStrategy<Value>); N],
) -> impl Strategy<Value = Value> + Clone {
    let optional = strategies.map(|(key, weight, strategy)| {
        let is_there = prop_oneof![weight => Just(true), 10 - weight => Just(false)];
        (is_there, strategy).prop_map(move |(is_there, value)| is_there.then_some((key, value))).boxed()
    });
    optional.to_vec().prop_map(|fields| {
        fields.into_iter().flatten().fold(json!({}), |mut all, (key, value)| {
            all[key] = value;
            all
        })
    })
}

fn hook() -> BoxedStrategy<Value> {
    select(hooks()).prop_map(|hook| json!({"postStart": hook})).boxed()
}

pub(super) fn of_sidecar() -> impl Strategy<Value = Value> + Clone {
    fields([
        ("startupProbe", 5, probe().boxed()),
        ("readinessProbe", 5, probe().boxed()),
        ("livenessProbe", 2, probe().boxed()),
        ("lifecycle", 2, hook()),
        ("ports", 3, select(ports()).boxed()),
    ])
}

pub(super) fn of_classic() -> impl Strategy<Value = Value> + Clone {
    fields([
        ("startupProbe", 1, probe().boxed()),
        ("readinessProbe", 6, probe().boxed()),
        ("livenessProbe", 2, probe().boxed()),
        ("lifecycle", 2, hook()),
        ("ports", 3, select(ports()).boxed()),
    ])
}

pub(super) fn of_application() -> impl Strategy<Value = Value> + Clone {
    fields([
        ("readinessProbe", 3, probe().boxed()),
        ("lifecycle", 1, hook()),
        ("ports", 3, select(ports()).boxed()),
    ])
}

pub(super) fn volumes() -> Value {
    json!([
        {"name": "work", "emptyDir": {}},
        {"name": "certs", "emptyDir": {"medium": "Memory"}},
        {"name": "config", "configMap": {"name": "shop"}},
    ])
}

pub(super) fn mounts() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Vec::new()), subsequence(all_mounts(), 1..3)].prop_map(mounts_of)
}

pub(super) fn all_mounts() -> Vec<Value> {
    vec![
        json!({"name": "work", "mountPath": "/work"}),
        json!({"name": "work", "mountPath": "/work", "readOnly": true}),
        json!({"name": "certs", "mountPath": "/certs"}),
        json!({"name": "certs", "mountPath": "/certs", "readOnly": true}),
        json!({"name": "config", "mountPath": "/etc/config"}),
    ]
}

/// The field for these mounts, each volume once.
pub(super) fn mounts_of(mut mounts: Vec<Value>) -> Value {
    mounts.dedup_by_key(|mount| mount["name"].clone());
    if mounts.is_empty() { json!({}) } else { json!({"volumeMounts": mounts}) }
}
