//! Probes and hooks.

use serde_json::{Value, json};

use crate::draw::Draw;

const HANDLERS: &[&str] = &[
    r#"{"httpGet":{"path":"/ready","port":8080}}"#,
    r#"{"httpGet":{"path":"/healthz/ready","port":15021}}"#,
    r#"{"httpGet":{"path":"/app-health/shop/readyz","port":15020}}"#,
    r#"{"httpGet":{"port":"admin","host":"127.0.0.1","httpHeaders":[{"name":"Host","value":"a"}],"scheme":"HTTPS"}}"#,
    r#"{"httpGet":{"path":"startup","port":9090}}"#,
    r#"{"httpGet":{"path":"/v1.0/healthz/outbound","port":3501}}"#,
    r#"{"tcpSocket":{"port":8080}}"#,
    r#"{"tcpSocket":{"port":"admin"}}"#,
    r#"{"tcpSocket":{"port":0}}"#,
    r#"{"tcpSocket":{"port":"8080","host":"db"}}"#,
    r#"{"grpc":{"port":9090}}"#,
    r#"{"grpc":{"port":9090,"service":"health"}}"#,
    r#"{"exec":{"command":["agent","ready"]}}"#,
    r#"{"exec":{"command":["true"]}}"#,
    r#"{"exec":{"command":["false"]}}"#,
    r#"{"exec":{"command":["sleep","infinity"]}}"#,
    r#"{"exec":{"command":["sh","-c","sleep 20; exit 0"]}}"#,
    r#"{"exec":{"command":["sh","-c","nc -z localhost 8080 || true"]}}"#,
    r#"{"exec":{"command":["sh","-c","curl -fs http://127.0.0.1:9090/ready && test -f /work/ready"]}}"#,
    r#"{"exec":{"command":["/bin/sh","-ec","until wget -q -O- http://[::1]:8080/; do sleep 1; done"]}}"#,
    r#"{"exec":{"command":["test","-f","/work/ready"]}}"#,
    r#"{"exec":{"command":["cat","/vault/secrets/db"]}}"#,
    r#"{"exec":{"command":[]}}"#,
    r#"{"exec":{}}"#,
    "{}",
    r#"{"httpGet":{"path":"/","port":99999}}"#,
    r#"{"exec":{"command":["true"]},"tcpSocket":{"port":1}}"#,
];

const HOOKS: &[&str] = &[
    r#"{"exec":{"command":["pilot-agent","wait"]}}"#,
    r#"{"exec":{"command":["sh","-c","until nc -z localhost 8080; do sleep 1; done"]}}"#,
    r#"{"exec":{"command":["sh","-c","until curl -s localhost:9090; do sleep 1; done"]}}"#,
    r#"{"exec":{"command":["sh","-c","sleep 3; exit 1"]}}"#,
    r#"{"exec":{"command":["sh","-c","curl -X POST localhost:15020/quitquitquit"]}}"#,
    r#"{"exec":{"command":["sh","-c","kill -TERM 1"]}}"#,
    r#"{"exec":{"command":["/usr/lib/linkerd/linkerd-await","--timeout=2m","--port=4191"]}}"#,
    r#"{"exec":{"command":["true"]}}"#,
    r#"{"exec":{"command":["sleep","5"]}}"#,
    r#"{"sleep":{"seconds":5}}"#,
    r#"{"httpGet":{"path":"/quitquitquit","port":15020}}"#,
    r#"{"httpGet":{"path":"/ready","port":"admin"}}"#,
    r#"{"tcpSocket":{"port":8080}}"#,
    "{}",
];

/// Any probe; most have a handler and times that make sense.
pub(super) fn probe(draw: &mut Draw<'_>) -> Value {
    let mut probe = draw.json(HANDLERS);
    for (key, values) in [
        ("periodSeconds", [1, 10, 3, 0, -1, 600]),
        ("failureThreshold", [60, 3, 600, 1, 0, i64::MAX]),
        ("initialDelaySeconds", [0, 5, 30, 601, -5, i64::from(i32::MAX)]),
        ("timeoutSeconds", [1, 3, 10, 30, 0, -1]),
        ("successThreshold", [1, 1, 1, 2, 0, -1]),
        ("terminationGracePeriodSeconds", [30, 1, 5, 600, 0, -1]),
    ] {
        if draw.once_in(3) {
            probe[key] = json!(draw.one_of(&values));
        }
    }
    probe
}

/// Any hooks.
pub(super) fn lifecycle(draw: &mut Draw<'_>) -> Value {
    let mut lifecycle = json!({});
    for (key, times) in [("postStart", 2), ("preStop", 3)] {
        if draw.once_in(times) {
            lifecycle[key] = draw.json(HOOKS);
        }
    }
    if draw.once_in(16) {
        lifecycle["stopSignal"] = json!("SIGTERM");
    }
    lifecycle
}
