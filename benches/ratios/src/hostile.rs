//! What the guest alone takes for Pods that are written to keep it busy: four times as much of the same should take about four times as long.

use std::time::{Duration, Instant};

use bench_pods::create;
use policy_host::{Instance, PolicyModule};
use serde_json::{Value, json};

use crate::median::median;

/// How much there is of what a Pod has too much of, before it is four times as much.
const SOME: usize = 250;

/// How often each Pod is judged.
const CALLS: usize = 5;

/// Makes a Pod with this many of something.
type Kind = fn(usize) -> Value;

/// Prints the table of hostile Pods.
///
/// # Errors
/// The module cannot be instantiated, or fails.
pub(crate) fn measure(policy: &PolicyModule) -> anyhow::Result<()> {
    println!("\n{:<44}{:>14}{:>14}{:>10}", "guest only, hostile", "250", "1,000", "growth");
    let instance = policy.instantiate()?;
    let kinds: [(&str, Kind); 8] = [
        ("commands that ask for a port", asking),
        ("variables that name each other twice", naming),
        ("commands that end the container", ending),
        ("classic sidecars that share a deadline", sharing),
        ("sidecars of a Pod that should complete", completing),
        ("mounts, and as many words", mounting),
        ("log shippers, and as many volumes", shipping),
        ("sidecars that name the same port", proxied),
    ];
    for (name, pod) in kinds {
        let [some, more] = [SOME, 4 * SOME].map(|count| create(&pod(count), &settings()));
        let (some, more) = (time(&instance, &some)?, time(&instance, &more)?);
        let growth = more.div_duration_f64(some);
        println!("{name:<44}{:>11.2} ms{:>11.2} ms{growth:>9.1}x", millis(some), millis(more));
    }
    Ok(())
}

/// All repairs, with sidecars that only their names tell.
fn settings() -> Value {
    json!({"fix": "All", "sidecars": [{"match": {"containerNames": ["p*"]}}]})
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The median of some calls.
fn time(instance: &Instance, payload: &str) -> anyhow::Result<Duration> {
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let begin = Instant::now();
        instance.call("validate", payload.as_bytes())?;
        times.push(begin.elapsed());
    }
    Ok(median(times))
}

/// A Pod with these containers in the two lists.
fn pod(init: &Value, apps: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shop", "namespace": "default"},
        "spec": {"initContainers": init, "containers": apps},
    })
}

fn app() -> Value {
    json!({"name": "app", "image": "shop:1", "ports": [{"containerPort": 80}]})
}

fn joined(count: usize, text: impl Fn(usize) -> String) -> String {
    (1..=count).map(text).collect::<Vec<_>>().join("; ")
}

fn asking(count: usize) -> Value {
    let script = joined(count, |port| format!("curl -f localhost:{port}"));
    pod(&json!([{"name": "wait", "image": "curl:1", "command": ["sh", "-c", script]}]), &json!([app()]))
}

fn naming(count: usize) -> Value {
    let variable = |number: usize| {
        let before = number.saturating_sub(1);
        json!({"name": format!("V{number}"), "value": format!("localhost:80 $(V{before}) $(V{before})")})
    };
    let env: Vec<_> = (0..count).map(variable).collect();
    let script = format!("until nc -z $(V{}); do sleep 1; done", count - 1);
    pod(
        &json!([{"name": "wait", "image": "nc:1", "env": env, "command": ["sh", "-c", script]}]),
        &json!([app()]),
    )
}

fn ending(count: usize) -> Value {
    let script = joined(count, |_| "sleep 1; kill 1".to_owned());
    let hook = json!({"exec": {"command": ["sh", "-c", script]}});
    pod(
        &json!([{"name": "proxy", "image": "proxy:1", "restartPolicy": "Always", "lifecycle": {"preStop": hook}}]),
        &json!([app()]),
    )
}

fn classic(number: usize) -> Value {
    json!({
        "name": format!("p{number}"), "image": "proxy:1",
        "args": [format!("--port={number}"), "a:b:c"], "readinessProbe": {"tcpSocket": {"port": number}},
    })
}

fn sharing(count: usize) -> Value {
    let mut apps: Vec<_> = (1..=count).map(classic).collect();
    apps.push(app());
    let mut pod = pod(&json!([]), &apps.into());
    pod["spec"]["activeDeadlineSeconds"] = 600.into();
    pod
}

fn completing(count: usize) -> Value {
    let mut pod = sharing(count);
    pod["spec"]["restartPolicy"] = "Never".into();
    pod
}

fn mounting(count: usize) -> Value {
    let name = |number: usize| format!("v{number}");
    let volumes: Vec<_> = (0..count).map(|number| json!({"name": name(number), "emptyDir": {}})).collect();
    let mounts: Vec<_> = (0..count)
        .map(|number| json!({"name": name(number), "mountPath": format!("/data/{number}")}))
        .collect();
    let words: Vec<_> = (0..count).map(|number| format!("--file=/other/{number}/x")).collect();
    let sidecar = json!({
        "name": "istio-proxy", "image": "istio/proxyv2:1.26.0", "args": words, "volumeMounts": mounts,
    });
    let mut app = app();
    app["volumeMounts"] = sidecar["volumeMounts"].clone();
    let mut pod = pod(&json!([]), &json!([app, sidecar]));
    pod["spec"]["volumes"] = volumes.into();
    pod
}

fn shipping(count: usize) -> Value {
    let volumes: Vec<_> = (0..count)
        .map(|number| json!({"name": format!("v{number}"), "hostPath": {"path": format!("/logs/{number}")}}))
        .collect();
    // They are sidecars only beside an application, which comes last.
    let mut apps: Vec<_> = (0..count)
        .map(|number| json!({"name": format!("f{number}"), "image": "fluent/fluent-bit:3.2.0"}))
        .collect();
    apps.push(app());
    let mut pod = pod(&json!([]), &apps.into());
    pod["spec"]["volumes"] = volumes.into();
    pod
}

fn proxied(count: usize) -> Value {
    let sidecar = |number: usize| {
        let mut sidecar = classic(number);
        sidecar["restartPolicy"] = "Always".into();
        sidecar["env"] = json!([{"name": "http_proxy", "value": "localhost:65535"}]);
        sidecar
    };
    let init: Vec<_> = (1..=count).map(sidecar).collect();
    pod(&init.into(), &json!([app()]))
}
