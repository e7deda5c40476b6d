//! Pods at random, put together from what stands in real ones, with whatever tells who needs whom: volumes, ports, commands, probes,
//! hooks, meshes that are there and injectors to come.

mod fields;
mod meshes;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::needs::Declared;

/// A Pod, and the settings under which it is judged.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) pod: Value,
    pub(crate) settings: Value,
}

/// The sidecars that the settings of every case declare, those whose probe the operator gives among them.
pub(crate) const DECLARED: [Declared; 5] = [
    Declared { name: "envoy", has_probe: false },
    Declared { name: "nginx", has_probe: false },
    Declared { name: "agent", has_probe: false },
    Declared { name: "git-sync", has_probe: false },
    Declared { name: "log-shipper", has_probe: true },
];

/// Sidecars, native or classic, each with arguments that it is really run with.
fn sidecars() -> Vec<(&'static str, &'static str, Vec<Value>)> {
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
        (
            "agent",
            "agent:1",
            vec![
                json!({}),
                json!({"args": ["--verbose"]}),
                json!({"args": ["--port=8080"]}),
                json!({"args": ["--http-address=0.0.0.0:9090"]}),
                json!({"args": ["--config=/etc/config/agent.yaml"]}),
                json!({"command": ["sh", "-c", "until nc -z localhost 9090; do sleep 1; done; exec agent"]}),
                json!({"env": [{"name": "PORT", "value": "9090"}]}),
                json!({"envFrom": [{"configMapRef": {"name": "agent"}}]}),
            ],
        ),
    ]
}

fn applications() -> Vec<(&'static str, &'static str, Vec<Value>)> {
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

fn init_containers() -> Vec<(&'static str, &'static str, Vec<Value>)> {
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

/// One container out of a list, with one of its sets of fields, mounts and whatever its place allows.
fn container(
    identities: Vec<(&'static str, &'static str, Vec<Value>)>,
    more: impl Strategy<Value = Value> + Clone + 'static,
) -> impl Strategy<Value = Value> {
    select(identities).prop_flat_map(move |(name, image, fields)| {
        (select(fields), fields::mounts(), more.clone()).prop_map(move |(own, mounts, more)| {
            let mut container = json!({"name": name, "image": image});
            // What a container is run with stands above what is drawn for any.
            for part in [more, mounts, own].into_iter().filter_map(|part| part.as_object().cloned()) {
                container.as_object_mut().into_iter().for_each(|fields| fields.extend(part.clone()));
            }
            container
        })
    })
}

fn spec() -> impl Strategy<Value = Value> {
    let native = container(sidecars(), fields::of_sidecar()).prop_map(|mut container| {
        container["restartPolicy"] = json!("Always");
        container
    });
    let stripped = container(sidecars(), Just(json!({})));
    // An outdated client may have dropped the restartPolicy.
    let init = prop_oneof![10 => native, 5 => container(init_containers(), Just(json!({}))), 1 => stripped];
    let classic = prop_oneof![2 => container(sidecars(), fields::of_classic()), 1 => container(applications(), fields::of_application())];
    let shop = container(applications().into_iter().take(1).collect(), fields::of_application());
    let policies = prop_oneof![8 => Just(json!(null)), 1 => Just(json!("Never"))];
    (vec(init, 0..3), shop, any::<bool>(), vec(classic, 0..3), policies).prop_map(
        |(init, shop, is_first, rest, policy)| {
            let mut apps = rest;
            apps.insert(if is_first { 0 } else { apps.len() }, shop);
            let mut spec = json!({"initContainers": init, "containers": apps, "volumes": fields::volumes()});
            if !policy.is_null() {
                spec["restartPolicy"] = policy;
            }
            spec
        },
    )
}

fn settings() -> impl Strategy<Value = Value> {
    let sidecars: Vec<_> = DECLARED
        .iter()
        .map(|declared| {
            let mut sidecar = json!({"match": {"containerNames": [declared.name]}});
            if declared.has_probe {
                sidecar["startupProbe"] = fields::quick(&fields::http("/health", 2020));
            }
            sidecar
        })
        .collect();
    let parts = vec![
        ("gates", json!(["StartupProbe", "PostStart"])),
        ("mesh", json!({"istio": "Native", "linkerd": "Native"})),
        ("mesh", json!({"istio": "Hold", "linkerd": "Hold"})),
        ("rules", json!({"classic-sidecar": "Ignore"})),
    ];
    // Most operators leave most settings alone.
    prop_oneof![Just(Vec::new()), subsequence(parts, 1..3)].prop_map(move |parts| {
        let mut settings = json!({"sidecars": sidecars});
        for (key, value) in parts {
            settings[key] = value;
        }
        settings
    })
}

/// Any case.
pub(crate) fn case() -> impl Strategy<Value = Case> {
    (spec(), meshes::injected(), meshes::metadata(), settings()).prop_map(
        |(mut spec, mesh, metadata, settings)| {
            mesh.add_to(&mut spec);
            keep_first_of_each_name(&mut spec);
            let metadata = if mesh.is_there() { json!({"name": "shop"}) } else { metadata };
            Case {
                pod: json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}),
                settings,
            }
        },
    )
}

/// A name stands in a Pod once.
fn keep_first_of_each_name(spec: &mut Value) {
    let mut seen = Vec::new();
    // The application stays whatever else there is.
    for key in ["containers", "initContainers"] {
        if let Some(list) = spec[key].as_array_mut() {
            list.retain(|container| {
                let name = container["name"].clone();
                let is_new = !seen.contains(&name);
                seen.push(name);
                is_new
            });
        }
    }
}
