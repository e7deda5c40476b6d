//! The Pods that are measured, and the requests around them.

#![expect(clippy::indexing_slicing, reason = "a benchmark")]

use serde_json::{Value, json};

/// The gate of a sidecar container.
#[derive(Debug, Clone, Copy)]
pub enum Gate {
    /// A `startupProbe`.
    Startup,
    /// Only a `readinessProbe`, from which a repair derives one.
    Readiness,
}

/// A Pod without violations: a number of typical app containers, each with `variables` environment variables, probes, ports and
/// resources, and a sidecar container with a `startupProbe` if there are several.
#[must_use]
pub fn clean_pod(containers: usize, variables: usize) -> Value {
    pod(containers, variables, usize::from(1 < containers), Gate::Startup)
}

/// A Pod of typical app containers, each with `variables` environment variables, and sidecar containers with the same gate.
#[must_use]
pub fn pod(containers: usize, variables: usize, sidecars: usize, gate: Gate) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "clean", "namespace": "default", "labels": {"app": "clean"}},
        "spec": {
            "initContainers": (0..sidecars).map(|index| sidecar(index, gate)).collect::<Vec<_>>(),
            "containers": (0..containers).map(|index| app(index, variables)).collect::<Vec<_>>(),
            "restartPolicy": "Always",
            "serviceAccountName": "default",
            "volumes": [{"name": "data", "emptyDir": {}}],
        },
    })
}

fn app(index: usize, variables: usize) -> Value {
    let variable = |variable: usize| json!({"name": format!("VARIABLE_{variable}"), "value": format!("value of {variable} in {index}")});
    json!({
        "name": format!("worker-{index}"),
        "image": "registry.example.com/team/worker:1.2.3",
        "imagePullPolicy": "IfNotPresent",
        "args": ["--listen=0.0.0.0:8080", "--verbose"],
        "env": (0..variables).map(variable).collect::<Vec<_>>(),
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "resources": {"limits": {"memory": "128Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
        "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}, "initialDelaySeconds": 10},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "token", "mountPath": "/var/run/token", "readOnly": true}],
        "securityContext": {"allowPrivilegeEscalation": false, "runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    })
}

/// A sidecar container with a port of its own.
fn sidecar(index: usize, gate: Gate) -> Value {
    let mut sidecar = json!({
        "name": format!("proxy-{index}"),
        "image": "registry.example.com/team/proxy:1",
        "restartPolicy": "Always",
    });
    let (field, probe) = match gate {
        Gate::Startup => ("startupProbe", json!({"periodSeconds": 1, "failureThreshold": 600})),
        Gate::Readiness => ("readinessProbe", json!({"periodSeconds": 5})),
    };
    sidecar[field] = probe;
    sidecar[field]["httpGet"] = json!({"path": "/ready", "port": 15_021 + index});
    sidecar
}

/// The Pod with a classic sidecar that the catalogue knows in front of the apps.
fn with_classic_sidecar(mut pod: Value) -> Value {
    let sidecar = json!({
        "name": "cloud-sql-proxy",
        "image": "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.15.0",
        "args": ["--health-check", "--http-address=0.0.0.0", "--port=5432", "project:region:instance"],
    });
    if let Some(containers) = pod.pointer_mut("/spec/containers").and_then(Value::as_array_mut) {
        containers.insert(0, sidecar);
    }
    pod
}

/// Pods that can be repaired, each with what is to be done.
#[must_use]
pub fn repairable() -> [(&'static str, Value); 3] {
    [
        ("1 container, 3 probes to derive", pod(1, 24, 3, Gate::Readiness)),
        ("10 containers, 3 probes to derive", pod(10, 24, 3, Gate::Readiness)),
        ("10 containers, a sidecar to move", with_classic_sidecar(pod(10, 24, 0, Gate::Startup))),
    ]
}

/// Settings that deny those, or repair them with this `fix`.
#[must_use]
pub fn strict(fix: &str) -> Value {
    json!({"fix": fix, "defaultAction": "Deny", "rules": {"classic-sidecar": "Deny"}})
}

/// The payload of `validate` for the creation of a Pod.
#[must_use]
pub fn create(pod: &Value, settings: &Value) -> String {
    payload("CREATE", pod, None, settings)
}

/// The payload of `validate` for an operation on a Pod.
#[must_use]
pub fn payload(operation: &str, pod: &Value, old: Option<&Value>, settings: &Value) -> String {
    json!({"request": request(operation, pod, old), "settings": settings}).to_string()
}

/// The request for an operation on a Pod.
#[must_use]
pub fn request(operation: &str, pod: &Value, old: Option<&Value>) -> Value {
    json!({
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "operation": operation,
        "userInfo": {"username": "alice", "uid": "alice-uid", "groups": ["system:authenticated"]},
        "object": pod,
        "oldObject": old,
    })
}
