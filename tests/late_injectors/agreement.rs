//! The companion adds nothing that the policy, with `fix: Safe`, would not add; but for probes that run in the container, which no mesh
//! stands in the way of. The policy goes by the order of the containers there, which the companion does not know.

use std::cell::Cell;
use std::path::Path;

use acceptance::case::{Case, discover};
use acceptance::generators::pods;
use acceptance::outcome::Outcome;
use anyhow::ensure;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::engine::Policy;
use crate::examples::{Example, added, policy};
use crate::rows::is_exec;

/// What the policy repairs without any setting of a user.
fn settings() -> Value {
    json!({"fix": "Safe", "defaultAction": "Warn"})
}

/// How many probes the companion adds to a Pod.
fn agreed(policy: &Policy, pod: &Value) -> anyhow::Result<usize> {
    let ours = added(pod, &policy.mutate(pod, &json!({}))?)?;
    if ours.is_empty() {
        return Ok(0);
    }
    let outcome = Outcome::of_library(&Case::with_settings(pod.clone(), settings()));
    let repaired = outcome.object.unwrap_or_else(|| pod.clone());
    for (name, probe) in &ours {
        if is_exec(probe) && policy.is_meshed(pod)? {
            continue;
        }
        let containers = repaired["spec"]["initContainers"].as_array().into_iter().flatten();
        let theirs = containers
            .filter(|container| container["name"] == **name)
            .map(|container| &container["startupProbe"]);
        let theirs: Vec<_> = theirs.collect();
        ensure!(
            theirs == [probe],
            "{name} gets {probe}, but of the policy {theirs:?}: {pod:#} {:?}",
            outcome.seen.warnings
        );
    }
    Ok(ours.len())
}

/// Words, variables and images that the conditions of the rows are about, in all forms.
fn variation() -> impl Strategy<Value = (Vec<String>, Vec<(&'static str, &'static str)>, &'static str)> {
    let words = [
        "--health-check",
        "--health-check=false",
        "-health-check=T",
        "--http-address=0.0.0.0",
        "--http-address",
        "0.0.0.0",
        "--http-address=127.0.0.1",
        "--http-port",
        "9801",
        "--http-port=9091",
        "--config-file=/c",
        "--dapr-public-port",
        "3501",
        "--dapr-public-port=3502",
        "--dapr-public-listen-address=127.0.0.1",
        "-use_http_health_check",
        "-health_check_port=8091",
        "-config-file=/c",
        "-envoy-admin-bind-port=19000",
        "-envoy-admin-bind-port",
        "19001",
        "-H",
        "-Htcp://0.0.0.0",
        "--host=unix:///var/run/docker.sock",
        "--host=tcp://0.0.0.0:2375",
        "sh",
        "-c",
        "$(ARGS)",
        "--",
        "health-check",
        "--http-port=$(PORT)",
        "-p",
    ];
    let variables = [
        ("CSQL_PROXY_HEALTH_CHECK", "true"),
        ("CSQL_PROXY_HEALTH_CHECK", "0"),
        ("CSQL_PROXY_HTTP_ADDRESS", "0.0.0.0"),
        ("CSQL_PROXY_HTTP_ADDRESS", "localhost"),
        ("CSQL_PROXY_HTTP_PORT", "9802"),
        ("CSQL_PROXY_CONFIG_FILE", "/c"),
        ("ALLOYDB_PROXY_HEALTH_CHECK", "1"),
        ("ALLOYDB_PROXY_HTTP_ADDRESS", "::"),
        ("ALLOYDB_PROXY_HTTP_PORT", "x"),
        ("DOCKER_HOST", "tcp://x"),
        ("DP_ENVOY_ADMIN_BIND_PORT", "19000"),
        ("DP_ENVOY_ADMIN_BIND_ADDRESS", "0.0.0.0"),
        ("X", "a\nCSQL_PROXY_HEALTH_CHECK=true\nb"),
    ];
    let tags = [
        "",
        ":latest",
        ":1.9.9",
        ":1.10",
        ":v1.10.0-rc.1",
        ":1.17.1",
        ":2",
        ":2.15.0",
        ":2.7.9",
        ":1.8.1",
        ":1.8.2-dev",
        ":1.25",
        ":0.5.0",
        ":0.4.9",
        ":27-dind",
        ":dind",
        ":1.33.7",
        ":01.10",
        ":1.10.",
        ":edge-1.10",
        ":1.100",
        "@sha256:0011",
        ":1.16.0@sha256:0011",
    ];
    (
        subsequence(words.map(str::to_owned).to_vec(), 0..8).prop_shuffle(),
        subsequence(variables.to_vec(), 0..4).prop_shuffle(),
        select(tags.to_vec()),
    )
}

pub(crate) fn adds_nothing_else(root: &Path) -> anyhow::Result<()> {
    let policy = policy(root)?;
    for case in discover(&root.join("tests/cases"))? {
        if case.object["kind"] == "Pod" && !case.has_request() {
            // What is no Pod for an API server is no Pod for CEL.
            if policy.mutate(&case.object, &json!({})).is_ok() {
                agreed(&policy, &case.object).map_err(|error| error.context(case.name.clone()))?;
            }
        }
    }
    for example in Example::all()?.into_iter().filter(|example| example.namespace.is_empty()) {
        agreed(&policy, &example.pod()).map_err(|error| error.context(example.name.clone()))?;
    }
    let config = |cases| Config { cases, failure_persistence: None, ..Config::default() };
    let runner =
        |cases| TestRunner::new_with_rng(config(cases), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let fail = |error: anyhow::Error| TestCaseError::fail(format!("{error:#}"));
    let count = Cell::new(0);
    runner(200).run(&pods::case(), |case| {
        count.set(count.get() + agreed(&policy, &case.object).map_err(fail)?);
        Ok(())
    })?;
    let identities = [
        ("daprd", "docker.io/daprio/daprd"),
        ("daprd", "ghcr.io/dapr/daprd"),
        ("cloud-sql-proxy", "gcr.io/cloud-sql-connectors/cloud-sql-proxy"),
        ("csql-default-shop", "gcr.io/cloud-sql-connectors/cloud-sql-proxy"),
        ("cloud-sql-proxy", "gcr.io/cloudsql-docker/gce-proxy"),
        ("alloydb-auth-proxy", "gcr.io/alloydb-connectors/alloydb-auth-proxy"),
        ("consul-dataplane", "hashicorp/consul-dataplane"),
        ("plugin-barman-cloud", "ghcr.io/cloudnative-pg/plugin-barman-cloud-sidecar"),
        ("dind", "docker"),
    ];
    let varied = Cell::new(0);
    runner(250).run(&(select(identities.to_vec()), variation()), |((name, image), (args, env, tag))| {
        let env: Vec<_> = env.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        let sidecar = json!({"name": name, "image": format!("{image}{tag}"), "restartPolicy": "Always", "args": args, "env": env});
        let spec = json!({"initContainers": [sidecar], "containers": [{"name": "shop", "image": "shop:1"}]});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shop"}, "spec": spec});
        varied.set(varied.get() + agreed(&policy, &pod).map_err(fail)?);
        Ok(())
    })?;
    ensure!(
        count.get() > 0 && varied.get() > 10,
        "only {} and {} probes are added",
        count.get(),
        varied.get()
    );
    Ok(())
}
