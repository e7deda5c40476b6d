//! Measures `validate` as a multiple of the floor: a module that does not read the request.
//!
//! The three modules take turns in one run, each in one long-lived instance, as in `kwctl bench`. It prints medians. Times depend on
//! the machine; compare the ratios.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use policy_host::{AdmissionRequest, Instance, PolicyModule};
use serde_json::{Value, json};

/// The number of turns per module, and of containers per turn, so that large Pods take no longer than small ones.
const TURNS: usize = 40;
const CONTAINERS_IN_A_TURN: usize = 500;

const MODULES: [(&str, &str); 3] =
    [("floor", "bench_floor"), ("typed read", "bench_typed_read"), ("this policy", "sidecar_startup_policy")];

fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).context("usage: bench-ratios FOLDER-OF-MODULES")?;
    let mut modules = Vec::new();
    for (name, file) in MODULES {
        let path = Path::new(&folder).join(file).with_extension("wasm");
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        modules.push((name, PolicyModule::compile(&bytes)?.instantiate()?));
    }
    println!("{:<34}{:>10}  typed read   this policy", "request", "floor");
    for (containers, variables) in [(1, 0), (10, 24), (50, 24), (500, 24)] {
        measure(containers, &modules, &clean_pod(containers, variables))?;
    }
    Ok(())
}

fn measure(containers: usize, modules: &[(&str, Instance)], object: &Value) -> anyhow::Result<()> {
    let request = json!({
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "operation": "CREATE",
        "userInfo": {"username": "alice", "uid": "alice-uid", "groups": ["system:authenticated"]},
        "object": object,
    });
    let request = AdmissionRequest::from_value(request)?;
    let settings = json!({});
    let mut times = vec![Vec::new(); modules.len()];
    for _ in 0..TURNS {
        for ((module, instance), times) in modules.iter().zip(&mut times) {
            for _ in 0..CONTAINERS_IN_A_TURN / containers {
                let start = Instant::now();
                // `kwctl bench` measures the clone as well.
                let response = instance.validate(request.clone(), &settings);
                times.push(start.elapsed());
                ensure!(
                    response.allowed && response.warnings.is_none(),
                    "{module} does not accept a clean Pod"
                );
            }
        }
    }
    let medians: Vec<_> = times.into_iter().map(median).collect();
    let [floor, typed, policy] = medians.as_slice() else {
        return Ok(());
    };
    let ratio = |time: &Duration| time.as_secs_f64() / floor.as_secs_f64();
    let kilobytes = object.to_string().len().div_ceil(1000);
    println!(
        "{:<34}{:>7.1} us  {:>9.2}x  {:>11.2}x",
        format!("clean Pod, containers {containers}, {kilobytes} kB"),
        floor.as_secs_f64() * 1e6,
        ratio(typed),
        ratio(policy)
    );
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// A Pod without violations: a number of typical app containers, each with `variables` environment variables, probes, ports and
/// resources, and a sidecar container with a startupProbe if there are several.
fn clean_pod(containers: usize, variables: usize) -> Value {
    let container = |index: usize| {
        let env: Vec<_> = (0..variables)
            .map(|variable| json!({"name": format!("VARIABLE_{variable}"), "value": format!("value of {variable} in {index}")}))
            .collect();
        json!({
            "name": format!("worker-{index}"),
            "image": "registry.example.com/team/worker:1.2.3",
            "imagePullPolicy": "IfNotPresent",
            "args": ["--listen=0.0.0.0:8080", "--verbose"],
            "env": env,
            "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
            "resources": {"limits": {"memory": "128Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
            "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}, "initialDelaySeconds": 10},
            "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "token", "mountPath": "/var/run/token", "readOnly": true}],
            "securityContext": {"allowPrivilegeEscalation": false, "runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        })
    };
    let sidecar = json!({
        "name": "proxy",
        "image": "registry.example.com/team/proxy:1",
        "restartPolicy": "Always",
        "startupProbe": {"httpGet": {"path": "/ready", "port": 15021}, "periodSeconds": 1, "failureThreshold": 600},
    });
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "clean", "namespace": "default", "labels": {"app": "clean"}},
        "spec": {
            "initContainers": if 1 < containers { vec![sidecar] } else { Vec::new() },
            "containers": (0..containers).map(container).collect::<Vec<_>>(),
            "restartPolicy": "Always",
            "serviceAccountName": "default",
            "volumes": [{"name": "data", "emptyDir": {}}],
        },
    })
}
