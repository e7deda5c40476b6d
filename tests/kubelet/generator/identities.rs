//! Containers by name and image, each with sets of fields that it is really run with.

use serde_json::{Value, json};

use super::fields;

/// A name, an image, and the sets of fields to choose from.
pub(super) type Identity = (&'static str, &'static str, Vec<Value>);

/// Sidecars, native or classic.
pub(super) fn sidecars() -> Vec<Identity> {
    well_known().into_iter().chain(others()).collect()
}

/// Sidecars that the application needs, known without a word from the operator.
fn well_known() -> Vec<Identity> {
    let proxy = |flags: &[&str]| {
        let mut args = flags.to_vec();
        args.push("project:region:db");
        json!({"args": args})
    };
    let health = ["--health-check", "--http-address=0.0.0.0"];
    vec![
        (
            "cloud-sql-proxy",
            "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.15.0",
            vec![
                proxy(&health),
                proxy(&[&health[..], &["--http-port=9801"]].concat()),
                proxy(&[&health[..], &["--credentials-file=/vault/secrets/key.json"]].concat()),
                proxy(&[&health[..], &["--credentials-file=/certs/key.json"]].concat()),
                proxy(&[&health[..], &["--config-file=/etc/config/proxy.toml"]].concat()),
                proxy(&[&health[..], &["--http-address=127.0.0.1"]].concat()),
                proxy(&["--health-check"]),
                proxy(&[]),
            ],
        ),
        (
            "spiffe-helper",
            "ghcr.io/spiffe/spiffe-helper:0.8.0",
            vec![json!({"args": ["-config", "/etc/config/helper.conf"]}), json!({})],
        ),
        (
            "vault-agent",
            "hashicorp/vault:1.20",
            vec![json!({"args": ["agent", "-config=/etc/config/agent.hcl"]})],
        ),
        (
            "daprd",
            "ghcr.io/dapr/daprd:1.15.0",
            vec![
                json!({"args": ["--app-port", "8080", "--dapr-public-port", "3501"], "readinessProbe": fields::healthz()}),
                json!({"args": ["--dapr-public-port", "3501"], "readinessProbe": fields::healthz()}),
            ],
        ),
    ]
}

/// Helpers, and what the operator declares.
fn others() -> Vec<Identity> {
    vec![
        (
            "oauth2-proxy",
            "quay.io/oauth2-proxy/oauth2-proxy:v7.6.0",
            vec![json!({"args": ["--http-address=0.0.0.0:4180", "--upstream=http://127.0.0.1:8080"]})],
        ),
        (
            "fluent-bit",
            "fluent/fluent-bit:3.1",
            vec![json!({"args": ["-c", "/etc/config/fluent-bit.conf"]}), json!({})],
        ),
        (
            "git-sync",
            "registry.k8s.io/git-sync/git-sync:v4.2.0",
            vec![json!({"args": ["--root=/work/git", "--http-bind=:1234"]})],
        ),
        (
            "envoy",
            "envoyproxy/envoy:v1.30.0",
            vec![
                json!({"args": ["-c", "/etc/envoy/envoy.yaml"]}),
                json!({}),
                json!({"args": ["--certificates=/certs/tls.crt"]}),
            ],
        ),
        ("nginx", "nginx:1.27", vec![json!({}), json!({"ports": [{"containerPort": 8443}]})]),
        ("log-shipper", "shipper:1", vec![json!({}), json!({"args": ["--watch=/work/logs"]})]),
        ("agent", "agent:1", agents()),
    ]
}

/// How somebody's own agent tells where it listens, or does not.
fn agents() -> Vec<Value> {
    vec![
        json!({}),
        json!({"args": ["--verbose"]}),
        json!({"args": ["--port=8080"]}),
        json!({"args": ["--http-address=0.0.0.0:9090"]}),
        json!({"args": ["--config=/etc/config/agent.yaml"]}),
        json!({"command": ["sh", "-c", "until nc -z localhost 9090; do sleep 1; done; exec agent"]}),
        json!({"env": [{"name": "PORT", "value": "9090"}]}),
        json!({"envFrom": [{"configMapRef": {"name": "agent"}}]}),
    ]
}

pub(super) fn applications() -> Vec<Identity> {
    let fields = vec![
        json!({}),
        json!({"ports": [{"containerPort": 8080}]}),
        json!({"ports": [{"name": "http", "containerPort": 8080}], "readinessProbe": fields::http("/ready", 8080)}),
        json!({"ports": [{"containerPort": 8080}], "env": [{"name": "PORT", "value": "3000"}]}),
        json!({"ports": [{"containerPort": 3000}], "startupProbe": fields::quick(&fields::http("/", 3000))}),
        json!({"command": ["sh", "-c", "until nc -z localhost 9090; do sleep 1; done; exec shop"]}),
        json!({"args": ["--secrets=/vault/secrets/db.json"]}),
    ];
    let more = vec![json!({}), json!({"ports": [{"containerPort": 9090}]})];
    vec![("shop", "shop:1", fields.clone()), ("web", "web:1", fields), ("worker", "worker:1", more)]
}

pub(super) fn init_containers() -> Vec<Identity> {
    let script = |script: &str| json!({"command": ["sh", "-c", script]});
    vec![
        (
            "migrate",
            "shop:1",
            vec![
                json!({}),
                json!({"command": ["migrate", "--up"]}),
                script("until nc -z localhost 9090; do sleep 1; done; migrate"),
                script("until pg_isready -h postgres -p 5432; do sleep 2; done"),
                json!({"command": ["curl", "-f", "https://config.example.com/seed"]}),
            ],
        ),
        ("render-config", "render:1", vec![json!({}), json!({"args": ["--out=/work/config"]})]),
        (
            "wait-for-app",
            "busybox:1",
            vec![script("until nc -z 127.0.0.1 8080; do sleep 1; done"), json!({"command": ["true"]})],
        ),
    ]
}
